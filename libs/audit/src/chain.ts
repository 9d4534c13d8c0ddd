import { createHash } from 'node:crypto';
import { type Database, type Queryable, statement } from '@authority/postgres';

/** The columns of a row that its hash covers, as PostgreSQL prints them. */
interface ChainedRow {
  id: string;
  version: number;
  at: string;
  action: string;
  actor: string;
  target: string;
  details: string;
  trace_id: string;
}

const columns = `id::text, version, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at,
  action, actor, target, details::text, trace_id`;

const lockHead = statement('audit_head', 'SELECT sequence, chain_hash FROM audit_head FOR UPDATE');
const anyUnchained = statement('audit_any', 'SELECT 1 AS found FROM audit WHERE sequence IS NULL LIMIT 1');
const unchained = statement('audit_unchained', `SELECT ${columns} FROM audit WHERE sequence IS NULL ORDER BY id LIMIT 500`);
const chain = statement(
  'audit_chain',
  `UPDATE audit SET sequence = links.sequence, chain_hash = links.chain_hash
   FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS links (id, sequence, chain_hash) WHERE audit.id = links.id`,
);
const moveHead = statement('audit_move_head', 'UPDATE audit_head SET sequence = $1, chain_hash = $2');
const chained = statement(
  'audit_chained',
  `SELECT ${columns}, sequence, chain_hash FROM audit WHERE sequence > $1 ORDER BY sequence LIMIT 500`,
);

/**
 * The sequencer: numbers the rows just after their commit and gives each the SHA-256 over itself and the hash before it,
 * so that a row cannot be changed or taken away unseen.
 */
export function auditJob(database: Database): { name: string; everyMs: number; run: () => Promise<void> } {
  return {
    name: 'audit.chain',
    everyMs: 1000,
    run: async () => {
      while ((await database.query(anyUnchained)).length > 0) await database.transaction(chainPage);
    },
  };
}

async function chainPage(tx: Queryable): Promise<void> {
  const [head] = await tx.query<{ sequence: number; chain_hash: string }>(lockHead);
  const rows = await tx.query<ChainedRow>(unchained);
  let sequence = head?.sequence ?? 0;
  let hash = head?.chain_hash ?? '';
  const links = rows.map((row) => {
    sequence += 1;
    hash = hashOf(hash, row);
    return { id: row.id, sequence, hash };
  });
  await tx.query(chain, [links.map(({ id }) => id), links.map((link) => link.sequence), links.map((link) => link.hash)]);
  await tx.query(moveHead, [sequence, hash]);
}

/** The sequence number of the first row whose hash is wrong, or that is missing; undefined when the chain holds. */
export async function verifyAuditChain(database: Database): Promise<number | undefined> {
  let sequence = 0;
  let hash = '';
  for (;;) {
    const rows = await database.query<ChainedRow & { sequence: number; chain_hash: string }>(chained, [sequence]);
    if (rows.length === 0) return undefined;
    for (const row of rows) {
      sequence += 1;
      hash = hashOf(hash, row);
      if (row.sequence !== sequence || row.chain_hash !== hash) return sequence;
    }
  }
}

function hashOf(before: string, row: ChainedRow): string {
  const { id, version, at, action, actor, target, details, trace_id } = row;
  const line = JSON.stringify([before, id, version, at, action, actor, target, details, trace_id]);
  return createHash('sha256').update(line).digest('base64url');
}

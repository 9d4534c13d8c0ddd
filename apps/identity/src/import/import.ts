import { appendAudit } from '@authority/audit';
import type { ImportedIdentity, ImportIdentitiesRequest, ImportResult } from '@authority/contracts/admin';
import type { FieldViolation } from '@authority/errors';
import { fieldInvalid } from '@authority/listing';
import type { Database, Queryable } from '@authority/postgres';
import { keyReader } from '../methods/passkey/ceremony.ts';
import { findClashes, type Clashes, insertPeople, insertTotps, isTakenMeanwhile } from '../postgres/imports.ts';
import type { Seeds } from '../methods/totp/totps.ts';
import type { IdentitySchema } from '../schemas/identity-schema.ts';
import type { Schemas } from '../schemas/ports.ts';
import { type Person, readPerson } from './person.ts';
import { sealTotp } from './totp.ts';

export interface ImportPorts {
  readonly database: Database;
  readonly schemas: Pick<Schemas, 'newest'>;
  readonly registrationSchema: () => string;
  /** Seals the seeds of authenticator apps. */
  readonly seeds: Pick<Seeds, 'seal'>;
  readonly now: () => number;
}

/** People of other systems (docs/how-to/import.md). */
export interface Imports {
  import(request: ImportIdentitiesRequest, actor: string): Promise<ImportResult[]>;
}

const mostPeople = 500;
/** Somebody may take an address between the look and the insert; again and again they will not. */
const mostAttempts = 3;

const refused = (violations: readonly FieldViolation[]): ImportResult => ({ outcome: 'refused', sub: '', violations: [...violations] });

/** Imports a batch: a row of the audit log with its counts, nothing in the feed (nobody who was known has changed). */
export const imports = (ports: ImportPorts): Imports => ({
  async import(request, actor) {
    const { import_id, identities, validate_only } = request;
    if (!/^[\w.-]{1,64}$/.test(import_id)) throw fieldInvalid('import_id', 'must be 1 to 64 letters, digits, dots, dashes and underscores');
    if (identities.length > mostPeople) throw fieldInvalid('identities', `must be at most ${mostPeople}; send the others in another call`);
    const now = ports.now();
    const schemas = await schemasOf(identities, ports);
    const keys = identities.some(({ passkeys }) => passkeys.length > 0) ? await keyReader() : undefined;
    const read = identities.map((one) => readPerson(one, schemas.get(one.schema_id), now, keys));
    if (validate_only) return judge(read, await findClashes(ports.database, import_id, peopleOf(read)), true);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await ports.database.transaction((tx) => store(tx, { importId: import_id, read, actor, seeds: ports.seeds }));
      } catch (error) {
        if (!isTakenMeanwhile(error) || attempt === mostAttempts) throw error;
      }
    }
  },
});

/** The newest version of each schema that a batch names; the empty name is that of registration. */
async function schemasOf(identities: readonly ImportedIdentity[], ports: ImportPorts): Promise<Map<string, IdentitySchema | undefined>> {
  const names = new Set(identities.map(({ schema_id }) => schema_id));
  const found = new Map<string, IdentitySchema | undefined>();
  for (const name of names) found.set(name, await ports.schemas.newest(name === '' ? ports.registrationSchema() : name));
  return found;
}

type Read = Person | FieldViolation[];

const isPerson = (read: Read): read is Person => !Array.isArray(read);
const peopleOf = (read: readonly Read[]): Person[] => read.filter(isPerson);

interface Batch {
  readonly importId: string;
  readonly read: readonly Read[];
  readonly actor: string;
  readonly seeds: Pick<Seeds, 'seal'>;
}

async function store(tx: Queryable, { importId, read, actor, seeds }: Batch): Promise<ImportResult[]> {
  const results = judge(read, await findClashes(tx, importId, peopleOf(read)), false);
  const created = read.filter((one, index): one is Person => isPerson(one) && results[index]?.outcome === 'created');
  await insertPeople(tx, importId, created);
  const withTotp = created.flatMap(({ sub, totp }) => (totp ? [{ sub, totp }] : []));
  await insertTotps(tx, await Promise.all(withTotp.map(async ({ sub, totp }) => ({ sub, ...(await sealTotp(totp, sub, seeds)) }))));
  const count = (outcome: string): number => results.filter((one) => one.outcome === outcome).length;
  const details = { created: count('created'), unchanged: count('unchanged'), refused: count('refused') };
  await appendAudit(tx, { action: 'identity.import', actor, target: `import:${importId}`, details });
  return results;
}

/** What becomes of each. Of two in one batch that want the same, the first has it. */
function judge(read: readonly Read[], clashes: Clashes, isTrial: boolean): ImportResult[] {
  const seen = new Set<string>();
  return read.map((one) => {
    if (!isPerson(one)) return refused(one);
    const known = clashes.imported.get(one.externalId);
    if (known !== undefined) return { outcome: 'unchanged', sub: known, violations: [] };
    const wanted = claimsOf(one);
    const faults = wanted
      .filter(({ key }) => clashes.taken.has(key) || seen.has(key))
      .map(({ field, description }) => ({ field, description }));
    if (faults.length > 0) return refused(faults);
    for (const { key } of wanted) seen.add(key);
    return { outcome: 'created', sub: isTrial && !one.keepsSub ? '' : one.sub, violations: [] };
  });
}

interface Claim extends FieldViolation {
  readonly key: string;
}

/** What a person has that nobody else may have. */
function claimsOf({ externalId, sub, keepsSub, identifiers, userHandle, passkeys }: Person): Claim[] {
  const description = 'belongs to another identity';
  return [
    { key: `external_id ${externalId}`, field: 'external_id', description: 'stands twice in this import' },
    ...identifiers.map(({ kind, value }) => ({ key: `${kind} ${value}`, field: `traits.${kind}`, description })),
    ...(keepsSub ? [{ key: `sub ${sub}`, field: 'sub', description }] : []),
    ...(userHandle ? [{ key: `user_handle ${userHandle.toString('hex')}`, field: 'user_handle', description }] : []),
    ...passkeys.map(({ credential_id }, index) => ({
      key: `passkey ${credential_id.toString('hex')}`,
      field: `passkeys[${index}].credential_id`,
      description,
    })),
  ];
}

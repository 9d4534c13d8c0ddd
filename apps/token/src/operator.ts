import { randomBytes } from 'node:crypto';
import { appendAudit } from '@authority/audit';
import type { Database, Queryable } from '@authority/postgres';
import { adminResource, isClientId } from '@authority/protocol';
import { KeyRing } from './keys/key-ring.ts';
import { SecretDigests } from './keys/macs.ts';
import { KeyWrapping } from '@authority/sealing';
import { ChosenSecrets, hashChosenSecret } from './postgres/chosen-secrets.ts';
import { clientDefaults, clientRows, type SecretRow } from './postgres/client-rows.ts';
import { PostgresKeys } from './postgres/keys.ts';
import { openDatabase } from './stores.ts';

export interface Operator {
  readonly issuer: string;
  /** `c_operator` when nothing is said. */
  readonly client_id?: string;
  /** Unset: one of 256 bits is made when the client is. */
  readonly secret?: string;
}

export interface EnsureOperatorOptions extends Operator {
  readonly databaseUrl: string;
  /** System secrets, newest first. */
  readonly secrets: readonly Uint8Array[];
}

export interface OperatorCredential {
  client_id: string;
  /** Undefined when the client was there already and no secret was given: whoever got it then knows it. */
  client_secret: string | undefined;
}

const shortestSecret = 16;

/** Registers the first operator on a schema that has been migrated. Idempotent. */
export async function ensureOperator({ databaseUrl, secrets, ...operator }: EnsureOperatorOptions): Promise<OperatorCredential> {
  const database = await openDatabase(databaseUrl);
  try {
    const ring = new KeyRing();
    await new PostgresKeys(database, ring, new KeyWrapping('token', secrets)).refresh();
    return await ensureOperatorClient(database, new SecretDigests(ring), operator);
  } finally {
    await database.close();
  }
}

/**
 * The first operator (contract.md, "Operators"): a client for client credentials with scope `authority.admin` and audience
 * `<issuer>/admin`. One that is there keeps its secret, unless another one is given, which then takes its place.
 */
export async function ensureOperatorClient(database: Database, digests: SecretDigests, operator: Operator): Promise<OperatorCredential> {
  const { client_id = 'c_operator', secret } = operator;
  if (!isClientId(client_id)) throw new Error(`the client_id of the operator is malformed: ${client_id.slice(0, 80)}`);
  if (secret !== undefined && secret.length < shortestSecret) {
    throw new Error(`AUTHORITY_OPERATOR_SECRET: must have at least ${shortestSecret} characters`);
  }
  return await database.transaction(async (tx) => {
    const isNew = await create(tx, client_id, operator.issuer);
    if (!isNew && (secret === undefined || (await hasSecret(tx, digests, client_id, secret)))) {
      return { client_id, client_secret: secret };
    }
    const client_secret = secret ?? randomBytes(32).toString('base64url');
    const row = await secretRow(digests, client_id, client_secret);
    await clientRows.dropSecrets(tx, client_id);
    await clientRows.addSecret(tx, client_id, row);
    const action = isNew ? 'client.create' : 'client.rotate_secret';
    await appendAudit(tx, { action, actor: 'system', target: `client:${client_id}`, details: { origin: 'first_start' } });
    return { client_id, client_secret };
  });
}

async function create(tx: Queryable, client_id: string, issuer: string): Promise<boolean> {
  const resource = adminResource(issuer);
  const created = await clientRows.insert(tx, {
    origin: 'first_start',
    client: {
      ...clientDefaults,
      client_id,
      client_name: 'First operator',
      grant_types: ['client_credentials'],
      response_types: [],
      scopes: ['authority.admin'],
      operator: true,
      allowedResources: [resource],
      defaultResource: resource,
      id_token_signed_response_alg: 'ES256',
    },
  });
  return created !== undefined;
}

async function hasSecret(tx: Queryable, digests: SecretDigests, client_id: string, secret: string): Promise<boolean> {
  // Locked, so that two replicas that start at once do not both replace it.
  await clientRows.findLocked(tx, client_id);
  const rows = await clientRows.secrets(tx, client_id);
  if (rows.some((row) => row.kind === 'hmac' && digests.isEqual(row, client_id, secret))) return true;
  const chosen = rows.filter((row) => row.kind === 'argon2id').map((row) => row.digest);
  return chosen.length > 0 && (await new ChosenSecrets().verify(chosen, secret));
}

/** 32 random bytes as hex or base64url need no argon2id; anything else somebody chose (performance.md 9). */
async function secretRow(digests: SecretDigests, client_id: string, secret: string): Promise<SecretRow> {
  const isRandom = /^(?:[0-9a-f]{64,}|[A-Za-z0-9_-]{43,})$/.test(secret) && new Set(secret).size >= 12;
  return isRandom ? { kind: 'hmac', ...digests.make(client_id, secret) } : await hashChosenSecret(secret);
}

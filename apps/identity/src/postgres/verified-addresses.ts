import { appendAudit } from '@authority/audit';
import { appendFeed } from '@authority/feed';
import { type Database, type Queryable, statement } from '@authority/postgres';
import { kindOfIdentifier } from '../accounts/identifier.ts';
import { isSubject } from '../accounts/subject.ts';
import type { Traits } from '../accounts/traits.ts';
import type { Addresses } from '../methods/email-code/ports.ts';
import type { Schemas } from '../schemas/ports.ts';
import { endEverything, standing } from './accounts.ts';
import { verifyAddress } from './addresses.ts';

// An address that several people use for recovery finds none of them: whom would the code be for?
const findRecipient = statement(
  'recipient_find',
  `WITH known AS (
     SELECT sub, 0 AS place FROM identifiers WHERE kind = $1 AND value = $2
     UNION ALL
     SELECT min(sub::text)::uuid, 1 FROM addresses WHERE kind = $1 AND value = $2 AND recovery AND verified_at IS NOT NULL HAVING count(*) = 1
   )
   SELECT identities.sub, address.value AS address
   FROM (SELECT sub FROM known ORDER BY place LIMIT 1) AS known
   JOIN identities USING (sub)
   JOIN LATERAL (
     SELECT value FROM addresses WHERE addresses.sub = identities.sub AND kind = 'email' AND recovery
     ORDER BY value = $2 DESC, verified_at NULLS LAST, value LIMIT 1
   ) AS address ON true
   WHERE NOT disabled`,
);
const findUnverified = statement(
  'addresses_unverified',
  "SELECT value FROM addresses WHERE sub = $1 AND kind = 'email' AND verified_at IS NULL ORDER BY value",
);
const findAddress = statement(
  'address_verified',
  `SELECT traits, schema_id, schema_version, email_verified,
     EXISTS (SELECT FROM addresses WHERE addresses.sub = identities.sub AND kind = 'email' AND value = $2 AND verified_at IS NOT NULL) AS verified,
     email_verified OR EXISTS (SELECT FROM addresses WHERE addresses.sub = identities.sub AND verified_at IS NOT NULL) AS proved
   FROM identities WHERE sub = $1 FOR UPDATE`,
);
const verifyEmail = statement(
  'email_verify',
  'UPDATE identities SET email_verified = true, version = version + 1, updated_at = clock_timestamp() WHERE sub = $1',
);

const dropPasskeys = statement('reclaim_passkeys', 'DELETE FROM passkeys WHERE sub = $1');
const dropLinks = statement('reclaim_links', 'DELETE FROM upstream_links WHERE sub = $1');
const dropCredentials = statement('reclaim_credentials', 'DELETE FROM credentials WHERE sub = $1');

interface AddressRow {
  traits: Traits;
  schema_id: string;
  schema_version: number;
  email_verified: boolean;
  verified: boolean;
  /** Some address of the account was proved before. */
  proved: boolean;
}

/** Addresses of people, and what is proved of them, in PostgreSQL. */
export class PostgresVerifiedAddresses implements Addresses {
  readonly #database: Database;
  readonly #schemas: Pick<Schemas, 'find'>;

  constructor(database: Database, schemas: Pick<Schemas, 'find'>) {
    this.#database = database;
    this.#schemas = schemas;
  }

  async findRecipient(identifier: string): Promise<{ sub: string; address: string } | undefined> {
    const values = [kindOfIdentifier(identifier), identifier];
    const [row] = await this.#database.query<{ sub: string; address: string }>(findRecipient, values);
    return row;
  }

  async findUnverified(sub: string): Promise<string[]> {
    if (!isSubject(sub)) return [];
    return (await this.#database.query<{ value: string }>(findUnverified, [sub])).map(({ value }) => value);
  }

  verify(sub: string, address: string): Promise<boolean> {
    return this.#database.transaction(async (tx) => (await this.#verify(tx, sub, address)) !== undefined);
  }

  takeOver(sub: string, address: string): Promise<{ security: number; at: number } | undefined> {
    return this.#database.transaction(async (tx) => {
      const before = await this.#verify(tx, sub, address);
      if (!before) return undefined;
      if (!before.proved) await reclaim(tx, sub);
      const [row] = await tx.query<{ security: number; at: number }>(standing, [sub]);
      // Later than the end that the feed tells of: the sign-in that goes on from here is not among what has ended.
      return row && { ...row, at: before.proved ? row.at : row.at + 1 };
    });
  }

  /** What was known before; undefined when the address is not theirs. */
  async #verify(tx: Queryable, sub: string, address: string): Promise<AddressRow | undefined> {
    const [row] = await tx.query<AddressRow>(findAddress, [sub, address]);
    if (!row || !(await verifyAddress(tx, sub, 'email', address))) return undefined;
    const schema = await this.#schemas.find(row.schema_id, row.schema_version);
    const isPrimary = schema?.addressOfClaim('email', row.traits) === address;
    if (row.verified && (row.email_verified || !isPrimary)) return row;
    if (isPrimary) await tx.query(verifyEmail, [sub]);
    await appendAudit(tx, { action: 'identity.verify_address', actor: `user:${sub}`, target: `identity:${sub}` });
    return row;
  }
}

/**
 * Nobody had proved an address of this account, so whoever made it may be somebody else: what they left to come back by
 * (a password, keys, factors, linked accounts) goes, and so does what they are signed in to. The mailbox decides whose it is.
 */
async function reclaim(tx: Queryable, sub: string): Promise<void> {
  for (const one of [dropPasskeys, dropLinks, dropCredentials, endEverything]) await tx.query(one, [sub]);
  await appendFeed(tx, { event: 'credential_changed', sub, why: 'address_proved' });
  await appendAudit(tx, { action: 'identity.reclaim', actor: `user:${sub}`, target: `identity:${sub}` });
}

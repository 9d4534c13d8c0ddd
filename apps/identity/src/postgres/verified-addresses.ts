import { appendAudit } from '@authority/audit';
import { type Database, statement } from '@authority/postgres';
import { kindOfIdentifier } from '../accounts/identifier.ts';
import { isSubject } from '../accounts/subject.ts';
import type { Traits } from '../accounts/traits.ts';
import type { Addresses } from '../methods/email-code/ports.ts';
import type { Schemas } from '../schemas/ports.ts';
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
     EXISTS (SELECT FROM addresses WHERE addresses.sub = identities.sub AND kind = 'email' AND value = $2 AND verified_at IS NOT NULL) AS verified
   FROM identities WHERE sub = $1 FOR UPDATE`,
);
const verifyEmail = statement(
  'email_verify',
  'UPDATE identities SET email_verified = true, version = version + 1, updated_at = clock_timestamp() WHERE sub = $1',
);

interface AddressRow {
  traits: Traits;
  schema_id: string;
  schema_version: number;
  email_verified: boolean;
  verified: boolean;
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
    return this.#database.transaction(async (tx) => {
      const [row] = await tx.query<AddressRow>(findAddress, [sub, address]);
      if (!row || !(await verifyAddress(tx, sub, 'email', address))) return false;
      const schema = await this.#schemas.find(row.schema_id, row.schema_version);
      const isPrimary = schema?.addressOfClaim('email', row.traits) === address;
      if (row.verified && (row.email_verified || !isPrimary)) return true;
      if (isPrimary) await tx.query(verifyEmail, [sub]);
      await appendAudit(tx, { action: 'identity.verify_address', actor: `user:${sub}`, target: `identity:${sub}` });
      return true;
    });
  }
}

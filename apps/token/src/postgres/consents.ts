import { appendAudit } from '@authority/audit';
import { type Database, type Queryable, statement } from '@authority/postgres';
import type { Consents, RememberedConsent } from '@authority/protocol';
import { statementSpan } from './statement-span.ts';

const find = statement('consents_find', 'SELECT resource, scopes FROM consents WHERE sub = $1 AND client_id = $2');
const remember = statement(
  'consents_remember',
  `INSERT INTO consents (sub, client_id, resource, scopes) VALUES ($1, $2, $3, $4)
   ON CONFLICT (sub, client_id, resource) DO UPDATE SET updated_at = clock_timestamp(),
     scopes = ARRAY(SELECT DISTINCT unnest(consents.scopes || EXCLUDED.scopes) AS scope ORDER BY scope)`,
);

/** Consents, remembered per subject, client, scope and resource. */
export class PostgresConsents implements Consents {
  constructor(private readonly database: Database) {}

  find(sub: string, client_id: string): Promise<readonly RememberedConsent[]> {
    return statementSpan(find.name, () => this.database.query<RememberedConsent>(find, [sub, client_id]));
  }

  async remember(sub: string, client_id: string, { scopes, resource }: RememberedConsent): Promise<void> {
    await this.database.transaction(async (tx) => {
      await tx.query(remember, [sub, client_id, resource, scopes]);
      const details = { scope: scopes.join(' '), resource };
      await appendAudit(tx, { action: 'consent.allow', actor: `user:${sub}`, target: `client:${client_id}`, details });
    });
  }
}

const forgetOne = statement('consents_forget_client', 'DELETE FROM consents WHERE sub = $1 AND client_id = $2 RETURNING client_id');

/** The person takes back what they allowed a client; in the transaction that ends its grants. */
export async function takeBackConsent(tx: Queryable, sub: string, client_id: string): Promise<void> {
  const gone = await tx.query(forgetOne, [sub, client_id]);
  if (gone.length > 0) await appendAudit(tx, { action: 'consent.withdraw', actor: `user:${sub}`, target: `client:${client_id}` });
}

const forget = statement('consents_forget', 'DELETE FROM consents WHERE sub = ANY ($1::text[])');

/** Of people who are gone nothing is remembered. */
export async function forgetConsents(tx: Queryable, subs: readonly string[]): Promise<void> {
  if (subs.length > 0) await tx.query(forget, [subs]);
}

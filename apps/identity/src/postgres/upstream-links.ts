import { appendAudit } from '@authority/audit';
import { type Database, type Queryable, statement } from '@authority/postgres';
import type { LinkedPerson, NewUpstreamAccount, UpstreamLink, UpstreamLinks, UpstreamSubject } from '../upstream/ports.ts';
import { insertAccount, rememberBrowser } from './accounts.ts';
import { IdentifierTaken } from './identifiers.ts';

const signIn = statement(
  'upstream_sign_in',
  `UPDATE upstream_links SET used_at = clock_timestamp() FROM identities
   WHERE provider_id = $1 AND subject = $2 AND identities.sub = upstream_links.sub
   RETURNING identities.sub, security, disabled, (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS at`,
);
const ofPerson = statement(
  'upstream_links_of',
  `SELECT provider_id AS "providerId", subject, name, (extract(epoch FROM created_at) * 1000)::bigint AS "createdAt",
     (extract(epoch FROM used_at) * 1000)::bigint AS "usedAt"
   FROM upstream_links WHERE sub = $1 ORDER BY created_at, provider_id, subject`,
);
const insert = statement(
  'upstream_link_insert',
  `INSERT INTO upstream_links (provider_id, subject, sub, name) VALUES ($1, $2, $3, $4)
   ON CONFLICT (provider_id, subject) DO UPDATE SET used_at = clock_timestamp() WHERE upstream_links.sub = EXCLUDED.sub
   RETURNING sub`,
);
const mark = statement(
  'upstream_mark',
  `INSERT INTO credentials (sub, kind, data) VALUES ($1, 'upstream', '{"v":1}') ON CONFLICT DO NOTHING`,
);
const unmark = statement(
  'upstream_unmark',
  `DELETE FROM credentials WHERE sub = $1 AND kind = 'upstream' AND NOT EXISTS (SELECT FROM upstream_links WHERE upstream_links.sub = $1)`,
);
// The lock on the person: whoever takes away another way in at the same time has to wait.
const lockPerson = statement('upstream_identity_lock', 'SELECT sub FROM identities WHERE sub = $1 FOR UPDATE');
const otherWays = statement(
  'upstream_other_ways',
  `SELECT FROM credentials WHERE sub = $1 AND kind IN ('password', 'passkey')
   UNION ALL SELECT FROM upstream_links WHERE sub = $1 AND (provider_id, subject) <> ($2, $3) LIMIT 1`,
);
const remove = statement(
  'upstream_link_remove',
  'DELETE FROM upstream_links WHERE sub = $1 AND provider_id = $2 AND subject = $3 RETURNING sub',
);

export const linksOf = (db: Queryable, sub: string): Promise<UpstreamLink[]> => db.query<UpstreamLink>(ofPerson, [sub]);

/** In the transaction of the change, with its audit row; whether it was there. */
export async function removeLink(tx: Queryable, sub: string, { providerId, subject }: UpstreamSubject, actor: string): Promise<boolean> {
  if ((await tx.query(remove, [sub, providerId, subject])).length === 0) return false;
  await tx.query(unmark, [sub]);
  await audit(tx, 'upstream.unlink', sub, providerId, actor);
  return true;
}

/** Links between people here and their accounts at providers. */
export class PostgresUpstreamLinks implements UpstreamLinks {
  constructor(private readonly database: Database) {}

  async signIn({ providerId, subject }: UpstreamSubject): Promise<LinkedPerson | undefined> {
    const [row] = await this.database.query<LinkedPerson>(signIn, [providerId, subject]);
    return row;
  }

  ofPerson(sub: string): Promise<UpstreamLink[]> {
    return linksOf(this.database, sub);
  }

  link(sub: string, link: UpstreamSubject & { name: string }): Promise<'linked' | 'taken'> {
    return this.database.transaction((tx) => storeLink(tx, sub, link));
  }

  unlink(sub: string, { providerId, subject }: UpstreamSubject): Promise<'unlinked' | 'unknown' | 'last_way_in'> {
    return this.database.transaction(async (tx) => {
      await tx.query(lockPerson, [sub]);
      if ((await tx.query(otherWays, [sub, providerId, subject])).length === 0) return 'last_way_in';
      return (await removeLink(tx, sub, { providerId, subject }, `user:${sub}`)) ? 'unlinked' : 'unknown';
    });
  }

  async register({
    sub,
    schema,
    traits,
    verifiedEmail,
    link,
    browser,
  }: NewUpstreamAccount): Promise<{ security: number; at: number } | 'taken'> {
    const email = schema.addressOfClaim('email', traits);
    const emailVerified = email !== undefined && email === verifiedEmail;
    try {
      return await this.database.transaction(async (tx) => {
        const made = await insertAccount(tx, { sub, schema, traits, emailVerified });
        // Somebody else was quicker with the same account there: roll back, and let them sign in.
        if ((await storeLink(tx, sub, link)) === 'taken') throw new LinkTaken();
        await tx.query(rememberBrowser, [sub, browser]);
        await appendAudit(tx, {
          ...{ action: 'identity.register', actor: `user:${sub}`, target: `identity:${sub}` },
          details: { provider_id: link.providerId },
        });
        return made;
      });
    } catch (error) {
      if (error instanceof IdentifierTaken || error instanceof LinkTaken) return 'taken';
      throw error;
    }
  }
}

class LinkTaken extends Error {}

async function storeLink(tx: Queryable, sub: string, { providerId, subject, name }: UpstreamSubject & { name: string }) {
  if ((await tx.query(insert, [providerId, subject, sub, name])).length === 0) return 'taken';
  await tx.query(mark, [sub]);
  await audit(tx, 'upstream.link', sub, providerId, `user:${sub}`);
  return 'linked';
}

const audit = (
  tx: Queryable,
  action: 'upstream.link' | 'upstream.unlink',
  sub: string,
  provider_id: string,
  actor: string,
): Promise<unknown> => appendAudit(tx, { action, actor, target: `identity:${sub}`, details: { provider_id } });

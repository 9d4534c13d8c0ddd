import { appendAudit } from '@authority/audit';
import { Credential } from '@authority/contracts/admin';
import { statement } from '@authority/postgres';
import type { CredentialKind } from './credentials.ts';

const find = statement(
  'password_credential',
  `SELECT (extract(epoch FROM created_at) * 1000)::bigint AS created FROM credentials WHERE sub = $1 AND kind = 'password'`,
);
const remove = statement('password_remove', "DELETE FROM credentials WHERE sub = $1 AND kind = 'password' RETURNING sub");

/** The password of a person, without what it is. */
export const passwordCredential: CredentialKind = {
  kind: 'password',

  async list(db, sub) {
    const rows = await db.query<{ created: number }>(find, [sub]);
    return rows.map(({ created }) => Credential.fromPartial({ sub, kind: 'password', id: 'password', create_time_ms: created }));
  },

  async remove(tx, sub, id, actor) {
    if (id !== '' && id !== 'password') return false;
    if ((await tx.query(remove, [sub])).length === 0) return false;
    await appendAudit(tx, { action: 'identity.remove_password', actor, target: `identity:${sub}` });
    return true;
  },
};

import { Credential } from '@authority/contracts/admin';
import type { Passkey } from '../methods/passkey/passkeys.ts';
import { listPasskeys, removePasskey } from '../postgres/passkeys.ts';
import type { CredentialKind } from './credentials.ts';

/** Passkeys of a person. */
export const passkeyCredentials: CredentialKind = {
  kind: 'passkey',
  list: async (db, sub) => (await listPasskeys(db, sub)).map((passkey) => resource(sub, passkey)),
  remove: async (tx, sub, id, actor) => (await removePasskey(tx, { sub, id, actor, evenLast: true })) === 'removed',
};

const resource = (sub: string, { id, name, createdAt, lastUsedAt, backedUp }: Passkey): Credential =>
  Credential.fromPartial({
    ...{ sub, kind: 'passkey', id, name },
    ...{ create_time_ms: createdAt, last_use_time_ms: lastUsedAt ?? 0, backed_up: backedUp },
  });

import { Credential } from '@authority/contracts/admin';
import { findTotp, removeTotp } from '../postgres/totps.ts';
import { findRecoveryCodes, removeRecoveryCodes } from '../postgres/recovery-codes.ts';
import type { CredentialKind } from './credentials.ts';

const isOnly = (id: string, kind: string): boolean => id === '' || id === kind;

/** The authenticator app of a person, without its seed. */
export const totpCredential: CredentialKind = {
  kind: 'totp',

  async list(db, sub) {
    const kept = await findTotp(db, sub);
    if (!kept) return [];
    const { createdAt: create_time_ms, lastUsedAt: last_use_time_ms = 0 } = kept;
    return [Credential.fromPartial({ sub, kind: 'totp', id: 'totp', create_time_ms, last_use_time_ms })];
  },

  remove: async (tx, sub, id, actor) => isOnly(id, 'totp') && removeTotp(tx, sub, actor),
};

/** How many recovery codes a person has left. */
export const recoveryCodesCredential: CredentialKind = {
  kind: 'recovery_codes',

  async list(db, sub) {
    const kept = await findRecoveryCodes(db, sub);
    if (!kept) return [];
    const { createdAt: create_time_ms, left: remaining } = kept;
    return [Credential.fromPartial({ sub, kind: 'recovery_codes', id: 'recovery_codes', create_time_ms, remaining })];
  },

  remove: async (tx, sub, id, actor) => isOnly(id, 'recovery_codes') && removeRecoveryCodes(tx, sub, actor),
};

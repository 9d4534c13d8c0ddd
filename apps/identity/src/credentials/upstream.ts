import { Credential } from '@authority/contracts/admin';
import { linksOf, removeLink } from '../postgres/upstream-links.ts';
import type { CredentialKind } from './credentials.ts';

/** Accounts of a person at other providers. */
export const upstreamCredentials: CredentialKind = {
  kind: 'upstream',

  async list(db, sub) {
    const links = await linksOf(db, sub);
    return links.map(({ providerId, subject, name, createdAt, usedAt }) =>
      Credential.fromPartial({
        ...{ sub, kind: 'upstream', id: `${providerId}/${subject}`, name: `${providerId}: ${name}` },
        ...{ create_time_ms: createdAt, last_use_time_ms: usedAt },
      }),
    );
  },

  async remove(tx, sub, id, actor) {
    const links = await linksOf(tx, sub);
    const found = links.find(({ providerId, subject }) => id === '' || id === `${providerId}/${subject}`);
    return found !== undefined && removeLink(tx, sub, found, actor);
  },
};

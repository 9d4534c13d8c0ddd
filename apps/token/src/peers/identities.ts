import type { IdentityServiceService } from '@authority/contracts/identity';
import type { Identities } from '@authority/protocol';
import type { Client } from '@authority/rpc';

/** The identity service, for claims of a subject. */
export class PeerIdentities implements Identities {
  constructor(private readonly identity: Pick<Client<typeof IdentityServiceService>, 'getClaims'>) {}

  async claims(sub: string, scopes: readonly string[], claims: readonly string[]): Promise<Record<string, unknown> | undefined> {
    const request = { sub, scopes: [...scopes], claims: [...claims] };
    const answer = await this.identity.getClaims(request, { lane: 'store', idempotent: true });
    if (!answer.active) return undefined;
    return JSON.parse(answer.claims) as Record<string, unknown>; // a JSON object by the contract of identity
  }
}

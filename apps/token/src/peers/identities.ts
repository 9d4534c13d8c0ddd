import type { IdentityServiceService } from '@authority/contracts/identity';
import type { Identities, PasswordAuthentication } from '@authority/protocol';
import type { Client } from '@authority/rpc';

/** The identity service, for claims of a subject. */
export class PeerIdentities implements Identities {
  constructor(private readonly identity: Pick<Client<typeof IdentityServiceService>, 'getClaims' | 'authenticate'>) {}

  async claims(sub: string, scopes: readonly string[], claims: readonly string[]): Promise<Record<string, unknown> | undefined> {
    const request = { sub, scopes: [...scopes], claims: [...claims] };
    const answer = await this.identity.getClaims(request, { lane: 'store', idempotent: true });
    if (!answer.active) return undefined;
    return JSON.parse(answer.claims) as Record<string, unknown>; // a JSON object by the contract of identity
  }

  /** One call, never sent again: each counts as an attempt. */
  async authenticate({ evidence, ...attempt }: Parameters<Identities['authenticate']>[0]): Promise<PasswordAuthentication> {
    const request = { ...attempt, evidence: { ...evidence, tls_client_certificate: Buffer.from(evidence.tls_client_certificate) } };
    const { outcome } = await this.identity.authenticate(request, { idempotent: false });
    if (outcome?.$case === 'authenticated') {
      const { sub, amr, acr, auth_time_ms } = outcome.value;
      return { outcome: 'authenticated', sub, amr, acr, authTimeMs: auth_time_ms };
    }
    const reason = refusals.find((word) => word === outcome?.value.reason);
    // A word of a later release: refused all the same.
    return { outcome: 'refused', reason: reason ?? 'credentials_wrong', retryAt: outcome?.value.retry_at_ms ?? 0 };
  }
}

const refusals = ['credentials_wrong', 'identity_disabled', 'second_factor_due', 'throttled_account', 'throttled_address'] as const;

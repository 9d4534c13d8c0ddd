import { OAuthError, type Reason } from '@authority/errors';
import type { Authorization, CodeEnvelope, LiveGrant } from '../model/authorization.ts';
import type { Client } from '../model/client.ts';
import type { GrantRequest } from '../model/request.ts';
import type { Redemption } from '../ports.ts';
import { decode } from '../primitives/base64url.ts';
import { isCodeVerifier, verifierMatches } from '../primitives/code-challenge.ts';
import { find, required } from '../primitives/parameters.ts';
import { narrowResources, readResources } from '../tokens/audience.ts';
import { grantConfirmation } from '../tokens/confirmation.ts';
import { firstGeneration, partitionOf } from '../tokens/refresh-token.ts';
import type { Grant, GrantPorts } from './grant.ts';

/** The authorization code grant (RFC 6749 §4.1.3), with PKCE (RFC 7636 §4.6, RFC 9700 §2.1.1). */
export const authorizationCode: Grant = {
  type: 'authorization_code',
  parameters: ['code', 'redirect_uri', 'code_verifier', 'resource'],
  lane: 'store',

  async authorize(request, ports): Promise<Authorization> {
    const value = required(request.parameters, 'code');
    const envelope = value.length <= 8192 ? ports.authorizationCodes.open(value) : undefined;
    if (!envelope) throw invalidGrant('code_malformed');

    assertRedeemable(envelope, request);
    const asked = readResources(request.parameters.get('resource'), request.client, ports);
    const resources = narrowResources(asked, envelope, request.client, ports);

    const about = await aboutPerson(envelope, ports);

    // One statement marks the code and stores the grant: whoever comes second finds a grant to revoke.
    const bound = grantConfirmation(request.client, request.confirmation);
    const redemption = await ports.authorizationCodes.redeem(value, envelope, request.now, bound);
    await assertRedeemed(redemption, envelope, ports, request.now);
    return { ...authorizationFrom(envelope, request.client, resources, ports), about };
  },
};

/** All that can be known without a store, so that a request which must fail marks nothing. */
function assertRedeemable(envelope: CodeEnvelope, request: GrantRequest): void {
  if (envelope.client_id !== request.client.client_id) throw invalidGrant('code_of_other_client');
  assertRedirectUri(envelope, find(request.parameters, 'redirect_uri'));
  assertVerifier(envelope, find(request.parameters, 'code_verifier'));
  // RFC 9449 §10: whoever stole the code lacks the key.
  if (envelope.dpop_jkt !== undefined && envelope.dpop_jkt !== request.confirmation?.jkt) throw invalidGrant('code_of_other_key');
}

/** RFC 6749 §4.1.3: the same value as in the authorization request, if it was there. */
function assertRedirectUri({ redirect_uri, redirectUriGiven }: CodeEnvelope, given: string | undefined): void {
  if (given === undefined && redirectUriGiven) {
    throw new OAuthError('invalid_request', 'parameter_missing', { description: 'redirect_uri is missing' });
  }
  if (given !== undefined && given !== redirect_uri) throw invalidGrant('redirect_uri_changed');
}

/** Both ways round: a challenge needs its verifier, and a verifier its challenge (RFC 9700 §2.1.1, PKCE downgrade). */
function assertVerifier({ code_challenge }: CodeEnvelope, verifier: string | undefined): void {
  if (code_challenge === undefined) {
    if (verifier !== undefined) throw invalidGrant('code_verifier_unexpected');
    return;
  }
  if (verifier === undefined) throw invalidGrant('code_verifier_missing');
  if (!isCodeVerifier(verifier)) throw invalidGrant('code_verifier_malformed');
  if (!verifierMatches(verifier, code_challenge)) throw invalidGrant('code_verifier_wrong');
}

/** Asked for before the code is marked, so that identity being away uses nothing up. Most requests name no claim: no call. */
async function aboutPerson({ sub, id_token_claims = [] }: CodeEnvelope, { identities }: GrantPorts): Promise<Record<string, unknown>> {
  if (id_token_claims.length === 0) return {};
  const about = await identities.claims(sub, [], id_token_claims);
  if (!about) throw invalidGrant('subject_revoked');
  return about;
}

async function assertRedeemed(redemption: Redemption, envelope: CodeEnvelope, { grants }: GrantPorts, now: number): Promise<void> {
  if (redemption === 'replayed') {
    // The code has leaked, and what was issued from it goes (RFC 6749 §4.1.2).
    await grants.revoke(envelope.grant_id, partitionOf(envelope.grantExpiresAt), 'code_replayed', envelope.grantExpiresAt);
    throw invalidGrant('code_replayed');
  }
  if (redemption === 'expired' || envelope.expiresAt <= now) throw invalidGrant('code_expired');
  if (redemption !== 'redeemed') throw invalidGrant(redemption);
  // The session came to its end on the way; a token would be born expired.
  if (envelope.grantExpiresAt <= now) throw invalidGrant('grant_expired');
}

function authorizationFrom(envelope: CodeEnvelope, client: Client, resources: readonly string[], ports: GrantPorts): Authorization {
  const handle = decode(envelope.handle);
  if (!handle) throw new Error('a sealed code without its handle');
  return {
    client,
    sub: envelope.sub,
    scopes: envelope.scopes,
    resources,
    grant: grantFrom(envelope),
    authentication: envelope.authentication,
    ...(envelope.nonce === undefined ? undefined : { nonce: envelope.nonce }),
    ...(envelope.refresh && {
      refresh: {
        handle,
        generation: firstGeneration,
        keyId: ports.refreshTokenMac.currentKeyId(),
        partition: partitionOf(envelope.grantExpiresAt),
      },
    }),
    idToken: envelope.scopes.includes('openid'),
  };
}

function grantFrom(envelope: CodeEnvelope): LiveGrant {
  return {
    grant_id: envelope.grant_id,
    client_id: envelope.client_id,
    sub: envelope.sub,
    ...(envelope.offline || envelope.authentication.sid === undefined ? undefined : { sid: envelope.authentication.sid }),
    scopes: envelope.scopes,
    resources: envelope.resources,
    ...(envelope.userinfo_claims && { userinfo_claims: envelope.userinfo_claims }),
    authentication: envelope.authentication,
    createdAt: envelope.issuedAt,
    expiresAt: envelope.grantExpiresAt,
  };
}

/** One answer for all of them (RFC 6749 §5.2); the log has the truth. */
function invalidGrant(reason: Reason): OAuthError {
  return new OAuthError('invalid_grant', reason, { description: 'the authorization code is not valid' });
}

import { OAuthError } from '@authority/errors';
import { type Client, isPublic, type TokenExchangePolicy } from '../model/client.ts';
import type { GivenToken } from './given-token.ts';

/**
 * Off unless an operator allowed it. A public client has no part in it: whoever found a token could change it into others
 * (RFC 8693 §5, "Security Considerations" of RFC 8693 §2.1).
 */
export function policyOf(client: Client): TokenExchangePolicy {
  if (!client.tokenExchange || isPublic(client)) throw new OAuthError('unauthorized_client', 'token_exchange_not_allowed');
  return client.tokenExchange;
}

/** Whether the client may stand in for the subject, by this token. */
export function assertPolicy(subject: GivenToken, actor: GivenToken | undefined, client: Client, issuer: string): void {
  const policy = policyOf(client);
  if (!(actor ? policy.delegation : policy.impersonation)) throw notAllowed();
  if (!isGivenTo(subject, client, policy, issuer)) throw foreign();
  // Whoever acts does it through this client: a token that another client got proves nothing about this request.
  if (actor && actor.client_id !== client.client_id) {
    throw new OAuthError('invalid_request', 'actor_token_invalid', { description: 'the actor token is not valid for this' });
  }
}

/**
 * Its own token; or, where its policy says `any`, one that was sent to it, as a resource that its audience names, or one that
 * this server itself may take. A token for another API has been lost or stolen. The JWT of a trusted issuer named the client
 * that may bring it already.
 */
function isGivenTo({ client_id, audience = [] }: GivenToken, client: Client, { subjects }: TokenExchangePolicy, issuer: string): boolean {
  if (client_id === undefined || client_id === client.client_id) return true;
  if (subjects !== 'any') return false;
  return audience.some((one) => one === client.resourceIdentifier || one === issuer);
}

function notAllowed(): OAuthError {
  return new OAuthError('unauthorized_client', 'token_exchange_not_allowed', {
    description: 'the client may not exchange tokens in this way',
  });
}

function foreign(): OAuthError {
  return new OAuthError('invalid_request', 'subject_token_foreign', { description: 'a token that was given is not valid for this' });
}

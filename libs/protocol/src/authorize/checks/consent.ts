import type { RememberedConsent } from '../../ports.ts';
import { provesClient } from '../../primitives/redirect-uri.ts';
import { isDocumentAddress } from '../../primitives/document-address.ts';
import type { AuthorizationRequest } from '../request.ts';
import type { PersonCheck } from '../situation.ts';
import { consentScopes } from './claims.ts';

/**
 * The person has allowed this client these scopes at this resource (OpenID Connect Core §3.1.2.4). Comes last: it is the
 * one who is signed in at the end that consents.
 */
export const consented: PersonCheck = {
  name: 'consent',
  need(request, { consents }) {
    return needsConsent(request, consents) ? { kind: 'consent', reauthenticate: false } : undefined;
  },
};

/**
 * - A public client whose redirect does not prove who it is, is asked every time, though the operator trusts it
 *   (RFC 8252 §8.6).
 * - A client that is known by the address of its metadata is asked every time.
 * - The operator's own applications are not asked.
 * - prompt=consent asks again.
 * - Else what was allowed before counts; offline_access is a scope like others in this, so it was allowed by name (the
 *   "other conditions" of OpenID Connect Core §11).
 */
function needsConsent(request: AuthorizationRequest, consents: readonly RememberedConsent[]): boolean {
  if (!provesClient(request.client, request.redirect_uri)) return true;
  // Nobody here has looked at it: what its document says may be another thing tomorrow.
  if (isDocumentAddress(request.client.client_id)) return true;
  if (request.client.consentSkipped) return false;
  if (request.prompts.has('consent')) return true;
  const before = consentsFor(request, consents);
  return before.length === 0 || !consentScopes(request).every((scope) => allowedBefore(before, scope));
}

/** Consents for the resource of this request; those for another resource say nothing about it. */
export function consentsFor(request: AuthorizationRequest, consents: readonly RememberedConsent[]): readonly RememberedConsent[] {
  return consents.filter((consent) => consent.resource === (request.resource ?? ''));
}

export function allowedBefore(consents: readonly RememberedConsent[], scope: string): boolean {
  return consents.some((consent) => consent.scopes.includes(scope));
}

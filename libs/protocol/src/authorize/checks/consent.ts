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
  const wasAsked = placesOf(request).every((place) => consents.some(({ resource }) => resource === place));
  return !wasAsked || !consentScopes(request).every((scope) => allowedBefore(request, consents, scope));
}

/** Where a consent is kept: under each resource of the request, or under none for the client's default. */
export function placesOf({ resources }: Pick<AuthorizationRequest, 'resources'>): readonly string[] {
  return resources.length > 0 ? resources : [''];
}

/** At every resource of this request; what was allowed at another says nothing about it. */
export function allowedBefore(request: AuthorizationRequest, consents: readonly RememberedConsent[], scope: string): boolean {
  return placesOf(request).every((place) => consents.some((consent) => consent.resource === place && consent.scopes.includes(scope)));
}

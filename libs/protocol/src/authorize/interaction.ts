import { OAuthError } from '@authority/errors';
import type { DeliveredRequest, StoredAuthorizationRequest } from '../model/authorization.ts';
import { equalText } from '../primitives/constant-time.ts';
import { scopeOfClaim } from '../primitives/person-claims.ts';
import { consentScopes } from './checks/claims.ts';
import { keptParameters } from './kept-parameters.ts';
import type { AuthorizationRequest, AuthorizePorts } from './request.ts';
import { redirecting } from './response.ts';

/** Keeps a request while the person is on a page, for the browser that began it. An empty browser: bound by the next GET. */
export async function storeRequest(
  request: AuthorizationRequest,
  { parameters, delivery, pushed }: DeliveredRequest,
  browser: string,
  { authorizationRequests, pushedRequests, policy }: AuthorizePorts,
  now: number,
): Promise<string> {
  const kept = redirecting(request, () => keptParameters(parameters));
  const expiresAt = now + policy.interactionLifetime() * 1000;
  // Its own end was for its beginning: it must still be there when this request is answered, to be used up.
  if (pushed !== undefined && !(await pushedRequests.keep(pushed, expiresAt))) throw pushedRequestUsed();
  return authorizationRequests.store({
    version: 1,
    client_id: request.client.client_id,
    parameters: kept,
    scopes: consentScopes(request),
    delivery,
    ...(pushed !== undefined && { pushed }),
    browser,
    createdAt: now,
    expiresAt,
  });
}

/** The request behind an interaction, as it was delivered. */
export function deliveredOf({ parameters, delivery, scopes, pushed }: StoredAuthorizationRequest): DeliveredRequest {
  return {
    parameters,
    delivery: delivery ?? { pushed: false, signed: false },
    ...(scopes && { scopes }),
    ...(pushed !== undefined && { pushed }),
  };
}

/** RFC 9126 §7.3: one answer for one pushed request, however often it was looked at. */
export async function usePushed({ pushed }: DeliveredRequest, { pushedRequests }: AuthorizePorts): Promise<void> {
  if (pushed !== undefined && !(await pushedRequests.take(pushed))) throw pushedRequestUsed();
}

function pushedRequestUsed(): OAuthError {
  return new OAuthError('invalid_request_uri', 'request_uri_used', { description: 'request_uri has expired or was used' });
}

/** No more than it asked for when it came: scopes that the client registered since are on no page that the person saw. */
export function asAsked(request: AuthorizationRequest, { scopes }: Pick<DeliveredRequest, 'scopes'>): AuthorizationRequest {
  if (!scopes) return request;
  const wasShown = (name: string): boolean => scopes.includes(scopeOfClaim(name) ?? '');
  const { userinfo, idToken, ...claims } = request.claims;
  return {
    ...request,
    scopes: request.scopes.filter((scope) => scopes.includes(scope)),
    claims: { ...claims, userinfo: userinfo.filter(wasShown), idToken: idToken.filter(wasShown) },
  };
}

/** As storeRequest, for a request whose browser is known: without one it would belong to whoever comes first. */
export function storeForBrowser(
  request: AuthorizationRequest,
  delivered: DeliveredRequest,
  browser: string,
  ports: AuthorizePorts,
  now: number,
): Promise<string> {
  if (browser === '') throw otherBrowser();
  return storeRequest(request, delivered, browser, ports, now);
}

/** The pending request behind a handle, bound to this browser: now, if it came without one. */
export async function openInteraction(
  handle: string,
  browser: string,
  ports: AuthorizePorts,
  now: number,
): Promise<StoredAuthorizationRequest> {
  const found = await findLive(handle, ports, now);
  if (browser === '') throw otherBrowser();
  if (found.browser !== '') return assertSameBrowser(found, browser);
  const bound = await ports.authorizationRequests.bind(handle, browser, now);
  if (!bound) throw otherBrowser();
  return assertSameBrowser(bound, browser);
}

/** As openInteraction, for a page that only shows: binds nothing. */
export async function pendingOf(handle: string, browser: string, ports: AuthorizePorts, now: number): Promise<StoredAuthorizationRequest> {
  return assertSameBrowser(await findLive(handle, ports, now), browser);
}

async function findLive(handle: string, { authorizationRequests }: AuthorizePorts, now: number): Promise<StoredAuthorizationRequest> {
  const found = await authorizationRequests.find(handle);
  if (found && found.expiresAt > now) return found;
  throw new OAuthError('invalid_request', 'interaction_unknown', { description: 'the sign-in has expired or was answered before' });
}

function assertSameBrowser(found: StoredAuthorizationRequest, browser: string): StoredAuthorizationRequest {
  if (browser === '' || !equalText(found.browser, browser)) throw otherBrowser();
  return found;
}

function otherBrowser(): OAuthError {
  return new OAuthError('invalid_request', 'interaction_of_other_browser', { description: 'the sign-in was begun in another browser' });
}

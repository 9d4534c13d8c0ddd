import { OAuthError } from '@authority/errors';
import type { StoredAuthorizationRequest } from '../model/authorization.ts';
import type { Parameters } from '../model/request.ts';
import { equalText } from '../primitives/constant-time.ts';
import { scopeOfClaim } from '../primitives/person-claims.ts';
import { consentScopes } from './checks/claims.ts';
import type { AuthorizationRequest, AuthorizePorts } from './request.ts';

/** Keeps a request while the person is on a page, for the browser that began it. An empty browser: bound by the next GET. */
export function storeRequest(
  request: AuthorizationRequest,
  parameters: Parameters,
  browser: string,
  { authorizationRequests, policy }: AuthorizePorts,
  now: number,
): Promise<string> {
  return authorizationRequests.store({
    version: 1,
    client_id: request.client.client_id,
    parameters,
    scopes: consentScopes(request),
    browser,
    createdAt: now,
    expiresAt: now + policy.interactionLifetime() * 1000,
  });
}

/** No more than it asked for when it came: scopes that the client registered since are on no page that the person saw. */
export function asAsked(request: AuthorizationRequest, { scopes }: StoredAuthorizationRequest): AuthorizationRequest {
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
  parameters: Parameters,
  browser: string,
  ports: AuthorizePorts,
  now: number,
): Promise<string> {
  if (browser === '') throw otherBrowser();
  return storeRequest(request, parameters, browser, ports, now);
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

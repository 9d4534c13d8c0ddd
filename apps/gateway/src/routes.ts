import { OAuthError } from '@authority/errors';
import { authorizeEndpoint } from './endpoints/authorize.ts';
import { checkSessionEndpoint, checkSessionPath } from './endpoints/check-session.ts';
import { deviceAuthorizationEndpoint } from './endpoints/device-authorization.ts';
import { introspectEndpoint } from './endpoints/introspect.ts';
import type { Published } from './endpoints/published.ts';
import { pushedAuthorizationEndpoint } from './endpoints/pushed-authorization.ts';
import { registrationEndpoints } from './endpoints/register.ts';
import { revokeEndpoint } from './endpoints/revoke.ts';
import { tokenEndpoint } from './endpoints/token.ts';
import { upstreamCallback, upstreamCallbackPath } from './endpoints/upstream-callback.ts';
import { userInfoEndpoint } from './endpoints/userinfo.ts';
import { seeOther } from './http/answer.ts';
import { cookiesFor } from './http/cookies.ts';
import { crossOrigin } from './http/cors.ts';
import type { EvidenceOf } from './http/evidence.ts';
import type { Issuer } from './http/issuer.ts';
import { bearerError, clientError, plainError, registrationError } from './http/oauth-error.ts';
import type { Route } from './http/serve.ts';
import { applicationsStep } from './interactions/account-applications.ts';
import { sessionsStep } from './interactions/account-sessions.ts';
import { authorizePath } from './interactions/authorization.ts';
import { consentStep } from './interactions/consent.ts';
import { deviceStep } from './interactions/device.ts';
import { browserRoute, type Face, stepRoutes } from './interactions/face.ts';
import { accountStep, loginStep, recoveryStep, registrationStep, verificationStep } from './interactions/flow-steps.ts';
import { jsonFace } from './interactions/json-face.ts';
import { logoutEndpoint, logoutPath, logoutStep } from './interactions/logout.ts';
import { PageFace } from './interactions/page-face.ts';
import { selectAccountStep } from './interactions/select-account.ts';
import { type OpenVisit, visits } from './interactions/visit.ts';
import { openApiRoute } from './openapi/document.ts';
import { assetRoutes } from './pages/assets.ts';
import type { Peers } from './peers/peers.ts';

export interface Edge {
  readonly issuer: Issuer;
  readonly peers: Peers;
  readonly published: Published;
  readonly evidenceOf: EvidenceOf;
}

/** Every address of the server, in one table. */
export function routesOf(edge: Edge): Route[] {
  const { issuer, evidenceOf } = edge;
  const face = new PageFace(issuer);
  const open = visits(cookiesFor(issuer), evidenceOf);
  const forClients = crossOrigin(edge.peers, [...publishedRoutes(edge), ...backChannel(edge), ...registration(edge)]);
  const all = [...forClients, ...frontChannel(edge, open, face), ...assetRoutes()];
  return [...all, openApiRoute(issuer, all)];
}

/** OpenID Connect Discovery §4 and RFC 8414 §3.1: below the issuer, and with the well-known part before its path. */
function publishedRoutes({ issuer, published }: Edge): Route[] {
  const get = (path: string, endpoint: Route['endpoint'], absolute = false): Route => ({
    ...{ method: 'GET', path, endpoint, renderRefusal: plainError, head: true, hot: true },
    ...(absolute ? { absolute } : {}),
  });
  const documents = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'];
  return [
    ...documents.map((path) => get(path, published.metadata)),
    ...(issuer.path === '' ? [] : documents.map((path) => get(path + issuer.path, published.metadata, true))),
    get('/.well-known/jwks.json', published.jwks),
    get('/.well-known/revocations', published.revocations),
    get('/.well-known/revocations/recent', published.recentRevocations),
  ];
}

/** What clients call themselves. */
function backChannel({ issuer, peers, evidenceOf }: Edge): Route[] {
  const client = clientError(issuer.url);
  const bearer = bearerError(issuer.url);
  const userInfo = userInfoEndpoint(peers, evidenceOf);
  return [
    { method: 'POST', path: '/oauth2/token', endpoint: tokenEndpoint(peers, evidenceOf), renderRefusal: client, hot: true },
    { method: 'POST', path: '/oauth2/par', endpoint: pushedAuthorizationEndpoint(peers, evidenceOf), renderRefusal: client, hot: true },
    { method: 'POST', path: '/oauth2/introspect', endpoint: introspectEndpoint(peers, evidenceOf), renderRefusal: client, hot: true },
    { method: 'POST', path: '/oauth2/revoke', endpoint: revokeEndpoint(peers, evidenceOf), renderRefusal: client },
    {
      ...{ method: 'POST', path: '/oauth2/device_authorization', renderRefusal: client },
      endpoint: deviceAuthorizationEndpoint(peers, evidenceOf),
    },
    { method: 'GET', path: '/oauth2/userinfo', endpoint: userInfo, renderRefusal: bearer, hot: true },
    { method: 'POST', path: '/oauth2/userinfo', endpoint: userInfo, renderRefusal: bearer, hot: true },
  ];
}

function registration({ issuer, peers, evidenceOf }: Edge): Route[] {
  const { register, read, update, remove } = registrationEndpoints(peers, evidenceOf);
  const renderRefusal = registrationError(issuer.url);
  const one = '/oauth2/register/:client_id';
  return [
    { method: 'POST', path: '/oauth2/register', endpoint: register, renderRefusal },
    { method: 'GET', path: one, endpoint: read, renderRefusal },
    { method: 'PUT', path: one, endpoint: update, renderRefusal },
    { method: 'DELETE', path: one, endpoint: remove, renderRefusal },
  ];
}

const flowSteps = [loginStep, registrationStep, recoveryStep, verificationStep, accountStep];
const accountSteps = [sessionsStep, applicationsStep];

/** Where browsers go: two endpoints that clients send them to, and the steps, each as a page and as JSON. */
function frontChannel({ issuer, peers, published }: Edge, open: OpenVisit, face: Face): Route[] {
  const authorize = authorizeEndpoint(peers, issuer);
  const logout = logoutEndpoint(peers, issuer);
  const refusal = face.renderRefusal();
  const home = () => seeOther(`${issuer.url}/account`);
  const steps = [...flowSteps, ...accountSteps, consentStep, selectAccountStep, deviceStep, logoutStep].map((step) => step(peers));
  return [
    ...(['GET', 'POST'] as const).map((method) => browserRoute({ open, face }, method, authorizePath, refusal, authorize)),
    ...(['GET', 'POST'] as const).map((method) => browserRoute({ open, face }, method, logoutPath, refusal, logout)),
    ...(['GET', 'POST'] as const).map((method) =>
      browserRoute({ open, face }, method, upstreamCallbackPath, face.renderRefusal('/login'), upstreamCallback(peers)),
    ),
    {
      method: 'GET',
      path: checkSessionPath,
      endpoint: checkSessionEndpoint(issuer, cookiesFor(issuer), published),
      renderRefusal: plainError,
    },
    ...[face, jsonFace(issuer)].flatMap((one) => steps.flatMap((step) => stepRoutes({ issuer, open, face: one }, step))),
    ...['/', ...(issuer.path === '' ? [] : [''])].map((path): Route => ({ method: 'GET', path, endpoint: home, renderRefusal: refusal })),
  ];
}

/** What is none of these: 405 where the path exists, else 404; JSON for programs, a page for people. */
export function otherwise(routes: readonly Route[], issuer: Issuer): Route[] {
  const face = new PageFace(issuer);
  const methods = new Map<string, string[]>();
  for (const { path, absolute, method, head } of routes) {
    const key = absolute ? path : issuer.path + path;
    methods.set(key, [...(methods.get(key) ?? []), String(method), ...(head ? ['HEAD'] : [])]);
  }
  const all = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
  const wrong = [...methods].map(
    ([path, allowed]): Route => ({
      method: all.filter((one) => !allowed.includes(one)),
      path,
      absolute: true,
      endpoint() {
        throw new OAuthError('invalid_request', 'method_not_allowed', { description: `Use ${allowed.join(' or ')}.` });
      },
      renderRefusal(refusal, request) {
        const answer = plainError(refusal, request);
        return { ...answer, headers: { ...answer.headers, allow: allowed.join(', ') } };
      },
    }),
  );
  const nothing: Route = {
    method: all,
    path: '/*',
    absolute: true,
    endpoint() {
      throw new OAuthError('invalid_request', 'route_unknown', { description: 'There is nothing at this address.' });
    },
    renderRefusal: (refusal, request) =>
      (request.headers.accept ?? '').includes('text/html') ? face.renderRefusal('/')(refusal, request) : plainError(refusal, request),
  };
  return [...wrong, nothing];
}

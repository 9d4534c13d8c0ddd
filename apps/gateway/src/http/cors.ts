import type { Parameter } from '@authority/contracts/rpc';
import { log } from '@authority/telemetry';
import type { Peers } from '../peers/peers.ts';
import type { Answer } from './answer.ts';
import { formOf } from './body.ts';
import type { EdgeRequest } from './request.ts';
import { type Endpoint, refuse, type Route } from './serve.ts';

/**
 * Who may read an answer from a page of another origin (Fetch §3.2). `anybody`: what is public. `any_app`: what needs no
 * client yet, registration. `client`: a page whose origin the client of the request has; the token service knows.
 */
type Readers = 'anybody' | 'any_app' | 'client';

/** Every address that pages may call; the others answer no page but ours. Introspection is for servers. */
const readersOf: Readonly<Record<string, Readers>> = {
  '/.well-known/openid-configuration': 'anybody',
  '/.well-known/oauth-authorization-server': 'anybody',
  '/.well-known/jwks.json': 'anybody',
  '/oauth2/token': 'client',
  '/oauth2/revoke': 'client',
  '/oauth2/userinfo': 'client',
  '/oauth2/par': 'client',
  '/oauth2/device_authorization': 'client',
  '/oauth2/register': 'any_app',
  '/oauth2/register/:client_id': 'any_app',
};

/** What pages may read besides the body: the nonce of RFC 9449 §8.2, and why a token was refused. */
const exposed = 'DPoP-Nonce, WWW-Authenticate, Retry-After';

/** As long as browsers keep it at most; what is allowed by a preflight never changes. */
const preflightSeconds = '7200';

/** The routes with what pages need: the readers' headers on answers, and a preflight for each address. */
export function crossOrigin(peers: Pick<Peers, 'token'>, routes: readonly Route[]): Route[] {
  const methods = new Map<string, { readers: Readers; methods: string[]; route: Route }>();
  const opened = routes.map((route): Route => {
    const readers = readersOf[route.path] ?? (route.absolute ? readersOf[wellKnownOf(route.path)] : undefined);
    if (readers === undefined) return route;
    const known = methods.get(route.path);
    methods.set(route.path, { readers, route, methods: [...(known?.methods ?? []), ...[route.method].flat().map(String)] });
    return { ...route, endpoint: openTo(readers, route, peers) };
  });
  return [...opened, ...[...methods.values()].map(preflight)];
}

/** RFC 8414 §3.1: `/.well-known/name/path` is the document of an issuer with a path. */
const wellKnownOf = (path: string): string => path.split('/').slice(0, 3).join('/');

function openTo(readers: Readers, { endpoint, renderRefusal, path }: Route, peers: Pick<Peers, 'token'>): Endpoint {
  // Their header is part of the documents (published.ts).
  if (readers === 'anybody') return endpoint;
  return (request) => {
    const origin = originOf(request);
    // Servers, and native apps, send none: they pay nothing.
    if (origin === undefined) return endpoint(request);
    const answered = Promise.resolve()
      .then(() => endpoint(request))
      .catch((thrown: unknown) => refuse(request, path, thrown, renderRefusal));
    const allowed = readers === 'any_app' ? true : mayRead(origin, request, peers);
    return Promise.all([answered, allowed]).then(([answer, isAllowed]) =>
      withHeaders(answer, isAllowed ? { 'access-control-allow-origin': origin, 'access-control-expose-headers': exposed } : {}),
    );
  };
}

/** Asked at the same time as the request itself. Without an answer nobody may read. */
async function mayRead(origin: string, request: EdgeRequest, { token }: Pick<Peers, 'token'>): Promise<boolean> {
  const { authorization = '' } = request.headers;
  try {
    return (await token.allowOrigin({ origin, parameters: parametersOf(request), authorization }, { idempotent: true })).allowed;
  } catch (error) {
    log.warn('cors.unknown', { error });
    return false;
  }
}

/** A form that cannot be read names no client; its refusal is the endpoint's. */
function parametersOf(request: EdgeRequest): Parameter[] {
  try {
    return request.method === 'POST' ? formOf(request) : [];
  } catch {
    return [];
  }
}

const withHeaders = (answer: Answer, more: Readonly<Record<string, string>>): Answer => ({
  ...answer,
  headers: { ...answer.headers, ...more, vary: 'Origin' },
});

/**
 * A preflight carries neither the body nor the credential, so it cannot be a matter of the client. What it allows is to
 * send a request without cookies, which any server can; whether its answer may be read is judged then.
 */
function preflight({ readers, methods, route }: { readers: Readers; methods: readonly string[]; route: Route }): Route {
  return {
    method: 'OPTIONS',
    path: route.path,
    ...(route.absolute && { absolute: true }),
    renderRefusal: route.renderRefusal,
    endpoint(request) {
      const origin = readers === 'anybody' ? '*' : originOf(request);
      const allow = [...methods, 'OPTIONS'].join(', ');
      const vary = 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers';
      if (origin === undefined) return { status: 204, headers: { allow, vary }, body: '' };
      const headers = {
        ...{ allow, vary },
        'access-control-allow-origin': origin,
        'access-control-allow-methods': methods.join(', '),
        'access-control-allow-headers': 'Authorization, Content-Type, DPoP',
        'access-control-max-age': preflightSeconds,
      };
      return { status: 204, headers, body: '' };
    },
  };
}

/** An https origin, or loopback http for development; never `null`, which any sandboxed frame or file has. */
const wellFormed =
  /^(?:https:\/\/(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:]+\])|http:\/\/(?:localhost|127\.0\.0\.1|\[::1\]))(?::\d{1,5})?$/;

function originOf({ headers }: EdgeRequest): string | undefined {
  const { origin } = headers;
  return origin !== undefined && origin.length <= 300 && wellFormed.test(origin) ? origin : undefined;
}

import { createHash } from 'node:crypto';
import type { Answer } from '../http/answer.ts';
import type { Issuer } from '../http/issuer.ts';
import { plainError } from '../http/oauth-error.ts';
import type { Route } from '../http/serve.ts';
import { json, type Operation, type Operations } from './operation.ts';
import { authorizationOperations } from './operations/authorization.ts';
import { documentOperations, registrationOperations } from './operations/documents.ts';
import { tokenOperations } from './operations/tokens.ts';
import { schemas } from './schemas.ts';

/** What is said of each protocol endpoint. A route without an entry fails a test, and so does an entry without a route. */
export const operations: Operations = { ...authorizationOperations, ...tokenOperations, ...registrationOperations, ...documentOperations };

export const openApiPath = '/openapi.json';

/** The protocol endpoints among the routes: no page, no step, no asset, no preflight. */
export function protocolRoutes(routes: readonly Route[]): string[] {
  return routes
    .filter(
      ({ path, absolute, method }) => !absolute && method !== 'OPTIONS' && /^\/(?:oauth2|\.well-known)\/|^\/openapi\.json$/.test(path),
    )
    .flatMap(({ method, path }) => [method].flat().map((one) => `${one} ${path}`));
}

/** The OpenAPI 3.1 description of what the table of routes serves. */
export function openApiDocument(issuer: string, routes: readonly Route[]): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const name of protocolRoutes(routes)) {
    const [method = '', path = ''] = name.split(' ');
    const operation = operations[name];
    if (operation) paths[templateOf(path)] = { ...paths[templateOf(path)], [method.toLowerCase()]: withDefault(operation) };
  }
  return {
    openapi: '3.1.1',
    jsonSchemaDialect: 'https://spec.openapis.org/oas/3.1/dialect/base',
    info: {
      title: 'Authority',
      version: '0.1.0',
      description: 'The OAuth 2.0 and OpenID Connect endpoints. Clients find them through discovery; this is for people and tools.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: issuer }],
    paths,
    components: { schemas, securitySchemes },
  };
}

const templateOf = (path: string): string => path.replace(/:(\w+)/g, '{$1}');

/** Whatever the list of an operation leaves out: too large, too many, not here, not now. */
function withDefault(operation: Operation): Operation {
  return { ...operation, responses: { ...operation.responses, default: json('Another refusal, or a fault of the server.', 'Error') } };
}

const bearer = (description: string) => ({ type: 'http', scheme: 'bearer', description });

const securitySchemes = {
  clientBasic: { type: 'http', scheme: 'basic', description: 'client_secret_basic: both parts form-urlencoded (RFC 6749 §2.3.1).' },
  accessToken: bearer('An access token (RFC 6750 §2.1); with DPoP by its own scheme (RFC 9449 §7.1).'),
  initialAccessToken: bearer('An initial access token (RFC 7591 §3).'),
  registrationAccessToken: bearer('The registration access token (RFC 7592 §2).'),
};

/** GET /openapi.json, made once: routes do not change while the process runs. */
export function openApiRoute(issuer: Issuer, others: readonly Route[]): Route {
  const itself = { method: 'GET', path: openApiPath, renderRefusal: plainError, head: true } as const;
  const body = Buffer.from(JSON.stringify(openApiDocument(issuer.url, [...others, { ...itself, endpoint: () => answer }])));
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  const headers = {
    etag,
    'cache-control': 'public, max-age=300',
    'x-content-type-options': 'nosniff',
    'access-control-allow-origin': '*',
  };
  const answer: Answer = { status: 200, headers: { 'content-type': 'application/json', ...headers }, body };
  const unchanged: Answer = { status: 304, headers, body: '' };
  return { ...itself, endpoint: (request) => (request.headers['if-none-match'] === etag ? unchanged : answer) };
}

import { expect, test } from 'vitest';
import { issuerOf } from '../http/issuer.ts';
import { type Edge, routesOf } from '../routes.ts';
import { openApiDocument, operations, protocolRoutes } from './document.ts';

// Nothing is asked of the peers while the table is made.
const edge = {
  issuer: issuerOf('https://login.example.com/tenant'),
  peers: {},
  published: {},
  evidenceOf: () => undefined,
} as unknown as Edge;
const routes = routesOf(edge);

test('OpenAPI 3.1: every protocol endpoint has its operation, and every operation its route (apps/gateway/src/openapi/operations)', () => {
  expect(Object.keys(operations).sort()).toEqual(protocolRoutes(routes).sort());
});

test('OpenAPI 3.1: operation ids are told apart; whatever refers to a schema finds it', () => {
  const document = openApiDocument('https://login.example.com/tenant', routes);
  const ids = Object.values(operations).map(({ operationId }) => operationId);
  expect(new Set(ids).size).toBe(ids.length);
  const schemas = Object.keys((document['components'] as { schemas: object }).schemas);
  const named = [...JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name]) => name);
  expect(named.filter((name) => !schemas.includes(name ?? ''))).toEqual([]);
  expect(schemas.filter((name) => !named.includes(name))).toEqual([]);
  expect(document).toMatchObject({ openapi: '3.1.1', servers: [{ url: 'https://login.example.com/tenant' }] });
});

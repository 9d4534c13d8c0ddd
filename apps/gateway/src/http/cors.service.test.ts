import { OAuthError, StatusError } from '@authority/errors';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startTestEdge, type TestEdge } from '../../testing/edge.ts';

let edge: TestEdge;
beforeAll(async () => {
  edge = await startTestEdge();
});
afterAll(() => edge.stop());
beforeEach(() => {
  edge.state.asked.length = 0;
  edge.state.failing.clear();
});

const app = { origin: 'https://app.example' };
const asked = () => edge.state.asked.map(({ rpc }) => rpc);
const corsOf = (headers: Record<string, unknown>) => headers['access-control-allow-origin'];

test('Fetch §3.2: an answer may be read by a page of the client, and by no other', async () => {
  const ours = await edge.postForm('/oauth2/token', { grant_type: 'client_credentials', client_id: 'c' }, app);
  expect([ours.status, corsOf(ours.headers), ours.headers.vary]).toEqual([200, 'https://app.example', 'Origin']);
  expect(ours.headers['access-control-expose-headers']).toBe('DPoP-Nonce, WWW-Authenticate, Retry-After');
  expect(edge.state.asked.find(({ rpc }) => rpc === 'allowOrigin')?.request).toMatchObject({
    origin: 'https://app.example',
    parameters: [{ name: 'grant_type' }, { name: 'client_id', value: 'c' }],
  });
  const foreign = await edge.postForm('/oauth2/token', { grant_type: 'client_credentials' }, { origin: 'https://evil.example' });
  expect([foreign.status, corsOf(foreign.headers), foreign.headers.vary]).toEqual([200, undefined, 'Origin']);
});

test('Fetch §3.2: never with credentials', async () => {
  for (const answered of [
    await edge.postForm('/oauth2/token', {}, app),
    await edge.send({ method: 'OPTIONS', path: '/oauth2/token', headers: app }),
    await edge.send({ path: '/.well-known/jwks.json', headers: app }),
  ]) {
    expect(answered.headers).not.toHaveProperty('access-control-allow-credentials');
  }
});

test('Fetch §3.2: a refusal may be read as well', async () => {
  edge.state.failing.set(
    'exchange',
    new OAuthError('invalid_grant', 'code_expired', { description: 'the authorization code is not valid' }),
  );
  const answered = await edge.postForm('/oauth2/token', { grant_type: 'authorization_code' }, app);
  expect([answered.status, corsOf(answered.headers)]).toEqual([400, 'https://app.example']);
});

test.each([
  'null',
  'http://app.example',
  'https://app.example/',
  'https://APP.example',
  'https://a b',
  'file://',
  'https://app.example:999999',
])('Fetch §3.2: the origin %s is nobody who may read, and costs no question', async (origin) => {
  const answered = await edge.postForm('/oauth2/token', { grant_type: 'client_credentials' }, { origin });
  const preflight = await edge.send({ method: 'OPTIONS', path: '/oauth2/token', headers: { origin } });
  expect([corsOf(answered.headers), corsOf(preflight.headers), asked()]).toEqual([undefined, undefined, ['exchange']]);
});

test('performance.md: a request without Origin asks for nothing more', async () => {
  await edge.postForm('/oauth2/token', { grant_type: 'client_credentials' });
  expect(asked()).toEqual(['exchange']);
});

test('a token service that does not answer lets no page read', async () => {
  edge.state.failing.set('allowOrigin', new StatusError('UNAVAILABLE', 'peer_unavailable'));
  const answered = await edge.postForm('/oauth2/token', { grant_type: 'client_credentials' }, app);
  expect([answered.status, corsOf(answered.headers)]).toEqual([200, undefined]);
});

test('Fetch §3.2.2: a preflight allows what the address takes', async () => {
  const preflight = await edge.send({ method: 'OPTIONS', path: '/oauth2/userinfo', headers: app });
  expect(preflight.status).toBe(204);
  expect(preflight.headers).toMatchObject({
    'access-control-allow-origin': 'https://app.example',
    'access-control-allow-methods': 'GET, POST',
    'access-control-allow-headers': 'Authorization, Content-Type, DPoP',
    'access-control-max-age': '7200',
  });
  expect(asked()).toEqual([]);
});

test('what is public anybody may read; introspection, pages and steps nobody from elsewhere', async () => {
  for (const path of ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server', '/.well-known/jwks.json']) {
    expect(corsOf((await edge.send({ path, headers: app })).headers)).toBe('*');
  }
  for (const path of ['/oauth2/introspect', '/login', '/self-service/v1/login', '/oauth2/authorize', '/oauth2/logout']) {
    const preflight = await edge.send({ method: 'OPTIONS', path, headers: app });
    expect([path, preflight.status, corsOf(preflight.headers)]).toEqual([path, 405, undefined]);
  }
  const introspected = await edge.postForm('/oauth2/introspect', { token: 't' }, app);
  expect(corsOf(introspected.headers)).toBeUndefined();
});

test('RFC 7591 §3: registration may be done by any page, for it has no client yet', async () => {
  const headers = { origin: 'https://anybody.example', 'content-type': 'application/json' };
  const registered = await edge.send({ method: 'POST', path: '/oauth2/register', headers, body: '{}' });
  expect([registered.status, corsOf(registered.headers)]).toEqual([201, 'https://anybody.example']);
  const managed = await edge.send({ method: 'OPTIONS', path: '/oauth2/register/c_1', headers });
  expect(managed.headers['access-control-allow-methods']).toBe('GET, PUT, DELETE');
});

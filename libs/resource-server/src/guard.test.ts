import { generateKeyPair } from 'jose';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { audience, FakeServer, issuer } from './fake-server.ts';
import { createGuard, type Guard } from './guard.ts';
import type { GuardOptions, Needs } from './options.ts';
import type { GuardRequest } from './request.ts';

let server: FakeServer;
let guards: Guard[] = [];
beforeEach(async () => {
  server = await FakeServer.start();
});
afterEach(() => {
  for (const guard of guards) guard.close();
  guards = [];
  vi.useRealTimers();
});

function guardWith(changes: Partial<GuardOptions> = {}): Guard {
  const guard = createGuard({ issuer, audience, revocation: { pollMs: 10, staleAfterMs: 100 }, fetch: server.fetch, ...changes });
  guards.push(guard);
  return guard;
}

const bearer = (token: string, scheme = 'Bearer'): GuardRequest => ({
  method: 'GET',
  url: '/orders',
  headers: { authorization: `${scheme} ${token}` },
});

const verify = async (token: Promise<string> | string, needs: Needs = {}, guard = guardWith()) => guard.verify(bearer(await token), needs);
const metadataUrl = 'https://api.example.test/.well-known/oauth-protected-resource/orders';

test('RFC 9068 §4: a token of the issuer for this API is taken, with what it says', async () => {
  expect(await verify(server.token())).toMatchObject({ sub: 'ann', client_id: 'shop', scope: 'orders.read', aud: audience });
  expect(await verify(server.token({ aud: [audience, 'https://other.example.test'] }, { typ: 'application/at+jwt' }))).toMatchObject({
    sub: 'ann',
  });
});

const withHeader = async (header: object): Promise<string> => {
  const [, payload, signature] = (await server.token()).split('.');
  return [Buffer.from(JSON.stringify(header)).toString('base64url'), payload, signature].join('.');
};
const soon = (): number => Math.floor(Date.now() / 1000);
const wrong: readonly (readonly [string, () => Promise<string> | string])[] = [
  ['RFC 9068 §4: for another API', () => server.token({ aud: 'https://other.example.test' })],
  ['RFC 9068 §4: of another issuer', () => server.token({ iss: 'https://other.example.test' })],
  ['RFC 9068 §4: expired', () => server.token({ exp: soon() - 60 })],
  ['RFC 9068 §4: without exp', () => server.token({ exp: undefined as never })],
  ['RFC 9068 §2.2: without jti', () => server.token({ jti: undefined as never })],
  ['RFC 8725 §3.11: of another type', () => server.token({}, { typ: 'JWT' })],
  ['RFC 8725 §3.11: without a type', () => server.token({}, { typ: undefined })],
  ['RFC 8725 §3.2: by another key', async () => server.token({}, {}, (await generateKeyPair('ES256')).privateKey)],
  ['RFC 8725 §3.1: by no key', () => withHeader({ alg: 'none', typ: 'at+jwt' })],
  ['RFC 7515 §4.1.11: with a critical header', () => withHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'one', crit: ['x'], x: 1 })],
  ['RFC 7662 §2.2: that is opaque and unknown', () => 'aa1_somebody'],
  ['RFC 7800 §3.1: bound to what nobody here can check', () => server.token({ cnf: { kid: 'a' } })],
  ['RFC 7800 §3.1: bound to what cannot be read', () => server.token({ cnf: 'a' })],
];
test.each(wrong)('%s it is invalid_token', async (_what, make) => {
  await expect(verify(make())).rejects.toMatchObject({ status: 401, error: 'invalid_token' });
});

test('RFC 6750 §3.1, RFC 9728 §5.1: without a token the challenge says where the metadata is, and no error', async () => {
  const guard = guardWith();
  for (const headers of [{}, { authorization: 'Basic YTpi' }, { authorization: 'Bearer' }, { authorization: 'Bearer a b' }]) {
    await expect(guard.verify({ method: 'GET', url: '/', headers })).rejects.toMatchObject({
      status: 401,
      error: undefined,
      headers: { 'www-authenticate': [`Bearer resource_metadata="${metadataUrl}"`] },
    });
  }
});

test('RFC 6750 §3.1: a scope that is missing is insufficient_scope, and the challenge names it', async () => {
  await expect(verify(server.token(), { scope: 'orders.read orders.write' })).rejects.toMatchObject({
    status: 403,
    error: 'insufficient_scope',
    headers: { 'www-authenticate': expect.stringContaining('scope="orders.read orders.write"') },
  });
  await expect(verify(server.token(), { scope: 'orders.read' })).resolves.toMatchObject({ sub: 'ann' });
});

test('RFC 9470 §3: a sign-in that is too weak or too old is insufficient_user_authentication', async () => {
  const strong = { acr_values: ['urn:mfa', 'urn:hw'] };
  await expect(verify(server.token({ acr: 'urn:pwd' }), strong)).rejects.toMatchObject({
    status: 401,
    error: 'insufficient_user_authentication',
    headers: { 'www-authenticate': expect.stringContaining('acr_values="urn:mfa urn:hw"') },
  });
  await expect(verify(server.token({ acr: 'urn:hw' }), strong)).resolves.toMatchObject({ acr: 'urn:hw' });
  await expect(verify(server.token({ auth_time: soon() - 600 }), { max_age: 300 })).rejects.toMatchObject({
    headers: { 'www-authenticate': expect.stringContaining('max_age="300"') },
  });
  await expect(verify(server.token(), { max_age: 300 })).rejects.toMatchObject({ error: 'insufficient_user_authentication' });
  await expect(verify(server.token({ auth_time: soon() - 60 }), { max_age: 300 })).resolves.toMatchObject({ sub: 'ann' });
});

describe('house.md, "One revocation set": a revoked token', () => {
  const grant_id = (at = Date.now()): string => {
    const bytes = Buffer.alloc(18, 7);
    bytes.writeUIntBE(at, 0, 6);
    return `g_${bytes.toString('base64url')}`;
  };
  const grant = grant_id();
  const refused = { status: 401, error: 'invalid_token' };

  test.each([
    ['by its jti', () => server.revoke('token', 'cc.1'), { jti: 'cc.1' }],
    ['by that of the token that it was exchanged for', () => server.revoke('token', 'cc.1'), { jti: 'cc.1.2' }],
    [
      'by the client of the token that it was exchanged for',
      () => server.end('client', 'first', Date.now() + 1000),
      { exchanged_from: ['first'] },
    ],
    ['by its grant', () => server.revoke('grant', grant), { jti: `${grant}.x` }],
    ['by its session', () => server.revoke('session', 's_1'), { sid: 's_1' }],
    ['by its client', () => server.end('client', 'shop', Date.now() + 1000), {}],
    ['by its subject', () => server.end('subject', 'ann', Date.now() + 1000), { jti: `${grant}.y` }],
  ])('%s is refused with the next list', async (_what, revoke, claims) => {
    const guard = guardWith();
    const token = await server.token(claims);
    await guard.verify(bearer(token));
    revoke();
    await expect.poll(() => guard.verify(bearer(token)).then(() => 'taken', String), { interval: 5 }).toContain('not valid');
    await expect(guard.verify(bearer(token))).rejects.toMatchObject(refused);
    await expect(guard.verify(bearer(await server.token({ sub: 'bob', client_id: 'other' })))).resolves.toMatchObject({ sub: 'bob' });
  });

  test('what began after its subject was ended is good', async () => {
    server.end('subject', 'ann', Date.now() - 60_000);
    await expect(verify(server.token({ jti: `${grant}.z` }))).resolves.toMatchObject({ sub: 'ann' });
    await expect(verify(server.token({ jti: `${grant_id(Date.now() - 120_000)}.z` }))).rejects.toMatchObject(refused);
    // Unless it rests on a sign-in from before.
    await expect(verify(server.token({ jti: `${grant}.z`, auth_time: soon() - 300 }))).rejects.toMatchObject(refused);
  });

  test('it stays refused when a list, or another replica, does not name it any more', async () => {
    const guard = guardWith();
    const token = await server.token({ jti: 'cc.1' });
    server.revoke('token', 'cc.1');
    await expect.poll(() => guard.verify(bearer(token)).then(() => 'taken', String), { interval: 5 }).toContain('not valid');
    server.revoked = { grant: [], token: [], session: [], client: {}, subject: {} };
    await new Promise((resolve) => setTimeout(resolve, 50));
    await expect(guard.verify(bearer(token))).rejects.toMatchObject(refused);
  });

  test('is found in the list of what is recent, and the whole list is read once', async () => {
    const none = { grant: [], token: [], session: [], client: {}, subject: {} };
    server.recent = none;
    server.revoke('token', 'cc.old');
    const guard = guardWith();
    const [old, young] = await Promise.all([server.token({ jti: 'cc.old' }), server.token({ jti: 'cc.young' })]);
    await guard.verify(bearer(young));
    await expect(guard.verify(bearer(old))).rejects.toMatchObject(refused);
    server.revoke('token', 'cc.young');
    [server.recent, server.revoked] = [server.revoked, none];
    await expect.poll(() => guard.verify(bearer(young)).then(() => 'taken', String), { interval: 5 }).toContain('not valid');
    await expect(guard.verify(bearer(old))).rejects.toMatchObject(refused);
    expect(server.asked.get('/revocations')).toBe(1);
    expect(server.asked.get('/recent')).toBeGreaterThan(1);
  });

  test('without a list for too long everything is refused, unless the API would rather go on', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const [strict, lenient] = [guardWith(), guardWith({ revocation: { pollMs: 10, staleAfterMs: 100, whenStale: 'accept' } })];
    const token = await server.token();
    await Promise.all([strict.verify(bearer(token)), lenient.verify(bearer(token))]);
    server.away = true;
    vi.setSystemTime(Date.now() + 150);
    await expect(strict.verify(bearer(token))).rejects.toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    await expect(lenient.verify(bearer(token))).resolves.toMatchObject({ sub: 'ann' });
    server.away = false;
    await expect.poll(() => strict.verify(bearer(token)).then(() => 'taken', String), { interval: 5 }).toBe('taken');
  });

  test.each([
    ['RFC 8725 §3.11: of another type', () => Object.assign(server, { listTyp: 'at+jwt' })],
    ['that is old', () => Object.assign(server, { listAge: 120 })],
    ['without its kinds', () => Object.assign(server, { revoked: {} })],
  ])('a list %s is none', async (_what, spoil) => {
    spoil();
    await expect(verify(server.token(), {}, guardWith({ revocation: { pollMs: 10, staleAfterMs: 5 } }))).rejects.toMatchObject({
      status: 503,
    });
  });
});

test('RFC 7517 §5: a new key is found by its first token; strangers cannot make the guard ask again and again', async () => {
  const guard = guardWith({ revocation: false });
  await guard.verify(bearer(await server.token()));
  const asked = (): number => server.asked.get('/jwks') ?? 0;
  expect(asked()).toBe(1);
  const stranger = await server.token({}, { kid: 'nobody' });
  for (let at = 0; at < 5; at += 1) await expect(guard.verify(bearer(stranger))).rejects.toMatchObject({ error: 'invalid_token' });
  expect(asked()).toBe(1);
});

describe('RFC 7662: an opaque token', () => {
  const client = { client_id: 'api', client_secret: 's' };
  const active = () => ({
    ...{ active: true, iss: issuer, aud: audience, sub: 'ann', client_id: 'shop', scope: 'orders.read', jti: 'cc.9' },
    ...{ iat: soon(), exp: soon() + 300 },
  });

  test('§2.2: is asked for once in a moment, and taken when it is active and for this API', async () => {
    server.introspection = active();
    const guard = guardWith({ client });
    await Promise.all(Array.from({ length: 20 }, () => guard.verify(bearer('aa1_x'), { scope: 'orders.read' })));
    expect(server.asked.get('/oauth2/introspect')).toBe(1);
  });

  test.each([
    ['inactive', () => ({ active: false })],
    ['for another API', () => ({ ...active(), aud: 'https://other.example.test' })],
    ['of another issuer', () => ({ ...active(), iss: 'https://other.example.test' })],
    ['"active" in words', () => ({ ...active(), active: 'true' })],
    ['expired', () => ({ ...active(), exp: soon() - 60 })],
  ])('§2.2: %s is refused', async (_what, answer) => {
    server.introspection = answer();
    await expect(verify('aa1_x', {}, guardWith({ client }))).rejects.toMatchObject({ status: 401, error: 'invalid_token' });
  });

  test('§4: the revocation list counts for it as well', async () => {
    server.introspection = active();
    server.revoke('token', 'cc.9');
    await expect(verify('aa1_x', {}, guardWith({ client }))).rejects.toMatchObject({ status: 401 });
  });

  test('§2: a server that cannot be asked is 503', async () => {
    const guard = guardWith({ client, revocation: false });
    server.away = true;
    await expect(verify('aa1_x', {}, guard)).rejects.toMatchObject({ status: 503 });
  });
});

test('RFC 8414 §3.3: metadata of another issuer is not used', async () => {
  const guard = guardWith({ issuer: 'https://evil.example.test', revocation: false });
  await expect(verify(server.token(), {}, guard)).rejects.toMatchObject({ status: 503 });
});

test.each([
  ['no issuer', { issuer: 'id' }],
  ['a symmetric algorithm', { algorithms: ['HS256'] }],
  ['no algorithm', { algorithms: ['none'] }],
  ['a short nonce secret', { dpop: { nonceSecret: new Uint8Array(8) } }],
])('RFC 8725 §3.1: a guard with %s is refused', (_what, changes) => {
  expect(() => createGuard({ issuer, audience, revocation: false, ...changes })).toThrow('createGuard');
});

test('RFC 9728 §3: protect answers the metadata, refusals and nothing else', async () => {
  const guard = guardWith({ scopesSupported: ['orders.read'], resourceName: 'Orders' });
  const response = { statusCode: 200, headers: {} as Record<string, unknown>, body: '' };
  const target = Object.assign(response, {
    setHeader: (name: string, value: unknown) => {
      response.headers[name] = value;
    },
    end: (body = '') => {
      response.body = body;
    },
  });
  const path = '/.well-known/oauth-protected-resource/orders';
  expect(await guard.protect({ method: 'GET', url: path, headers: {} }, target)).toBeUndefined();
  expect(JSON.parse(response.body)).toMatchObject({
    resource: audience,
    authorization_servers: [issuer],
    scopes_supported: ['orders.read'],
    bearer_methods_supported: ['header'],
    resource_name: 'Orders',
  });
  expect(await guard.protect({ method: 'GET', url: '/orders', headers: {} }, target)).toBeUndefined();
  expect([response.statusCode, response.headers['www-authenticate']]).toEqual([401, [`Bearer resource_metadata="${metadataUrl}"`]]);
  response.body = '';
  expect(await guard.protect(bearer(await server.token()), target)).toMatchObject({ sub: 'ann' });
  expect(response.body).toBe('');
});

import { ExchangeResponse } from '@authority/contracts/token';
import { OAuthError, StatusError } from '@authority/errors';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startTestEdge, type TestEdge } from '../../testing/edge.ts';
import { laneOf } from './token.ts';

let edge: TestEdge;
beforeAll(async () => {
  edge = await startTestEdge({ AUTHORITY_TRUSTED_PROXIES: '127.0.0.1' });
});
afterAll(() => edge.stop());
beforeEach(() => {
  edge.state.failing.clear();
  edge.state.asked.length = 0;
  edge.lines.length = 0;
});

const form = 'application/x-www-form-urlencoded';
const askedOf = (rpc: string) => edge.state.asked.filter((one) => one.rpc === rpc);
const refusals = () => edge.lines.map((line) => JSON.parse(line)).filter(({ event }) => event === 'http.refused' || event === 'http.fault');

test('RFC 6749 §5.1: a token response is JSON that nobody caches; one RPC carries the form, the header and what the edge saw', async () => {
  const basic = 'Basic YTpi';
  const answered = await edge.postForm(
    '/oauth2/token?x=1',
    { grant_type: 'client_credentials', scope: 'a' },
    {
      authorization: basic,
      'user-agent': 'ua',
      'x-forwarded-for': '203.0.113.9',
    },
  );
  expect(answered.status).toBe(200);
  expect(JSON.parse(answered.body)).toEqual({ access_token: 'at', token_type: 'Bearer', expires_in: 300, scope: 'a' });
  expect(answered.headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store', pragma: 'no-cache' });
  expect(askedOf('exchange')).toEqual([
    {
      rpc: 'exchange',
      request: {
        parameters: [
          { name: 'grant_type', value: 'client_credentials' },
          { name: 'scope', value: 'a' },
        ],
        authorization: basic,
        evidence: {
          ...{ peer_address: '203.0.113.9', method: 'POST', url: 'http://localhost:8080/oauth2/token', user_agent: 'ua' },
          tls_client_certificate: Buffer.alloc(0),
          tls_client_certificate_verified: false,
          dpop: '',
        },
      },
      options: { lane: 'cpu', idempotent: true },
    },
  ]);
});

test('RFC 6749 §5.1: every member of a full response, and none that is empty', async () => {
  const full = ExchangeResponse.fromPartial({
    access_token: 'a"b',
    token_type: 'Bearer',
    expires_in: 1,
    refresh_token: 'r',
    id_token: 'i',
    issued_token_type: 't',
  });
  edge.state.exchange = () => full;
  const answered = await edge.postForm('/oauth2/token', { grant_type: 'x' });
  expect(JSON.parse(answered.body)).toEqual({
    access_token: 'a"b',
    token_type: 'Bearer',
    expires_in: 1,
    refresh_token: 'r',
    id_token: 'i',
    issued_token_type: 't',
  });
  edge.state.exchange = undefined;
});

test('performance.md: codes and assertions are never sent twice, and share no batch with what needs memory alone', () => {
  const lane = (parameters: Record<string, string>) => laneOf(Object.entries(parameters).map(([name, value]) => ({ name, value })));
  expect(lane({ grant_type: 'client_credentials' })).toEqual({ lane: 'cpu', idempotent: true });
  expect(lane({ grant_type: 'client_credentials', client_assertion: 'x' })).toEqual({ lane: 'store', idempotent: false });
  expect(lane({ grant_type: 'authorization_code' })).toEqual({ lane: 'store', idempotent: false });
  expect(lane({ grant_type: 'refresh_token' })).toEqual({ lane: 'store', idempotent: true });
  expect(lane({ grant_type: 'refresh_token', client_assertion: 'x' })).toEqual({ lane: 'store', idempotent: false });
});

const bad: [string, { headers?: Record<string, string>; body?: string | Buffer }, number, string][] = [
  ['a repeated parameter', { headers: { 'content-type': form }, body: 'a=1&a=2' }, 400, 'parameter_repeated'],
  ['a JSON body', { headers: { 'content-type': 'application/json' }, body: '{}' }, 400, 'content_type_wrong'],
  ['a type that only begins like it', { headers: { 'content-type': `${form}x` }, body: 'a=1' }, 400, 'content_type_wrong'],
  ['another charset', { headers: { 'content-type': `${form}; charset=utf-16` }, body: 'a=1' }, 400, 'content_type_wrong'],
  ['a type that is none', { headers: { 'content-type': ';;;' }, body: 'a=1' }, 400, 'content_type_wrong'],
  ['two types', { headers: { 'content-type': `${form}, application/json` }, body: 'a=1' }, 400, 'content_type_wrong'],
  ['no type', { body: 'a=1' }, 400, 'content_type_wrong'],
  ['64 KiB and a byte', { headers: { 'content-type': form }, body: 'a'.repeat(65_537) }, 413, 'body_too_large'],
  ['NUL', { headers: { 'content-type': form }, body: 'a=%00' }, 400, 'encoding_invalid'],
  ['raw NUL', { headers: { 'content-type': form }, body: 'a=\0' }, 400, 'encoding_invalid'],
  ['invalid UTF-8', { headers: { 'content-type': form }, body: Buffer.from([0x61, 0x3d, 0xff]) }, 400, 'encoding_invalid'],
  ['an encoded surrogate', { headers: { 'content-type': form }, body: 'a=%ED%A0%80' }, 400, 'encoding_invalid'],
  ['a broken escape', { headers: { 'content-type': form }, body: 'a=%4' }, 400, 'encoding_invalid'],
];

for (const path of ['/oauth2/token', '/oauth2/par', '/oauth2/introspect', '/oauth2/revoke', '/oauth2/userinfo']) {
  test.each(bad)(`RFC 6749 §5.2: ${path} refuses %s`, async (_, sent, status, reason) => {
    const answered = await edge.send({ method: 'POST', path, ...sent });
    expect(answered.status).toBe(status);
    expect(JSON.parse(answered.body).error).toBe('invalid_request');
    expect(answered.headers['cache-control']).toBe('no-store');
    expect(answered.body).not.toMatch(/\bat \/|node_modules|stack/);
    expect(refusals()).toMatchObject([{ event: 'http.refused', route: path, status, reason, level: 'info' }]);
    expect(edge.state.asked.filter(({ rpc }) => !rpc.startsWith('get'))).toEqual([]);
  });
}

test.each(['/oauth2/token', '/oauth2/par'])('property: whatever is posted to %s, it never answers 500', async (path) => {
  const type = fc.constantFrom(form, `${form}; charset=UTF-8`, 'text/plain', '', 'application/json');
  const sent = fc.record({ type, body: fc.uint8Array({ maxLength: 300 }) });
  await fc.assert(
    fc.asyncProperty(sent, async ({ type: contentType, body }) => {
      const { status } = await edge.send({
        method: 'POST',
        path,
        headers: { 'content-type': contentType },
        body: Buffer.from(body),
      });
      expect([200, 201, 400, 413]).toContain(status);
    }),
    { numRuns: 150 },
  );
});

test('RFC 6749 §5.2: invalid_client is 401 with a challenge; invalid_grant is 400; the reason stays in the log', async () => {
  edge.state.failing.set('exchange', new OAuthError('invalid_client', 'client_secret_wrong'));
  const client = await edge.postForm('/oauth2/token', { grant_type: 'x' });
  expect(client.status).toBe(401);
  expect(client.headers['www-authenticate']).toBe('Basic realm="http://localhost:8080", charset="UTF-8"');
  expect(client.body).not.toContain('secret_wrong');
  expect(refusals()[0]).toMatchObject({ reason: 'client_secret_wrong', status: 401 });

  edge.state.failing.set('exchange', new OAuthError('invalid_grant', 'code_replayed', { description: 'quote " and \\ and é' }));
  const grant = await edge.postForm('/oauth2/token', { grant_type: 'x' });
  expect(grant.status).toBe(400);
  expect(JSON.parse(grant.body)).toEqual({ error: 'invalid_grant', error_description: "quote ' and ' and '" });
});

test('house.md, what survives what: a store that is away is 503 with Retry-After, as JSON', async () => {
  edge.state.failing.set('exchange', new StatusError('UNAVAILABLE', 'store_unavailable', { retryAfterMs: 1500 }));
  const answered = await edge.postForm('/oauth2/token', { grant_type: 'x' });
  expect([answered.status, answered.headers['retry-after'], JSON.parse(answered.body).error]).toEqual([
    503,
    '2',
    'temporarily_unavailable',
  ]);
  expect(refusals()[0]).toMatchObject({ level: 'warn', reason: 'store_unavailable' });

  edge.state.failing.set('exchange', new StatusError('DEADLINE_EXCEEDED', 'deadline_exceeded'));
  expect((await edge.postForm('/oauth2/token', { grant_type: 'x' })).status).toBe(503);
  edge.state.failing.set('exchange', new StatusError('RESOURCE_EXHAUSTED', 'throttled_address', { retryAfterMs: 60_000 }));
  expect((await edge.postForm('/oauth2/token', { grant_type: 'x' })).headers['retry-after']).toBe('60');
});

test('style.md 13: a fault is logged once with its cause and shown without its text', async () => {
  edge.state.failing.set('exchange', new Error('password=hunter2 at /srv/x.ts'));
  const answered = await edge.postForm('/oauth2/token', { grant_type: 'x' });
  expect([answered.status, JSON.parse(answered.body).error]).toEqual([500, 'server_error']);
  expect(answered.body).not.toContain('hunter2');
  expect(refusals()).toMatchObject([{ event: 'http.fault', level: 'error', reason: 'internal' }]);

  edge.state.failing.set('exchange', new StatusError('PERMISSION_DENIED', 'peer_not_allowed'));
  expect((await edge.postForm('/oauth2/token', { grant_type: 'x' })).status).toBe(500);
});

test.each([
  ['application/token-introspection+jwt', true],
  ['application/json, Application/Token-Introspection+JWT;q=0.9', true],
  ['application/json', false],
  ['*/*', false],
  ['application/*', false],
  ['application/token-introspection+jwt;q=0', false],
])('RFC 9701 §4: who accepts %s gets a JWT: %j', async (accept, jwt) => {
  const { headers, body } = await edge.postForm('/oauth2/introspect', { token: 'eyJ.x.y' }, { accept });
  expect(headers['content-type']).toBe(jwt ? 'application/token-introspection+jwt' : 'application/json');
  expect(headers['cache-control']).toBe('no-store');
  expect(body).toBe(jwt ? 'a.b.c' : '{"active":true}');
  expect(askedOf('introspect')[0]).toMatchObject({ request: { jwt }, options: { lane: jwt ? 'store' : 'cpu', idempotent: true } });
});

test('RFC 9126 §2.2: a pushed request is 201, kept by no cache; one with an assertion is never sent twice', async () => {
  const pushed = await edge.postForm('/oauth2/par', { client_id: 'c' });
  expect([pushed.status, pushed.headers['content-type'], pushed.headers['cache-control']]).toEqual([201, 'application/json', 'no-store']);
  expect(JSON.parse(pushed.body)).toEqual({ request_uri: 'urn:ietf:params:oauth:request_uri:r1', expires_in: 60 });
  expect(askedOf('pushAuthorizationRequest')[0]?.options).toEqual({ lane: 'store', idempotent: true });
  await edge.postForm('/oauth2/par', { client_id: 'c', client_assertion: 'a.b.c' });
  expect(askedOf('pushAuthorizationRequest')[1]?.options).toEqual({ lane: 'store', idempotent: false });
});

test('RFC 7662 §2.2 and RFC 7009 §2.2: introspection passes the answer on, revocation says nothing', async () => {
  const introspected = await edge.postForm('/oauth2/introspect', { token: 'eyJ.x.y' });
  expect([introspected.status, introspected.body, introspected.headers['content-type']]).toEqual([
    200,
    '{"active":true}',
    'application/json',
  ]);
  expect(askedOf('introspect')[0]?.options).toEqual({ lane: 'cpu', idempotent: true });
  await edge.postForm('/oauth2/introspect', { token: 'rt' });
  expect(askedOf('introspect')[1]?.options).toEqual({ lane: 'store', idempotent: true });

  const revoked = await edge.postForm('/oauth2/revoke', { token: 'rt' });
  expect([revoked.status, revoked.body, revoked.headers['cache-control']]).toEqual([200, '', 'no-store']);
});

test('OpenID Connect Core §5.3.1: UserInfo by GET and POST; a token in the query is not looked at (RFC 9700 §4.3.2)', async () => {
  const got = await edge.send({ path: '/oauth2/userinfo?access_token=secret', headers: { authorization: 'Bearer at' } });
  expect([got.status, got.body, got.headers['cache-control']]).toEqual([200, '{"sub":"s"}', 'no-store']);
  expect(askedOf('userInfo')[0]?.request).toMatchObject({
    parameters: [],
    authorization: 'Bearer at',
    evidence: { url: 'http://localhost:8080/oauth2/userinfo' },
  });
  await edge.postForm('/oauth2/userinfo', { access_token: 'at' });
  expect(askedOf('userInfo')[1]?.request).toMatchObject({ parameters: [{ name: 'access_token', value: 'at' }] });
  expect((await edge.send({ method: 'POST', path: '/oauth2/userinfo', headers: { authorization: 'Bearer at' } })).status).toBe(200);
});

test('RFC 6750 §3: challenges of UserInfo; without a token no error is named (§3.1)', async () => {
  const challengeOf = async (error: OAuthError) => {
    edge.state.failing.set('userInfo', error);
    const answered = await edge.send({ path: '/oauth2/userinfo' });
    return [answered.status, answered.headers['www-authenticate']];
  };
  const realm = 'Bearer realm="http://localhost:8080"';
  expect(await challengeOf(new OAuthError('invalid_token', 'token_missing'))).toEqual([401, realm]);
  expect(await challengeOf(new OAuthError('invalid_token', 'token_expired'))).toEqual([
    401,
    `${realm}, error="invalid_token", error_description="the access token is not valid"`,
  ]);
  expect((await challengeOf(new OAuthError('insufficient_scope', 'token_scope_insufficient')))[0]).toBe(403);
  expect((await challengeOf(new OAuthError('invalid_request', 'token_repeated')))[0]).toBe(400);
  expect(await challengeOf(new OAuthError('invalid_token', 'token_expired', { challenge: 'DPoP x' }))).toEqual([401, 'DPoP x']);
});

test('RFC 7591 §3.2, RFC 7592 §2: registration is 201, reading and updating 200, deleting 204', async () => {
  const headers = { 'content-type': 'application/json', authorization: 'Bearer iat' };
  const registered = await edge.send({ method: 'POST', path: '/oauth2/register', headers, body: '{"client_name":"é\\ud83d\\ude00"}' });
  expect([registered.status, registered.body]).toEqual([201, '{"client_name":"é\\ud83d\\ude00"}']);
  expect(askedOf('register')[0]?.request).toMatchObject({ authorization: 'Bearer iat' });
  expect((await edge.send({ path: '/oauth2/register/c_1', headers })).body).toBe('{"client_id":"c_1"}');
  expect((await edge.send({ method: 'PUT', path: '/oauth2/register/c_1', headers, body: '{}' })).status).toBe(200);
  const deleted = await edge.send({ method: 'DELETE', path: '/oauth2/register/c_1', headers: { authorization: 'Bearer rat' } });
  expect([deleted.status, deleted.body, deleted.headers['cache-control']]).toEqual([204, '', 'no-store']);
});

test.each([
  ['a form', { 'content-type': form }, 'a=1', 400],
  ['no JSON', { 'content-type': 'application/json' }, '{', 400],
  ['an array', { 'content-type': 'application/json' }, '[]', 400],
  ['null', { 'content-type': 'application/json' }, 'null', 400],
  ['an escaped NUL', { 'content-type': 'application/json' }, '{"a":"\\u0000"}', 400],
  ['half of a surrogate pair', { 'content-type': 'application/json' }, '{"a":[{"b":"\\ud83d"}]}', 400],
  ['half of a surrogate pair as a name', { 'content-type': 'application/json' }, '{"\\uDE00":1}', 400],
  ['invalid UTF-8', { 'content-type': 'application/json' }, Buffer.from([0x7b, 0xff, 0x7d]), 400],
  ['too much', { 'content-type': 'application/json' }, `{"a":"${'x'.repeat(65_536)}"}`, 413],
])('RFC 7591 §3.2.2: registration refuses %s', async (_, headers, body, status) => {
  const answered = await edge.send({ method: 'POST', path: '/oauth2/register', headers, body });
  expect([answered.status, JSON.parse(answered.body).error]).toEqual([status, 'invalid_request']);
  expect(refusals()).toHaveLength(1);
});

test('RFC 7592 §2: a client_id in the path that is not well-formed is refused, and one too long is not looked for', async () => {
  for (const id of ['%00', '%ff', '%ED%A0%80', 'x'.repeat(400)]) {
    const { status, body } = await edge.send({ path: `/oauth2/register/${id}` });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(body).not.toContain('stack');
  }
});

test('RFC 6750 §3.1: registration without its token is 401 with a challenge, with refused metadata 400 without', async () => {
  edge.state.failing.set('register', new OAuthError('invalid_token', 'registration_token_missing'));
  const headers = { 'content-type': 'application/json' };
  const missing = await edge.send({ method: 'POST', path: '/oauth2/register', headers, body: '{}' });
  expect([missing.status, missing.headers['www-authenticate']]).toEqual([401, 'Bearer realm="http://localhost:8080"']);
  edge.state.failing.set('register', new OAuthError('invalid_redirect_uri', 'client_metadata_invalid'));
  const metadata = await edge.send({ method: 'POST', path: '/oauth2/register', headers, body: '{}' });
  expect([metadata.status, metadata.headers['www-authenticate']]).toEqual([400, undefined]);
});

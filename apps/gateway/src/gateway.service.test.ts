import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { Agent, request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TransportEvidence } from '@authority/contracts/rpc';
import { StatusError } from '@authority/errors';
import { afterEach, expect, test } from 'vitest';
import { fakePeers } from '../testing/fake-peers.ts';
import { startTestEdge, type TestEdge } from '../testing/edge.ts';
import { gatewayConfig } from './config.ts';
import { startEdge } from './gateway.ts';

const edges: TestEdge[] = [];
const start = async (env: Record<string, string> = {}): Promise<TestEdge> => {
  const edge = await startTestEdge(env);
  edges.push(edge);
  return edge;
};
afterEach(async () => {
  for (const edge of edges.splice(0)) await edge.stop();
});
const until = async (done: () => boolean | Promise<boolean>): Promise<void> => {
  for (let tries = 0; tries < 300 && !(await done()); tries++) await new Promise((resolve) => setTimeout(resolve, 10));
};

test('OpenID Connect Discovery §4, RFC 8414 §3: one document in both places, and the key set (RFC 7517 §8.5)', async () => {
  const edge = await start();
  for (const path of ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server']) {
    const { status, headers, body } = await edge.send({ path });
    expect([status, headers['content-type'], body]).toEqual([200, 'application/json', '{"issuer":"http://localhost:8080"}']);
  }
  const jwks = await edge.send({ path: '/.well-known/jwks.json' });
  expect([jwks.status, jwks.headers['content-type'], jwks.headers.etag]).toEqual([200, 'application/jwk-set+json', '"k1"']);
  const known = await edge.send({ path: '/.well-known/jwks.json', headers: { 'if-none-match': 'W/"k1"' } });
  expect([known.status, known.body]).toEqual([304, '']);
  const head = await edge.send({ method: 'HEAD', path: '/.well-known/jwks.json' });
  expect([head.status, head.body, head.headers['content-length']]).toEqual([200, '', '11']);
});

test('RFC 8414 §3.1: everything lies below the path of the issuer, discovery also before it', async () => {
  const edge = await start({ AUTHORITY_ISSUER: 'https://login.example/tenant' });
  const there = [
    ...['/tenant/.well-known/openid-configuration', '/.well-known/openid-configuration/tenant'],
    ...[
      '/tenant/.well-known/oauth-authorization-server',
      '/.well-known/oauth-authorization-server/tenant',
      '/tenant/.well-known/jwks.json',
    ],
  ];
  for (const path of there) expect([path, (await edge.send({ path })).status]).toEqual([path, 200]);
  for (const path of ['/login', '/oauth2/authorize', '/.well-known/jwks.json'])
    expect([path, (await edge.send({ path })).status]).toEqual([path, 404]);

  const started = await edge.send({ path: '/tenant/oauth2/authorize?client_id=c' });
  expect(started.headers.location).toBe('https://login.example/tenant/login?interaction=i1');
  expect(String(started.headers['set-cookie'])).toMatch(/^__Host-authority-browser=[^;]+; Path=\/; HttpOnly; SameSite=Lax; Secure,/);
  const login = await edge.send({ path: '/tenant/login?interaction=i1' });
  expect(login.body).toContain('action="/tenant/login"');
  expect(login.headers['strict-transport-security']).toBe('max-age=31536000');
  const [, css = ''] = /href="(\/tenant\/assets\/page\.[0-9a-f]+\.css)"/.exec(login.body) ?? [];
  const asset = await edge.send({ path: css });
  expect([asset.status, asset.headers['cache-control']]).toEqual([200, 'public, max-age=31536000, immutable']);
});

test('issue 2, image and chart: readiness waits for the first contact and hangs on no peer afterwards', async () => {
  const { peers, state } = fakePeers();
  state.failing.set('getJwks', new StatusError('UNAVAILABLE', 'peer_unavailable'));
  const running = await startEdge(gatewayConfig({ AUTHORITY_HTTP_LISTEN: '127.0.0.1:0' }), peers);
  const get = (path: string) => fetch(`http://127.0.0.1:${running.port}${path}`);
  expect(running.ready()).toBe(false);
  expect((await get('/health/ready')).status).toBe(503);
  expect((await get('/health/live')).status).toBe(200);
  const early = await get('/.well-known/jwks.json');
  expect([early.status, early.headers.get('retry-after')]).toEqual([503, '1']);

  state.failing.clear();
  await until(() => running.ready());
  state.failing.set('getJwks', new StatusError('UNAVAILABLE', 'peer_unavailable'));
  state.failing.set('getMetadata', new StatusError('UNAVAILABLE', 'peer_unavailable'));
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect((await get('/health/ready')).status).toBe(200);
  expect((await get('/.well-known/jwks.json')).status).toBe(200);
  await running.stop();
  expect(running.ready()).toBe(false);
});

test('house.md, "One revocation set": the revocation list is served as it is signed, and not at all once it may be old', async () => {
  const { peers, state } = fakePeers();
  const running = await startEdge(gatewayConfig({ AUTHORITY_HTTP_LISTEN: '127.0.0.1:0' }), peers);
  const get = (headers = {}) => fetch(`http://127.0.0.1:${running.port}/.well-known/revocations`, { headers });
  await until(async () => (await get()).status === 200);
  const list = await get();
  expect(Object.fromEntries(['content-type', 'etag', 'cache-control'].map((name) => [name, list.headers.get(name)]))).toEqual({
    ...{ 'content-type': 'application/jwt', etag: '"r1"', 'cache-control': 'public, no-cache' },
  });
  expect(await list.text()).toBe('a.signed.list');
  expect((await get({ 'if-none-match': '"r1"' })).status).toBe(304);
  state.failing.set('getRevocationList', new StatusError('UNAVAILABLE', 'revocations_stale'));
  await until(async () => (await get({ 'if-none-match': '"r1"' })).status === 503);
  await running.stop();
});

test('issue 2, keys: a change of the key set is seen within a second', async () => {
  const { peers } = fakePeers();
  let body = '{"keys":[1]}';
  const token = { ...peers.token, getJwks: async () => ({ body, etag: body.length > 12 ? 'b' : 'a' }) };
  const running = await startEdge(gatewayConfig({ AUTHORITY_HTTP_LISTEN: '127.0.0.1:0' }), { ...peers, token });
  await until(() => running.ready());
  body = '{"keys":[1,2]}';
  const changedAt = performance.now();
  await until(async () => (await (await fetch(`http://127.0.0.1:${running.port}/.well-known/jwks.json`)).text()) === body);
  expect(performance.now() - changedAt).toBeLessThan(1000);
  await running.stop();
});

test('RFC 9110 §15.5.5, §15.5.6: what is not there is 404, another method 405 with Allow; as a page only where one is wanted', async () => {
  const edge = await start();
  const nothing = await edge.send({ path: '/nothing?a=<b>' });
  expect([nothing.status, nothing.headers['content-type'], nothing.headers['cache-control']]).toEqual([
    404,
    'application/json',
    'no-store',
  ]);
  const page = await edge.send({ path: '/nothing', headers: { accept: 'text/html' } });
  expect([page.status, page.headers['content-type']]).toEqual([404, 'text/html; charset=utf-8']);
  const method = await edge.send({ path: '/oauth2/token' });
  expect([method.status, method.headers.allow]).toEqual([405, 'POST, OPTIONS']);
  expect((await edge.send({ method: 'DELETE', path: '/login' })).headers.allow).toBe('GET, POST');
  expect((await edge.send({ path: '/' })).headers.location).toBe('http://localhost:8080/account');
  for (const path of ['/%', '/%ff', '/a%00b', '//evil.example/', '/oauth2/token/../x']) {
    const { status } = await edge.send({ path });
    expect([path, status >= 400 && status < 500]).toEqual([path, true]);
  }
});

test('RFC 9112 §3, §5.1: what is no HTTP, or has too large a header, is answered and closed', async () => {
  const edge = await start();
  const raw = (text: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect(edge.running.port, '127.0.0.1', () => socket.write(text));
      let received = '';
      socket.on('data', (data) => (received += data));
      socket.on('close', () => resolve(received));
    });
  expect(await raw('NONSENSE\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  expect(await raw(`GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
  expect(await raw('POST /oauth2/token HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello')).toMatch(
    /^HTTP\/1\.1 400 /,
  );
  expect(await raw('POST /oauth2/token HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n')).toMatch(
    /^HTTP\/1\.1 400 /,
  );
});

test('a stop finishes what runs', async () => {
  const { peers, state } = fakePeers();
  let release = (): void => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const token = { ...peers.token, revoke: () => held.then(() => ({})) };
  const running = await startEdge(gatewayConfig({ AUTHORITY_HTTP_LISTEN: '127.0.0.1:0' }), { ...peers, token });
  const answer = fetch(`http://127.0.0.1:${running.port}/oauth2/revoke`, { method: 'POST', body: new URLSearchParams({ token: 't' }) });
  await new Promise((resolve) => setTimeout(resolve, 50));
  const stopped = running.stop();
  expect(running.ready()).toBe(false);
  setTimeout(release, 50);
  expect((await answer).status).toBe(200);
  await stopped;
  await expect(fetch(`http://127.0.0.1:${running.port}/health/live`)).rejects.toThrow();
  expect(state.failing.size).toBe(0);
});

test('RFC 8705 §2: a client certificate is evidence, and whether an authority of ours issued it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-tls-'));
  const make = (name: string) =>
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-days',
        '1',
        '-subj',
        `/CN=${name}`,
        '-keyout',
        join(folder, `${name}.key`),
        '-out',
        join(folder, `${name}.pem`),
      ],
      { stdio: 'ignore' },
    );
  for (const name of ['localhost', 'known', 'stranger']) make(name);
  const edge = await start({
    AUTHORITY_ISSUER: 'https://localhost:8443',
    AUTHORITY_TLS_CERT_FILE: join(folder, 'localhost.pem'),
    AUTHORITY_TLS_KEY_FILE: join(folder, 'localhost.key'),
    AUTHORITY_TLS_CLIENT_CA_FILE: join(folder, 'known.pem'),
  });
  const evidenceOf = async (name?: string): Promise<[number, boolean]> => {
    const own =
      name === undefined ? {} : { cert: readFileSync(join(folder, `${name}.pem`)), key: readFileSync(join(folder, `${name}.key`)) };
    const agent = new Agent({ rejectUnauthorized: false, ...own });
    await new Promise<void>((resolve, reject) => {
      const outgoing = httpsRequest({ port: edge.running.port, host: '127.0.0.1', path: '/oauth2/userinfo', agent }, (incoming) => {
        incoming.resume().on('end', resolve);
      });
      outgoing.on('error', reject).end();
    });
    agent.destroy();
    const last = edge.state.asked.findLast(({ rpc }) => rpc === 'userInfo')?.request as { evidence: TransportEvidence };
    const { tls_client_certificate, tls_client_certificate_verified } = last.evidence;
    return [tls_client_certificate.length, tls_client_certificate_verified];
  };
  expect(await evidenceOf('known')).toEqual([expect.any(Number), true]);
  expect((await evidenceOf('known'))[0]).toBeGreaterThan(200);
  // Self-signed: enough for a client that registered its key (§2.2), never for one that is known by a name (§2.1).
  expect(await evidenceOf('stranger')).toEqual([expect.any(Number), false]);
  expect((await evidenceOf('stranger'))[0]).toBeGreaterThan(200);
  expect(await evidenceOf()).toEqual([0, false]);
});

import 'reflect-metadata'; // @peculiar/x509 asks for it
import { createServer as createHttp, type Server as HttpServer } from 'node:http';
import { createServer, type Server } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import type { TLSSocket } from 'node:tls';
import * as x509 from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOutbound } from './index.ts';

let server: Server;
let proxy: HttpServer;
let ca: string;
const tunnels: string[] = [];
const credentials: (string | undefined)[] = [];
const portOf = (one: { address(): AddressInfo | string | null }): number => (one.address() as AddressInfo).port;

async function certificate(): Promise<{ cert: string; key: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=good.internal',
    notBefore: new Date(Date.now() - 1_000),
    notAfter: new Date(Date.now() + 60_000),
    keys,
    signingAlgorithm: algorithm,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'good.internal' }])],
  });
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return { cert: made.toString('pem'), key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n` };
}

beforeAll(async () => {
  const pair = await certificate();
  ca = pair.cert;
  server = createServer(pair, (request, response) => {
    response.end(JSON.stringify({ host: request.headers.host, servername: (request.socket as TLSSocket).servername }));
  });
  proxy = createHttp();
  proxy.on('connect', (request, socket) => {
    tunnels.push(request.url ?? '');
    credentials.push(request.headers['proxy-authorization']);
    if (credentials.at(-1) === undefined) return void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    const target = connect(Number(request.url?.split(':').at(-1)), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      target.pipe(socket).pipe(target);
    });
    target.on('error', () => socket.destroy());
    socket.on('error', () => target.destroy());
  });
  await Promise.all([server, proxy].map((one) => new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve))));
});
afterAll(() => {
  for (const one of [server, proxy]) {
    one.closeAllConnections();
    one.close();
  }
});

const resolver = async () => [{ address: '127.0.0.1', family: 4 }];

describe('house.md "outbound": pinned resolution under TLS', () => {
  it('RFC 6066 §3: SNI and Host are the name, and the certificate is checked against it', async () => {
    const outbound = createOutbound({ allow: ['127.0.0.0/8'], resolver, ca });
    const answer = await outbound.fetch(`https://good.internal:${portOf(server)}/`);
    expect(JSON.parse(answer.body.toString())).toEqual({ host: `good.internal:${portOf(server)}`, servername: 'good.internal' });
  });

  it('RFC 9110 §4.3.4: another name, an address or an unknown authority is refused', async () => {
    const trusting = createOutbound({ allow: ['127.0.0.0/8'], resolver, ca });
    const port = portOf(server);
    await expect(trusting.fetch(`https://other.internal:${port}/`)).rejects.toMatchObject({ reason: 'tls_failed' });
    await expect(trusting.fetch(`https://127.0.0.1:${port}/`)).rejects.toMatchObject({ reason: 'tls_failed' });
    const usual = createOutbound({ allow: ['127.0.0.0/8'], resolver });
    await expect(usual.fetch(`https://good.internal:${port}/`)).rejects.toMatchObject({ reason: 'tls_failed' });
  });
});

describe('contract.md AUTHORITY_EGRESS_PROXY', () => {
  it('RFC 9110 §9.3.6: the tunnel is asked for the checked address; TLS is with the name, end to end', async () => {
    const egressProxy = `http://user:p%40ss@127.0.0.1:${portOf(proxy)}`;
    const outbound = createOutbound({ allow: ['127.0.0.0/8'], resolver, ca, egressProxy });
    const answer = await outbound.fetch(`https://good.internal:${portOf(server)}/`);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ servername: 'good.internal' });
    expect(tunnels.at(-1)).toBe(`127.0.0.1:${portOf(server)}`);
    expect(credentials.at(-1)).toBe(`Basic ${Buffer.from('user:p@ss').toString('base64')}`);
    await expect(outbound.fetch(`https://other.internal:${portOf(server)}/`)).rejects.toMatchObject({ reason: 'tls_failed' });
    await expect(outbound.fetch(`https://127.0.0.1:${portOf(server)}/`)).rejects.toMatchObject({ reason: 'tls_failed' });
  });

  it('a private address is refused before the proxy hears of it', async () => {
    const before = tunnels.length;
    const outbound = createOutbound({ allow: [], resolver, log: { warn() {} }, egressProxy: `http://127.0.0.1:${portOf(proxy)}` });
    await expect(outbound.fetch('https://good.internal/')).rejects.toMatchObject({ reason: 'address_refused' });
    expect(tunnels).toHaveLength(before);
  });

  it('a proxy that refuses or is away is told apart from the target', async () => {
    const refused = createOutbound({ allow: ['127.0.0.0/8'], resolver, ca, egressProxy: `http://127.0.0.1:${portOf(proxy)}` });
    await expect(refused.fetch(`https://good.internal:${portOf(server)}/`)).rejects.toMatchObject({ reason: 'proxy_failed' });
    const away = createOutbound({ allow: ['127.0.0.0/8'], resolver, ca, egressProxy: 'http://127.0.0.1:1' });
    await expect(away.fetch(`https://good.internal:${portOf(server)}/`)).rejects.toMatchObject({ reason: 'proxy_failed' });
  });
});

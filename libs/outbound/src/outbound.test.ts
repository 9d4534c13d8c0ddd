import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Address, createOutbound, OutboundError, type OutboundRequest } from './index.ts';

const quiet = { warn() {} };
const servers: Server[] = [];
const seen: { url: string; headers: Record<string, unknown>; body: string }[] = [];
let port: number;

const routes: Record<string, RequestListener> = {
  '/ok': (_request, response) => response.writeHead(200, { 'x-a': 'b', 'set-cookie': ['a=1', 'b=2'] }).end('hello'),
  '/redirect': (_request, response) => response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end(),
  '/huge': (_request, response) => void response.writeHead(200).end(Buffer.alloc(200_000)),
  '/liar': (_request, response) => {
    response.writeHead(200); // chunked: no length to be refused by
    for (let i = 0; i < 20; i++) response.write(Buffer.alloc(10_000));
    response.end();
  },
  '/stated': (_request, response) => void response.writeHead(200, { 'content-length': 1e9 }).write('x'),
  '/drip': (_request, response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write('x'), 4);
    response.on('close', () => clearInterval(timer));
  },
  '/silent': () => {},
  '/bomb': (_request, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(1e6))),
  '/cut': (_request, response) => {
    response.writeHead(200, { 'content-length': 100 }).write('x');
    setTimeout(() => response.destroy(), 5);
  },
};

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

beforeAll(async () => {
  port = await serve((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      seen.push({ url: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() });
      routes[request.url?.split('?')[0] ?? '']?.(request, response);
    });
  });
});
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

/** A resolver that answers from a list, one answer after another; the last one stays. */
function resolves(...answers: string[][]): { resolver: (host: string) => Promise<Address[]>; asked: string[] } {
  const asked: string[] = [];
  const resolver = async (host: string): Promise<Address[]> => {
    asked.push(host);
    const answer = answers[Math.min(asked.length, answers.length) - 1] ?? [];
    return answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  };
  return { resolver, asked };
}

async function reasonOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof OutboundError) return error.reason;
    throw error;
  }
  return 'no error';
}

const open = createOutbound({ allow: ['127.0.0.1'], log: quiet });
const ask = (path: string, request: OutboundRequest = {}) =>
  open.fetch(`http://127.0.0.1:${port}${path}`, { timeoutMs: 1_000, ...request });

describe('house.md "outbound": an answer', () => {
  it('status, headers and body come back; ours are set, and none that steer the request are taken', async () => {
    const headers = { 'X-Custom': 'y', Host: 'evil', 'Accept-Encoding': 'gzip', 'Transfer-Encoding': 'chunked' };
    const answer = await ask('/ok?q=1', { method: 'POST', body: new URLSearchParams({ a: 'b c' }), accept: 'application/json', headers });
    expect({ status: answer.status, body: answer.body.toString(), 'x-a': answer.headers['x-a'] }).toEqual({
      status: 200,
      body: 'hello',
      'x-a': 'b',
    });
    expect(answer.headers['set-cookie']).toBe('a=1, b=2');
    const last = seen.at(-1);
    expect(last?.body).toBe('a=b+c');
    expect(last?.headers).toMatchObject({
      host: `127.0.0.1:${port}`,
      'x-custom': 'y',
      accept: 'application/json',
      'accept-encoding': 'identity',
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': '5',
    });
    expect(last?.headers).not.toHaveProperty('transfer-encoding');
  });
});

describe('house.md "outbound": no private address unless listed', () => {
  const strict = createOutbound({ allow: [], log: quiet });

  it.each([
    ...['https://127.0.0.1/', 'https://2130706433/', 'https://0x7f000001/', 'https://0x7f.1/', 'https://017700000001/', 'https://127.1/'],
    ...[
      'https://0/',
      'https://[::1]/',
      'https://[::ffff:127.0.0.1]/',
      'https://[::ffff:7f00:1]/',
      'https://[::127.0.0.1]/',
      'https://１２７.0.0.1/',
    ],
    ...[
      'https://[64:ff9b::7f00:1]/',
      'https://[2002:7f00:1::]/',
      'https://169.254.169.254/',
      'https://[fd00:ec2::254]/',
      'https://100.100.100.200/',
    ],
  ])('%s is refused', async (url) => {
    expect(await reasonOf(strict.fetch(url))).toBe('address_refused');
  });

  it('localhost and names that lead inside are refused, one bad address among good ones too', async () => {
    expect(await reasonOf(strict.fetch('https://localhost/'))).toBe('address_refused');
    const mixed = createOutbound({ allow: [], log: quiet, resolver: resolves(['93.184.216.34', '10.0.0.1']).resolver });
    expect(await reasonOf(mixed.fetch('https://mixed.example/'))).toBe('address_refused');
  });

  it.each([
    ['http://example.com/', 'url_refused'],
    ['ftp://example.com/', 'url_refused'],
    ['file:///etc/passwd', 'url_refused'],
    ['https://user:pass@example.com/', 'url_refused'],
    ['https://user@example.com/', 'url_refused'],
    ['https://example.com:0/', 'url_refused'],
    ['not a url', 'url_refused'],
    ['https://[fe80::1%25eth0]/', 'url_refused'],
  ])('%s: %s', async (url, reason) => {
    const outbound = createOutbound({ allow: [], log: quiet, resolver: resolves(['93.184.216.34']).resolver });
    expect(await reasonOf(outbound.fetch(url))).toBe(reason);
  });

  it('a mapped address is not let through by the IPv4 network it maps', async () => {
    const outbound = createOutbound({ allow: ['127.0.0.0/8'], log: quiet });
    expect(await reasonOf(outbound.fetch(`http://[::ffff:127.0.0.1]:${port}/ok`))).toBe('address_refused');
    expect((await outbound.fetch(`http://127.0.0.1:${port}/ok`)).status).toBe(200);
  });

  it('host:port lets that port through and no other', async () => {
    const outbound = createOutbound({ allow: [`hook.internal:${port}`], log: quiet, resolver: resolves(['127.0.0.1']).resolver });
    expect((await outbound.fetch(`http://hook.internal:${port}/ok`)).status).toBe(200);
    expect(await reasonOf(outbound.fetch('https://hook.internal/ok'))).toBe('address_refused');
  });

  it('DNS rebinding: a name is resolved once, and the connection goes where the check was', async () => {
    const dns = resolves(['127.0.0.1'], ['127.0.0.2']);
    const outbound = createOutbound({ allow: [`127.0.0.1:${port}`], log: quiet, resolver: dns.resolver });
    // Whoever resolved a second time would now go to 127.0.0.2.
    expect((await outbound.fetch(`http://rebind.example:${port}/ok`)).status).toBe(200);
    expect(dns.asked).toEqual(['rebind.example']);
    expect(await reasonOf(outbound.fetch(`http://rebind.example:${port}/ok`))).toBe('address_refused');
  });

  it('Host is the name while the connection goes to the checked address', async () => {
    const outbound = createOutbound({ allow: ['named.internal'], log: quiet, resolver: resolves(['127.0.0.1']).resolver });
    await outbound.fetch(`http://named.internal:${port}/ok`);
    expect(seen.at(-1)?.headers.host).toBe(`named.internal:${port}`);
  });

  it('a name without addresses, or that cannot be resolved', async () => {
    const failing = createOutbound({ allow: [], log: quiet, resolver: () => Promise.reject(new Error('ENOTFOUND')) });
    expect(await reasonOf(failing.fetch('https://nobody.example/'))).toBe('name_unknown');
    expect(await reasonOf(createOutbound({ allow: [], resolver: async () => [] }).fetch('https://nobody.example/'))).toBe('name_unknown');
  });
});

describe('house.md "outbound": no redirects, time and size caps', () => {
  it('a redirect to an inner address is an answer and goes nowhere', async () => {
    const before = seen.length;
    expect((await ask('/redirect')).status).toBe(302);
    expect(seen.length).toBe(before + 1);
  });

  it.each([
    ['/huge', 'answer_too_large'],
    ['/liar', 'answer_too_large'],
    ['/stated', 'answer_too_large'],
    ['/bomb', 'encoding_refused'],
    ['/cut', 'unreachable'],
  ])('%s: %s', async (path, reason) => expect(await reasonOf(ask(path))).toBe(reason));

  it('a larger bound lets a larger body through', async () => {
    expect((await ask('/huge', { maxBytes: 200_000 })).body.length).toBe(200_000);
  });

  it.each(['/drip', '/silent'])('%s: the time is the whole, not the pause between bytes', async (path) => {
    const began = performance.now();
    expect(await reasonOf(ask(path, { timeoutMs: 20 }))).toBe('timeout');
    expect(performance.now() - began).toBeLessThan(500);
  });

  it('threat model: a name that resolves slowly keeps its thread after its request is over; two are taken, never more', async () => {
    const asked: (() => void)[] = [];
    const resolver = (): Promise<Address[]> => new Promise((resolve) => void asked.push(() => resolve([])));
    const outbound = createOutbound({ allow: [], log: quiet, resolver });
    const ask = (host: string) => reasonOf(outbound.fetch(`https://${host}.example/`, { timeoutMs: 5 }));
    for (const host of ['a', 'b', 'c', 'd', 'e']) expect(await ask(host)).toBe('timeout');
    expect(asked).toHaveLength(2);
    for (const answer of asked) answer();
    await ask('f');
    expect(asked).toHaveLength(3);
  });

  it('slow resolution counts, and a caller can cancel', async () => {
    const slow = createOutbound({ allow: [], resolver: () => new Promise(() => {}) });
    expect(await reasonOf(slow.fetch('https://slow.example/', { timeoutMs: 5 }))).toBe('timeout');
    const controller = new AbortController();
    const asked = reasonOf(ask('/silent', { signal: controller.signal }));
    setTimeout(() => controller.abort(), 5);
    expect(await asked).toBe('cancelled');
  });

  it('requests at once to one host are limited; who waits too long ends by its own time', async () => {
    let running = 0;
    let most = 0;
    const busy = await serve((_request, response) => {
      most = Math.max(most, ++running);
      setTimeout(() => {
        running--;
        response.end();
      }, 5);
    });
    const narrow = createOutbound({ allow: ['127.0.0.1'], perHost: 2 });
    const answers = await Promise.all(Array.from({ length: 6 }, () => narrow.fetch(`http://127.0.0.1:${busy}/`, { timeoutMs: 2_000 })));
    expect(answers.map((one) => one.status)).toEqual([200, 200, 200, 200, 200, 200]);
    expect(most).toBe(2);
    const held = [ask('/silent', { timeoutMs: 10 }), ask('/silent', { timeoutMs: 10 })].map(reasonOf);
    expect(await Promise.all(held)).toEqual(['timeout', 'timeout']);
  });

  it('an error names the host and neither path nor query', async () => {
    await expect(ask('/cut?token=abc')).rejects.toThrow(/^127\.0\.0\.1: broke off its answer$/);
  });
});

import { request as httpRequest } from 'node:http';
import { setLogSink } from '@authority/telemetry';
import { gatewayConfig } from '../src/config.ts';
import { type Running, startEdge } from '../src/gateway.ts';
import { fakePeers, type FakeState } from './fake-peers.ts';

export interface Answered {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

export interface Sent {
  method?: string;
  path: string;
  headers?: Record<string, string | string[]>;
  body?: string | Buffer;
}

/** A gateway on a real socket over fake peers, with the lines that it logs. */
export interface TestEdge {
  readonly state: FakeState;
  readonly running: Running;
  readonly lines: string[];
  send(sent: Sent): Promise<Answered>;
  postForm(path: string, fields: Record<string, string> | string, headers?: Record<string, string>): Promise<Answered>;
  stop(): Promise<void>;
}

export async function startTestEdge(env: Record<string, string> = {}): Promise<TestEdge> {
  const lines: string[] = [];
  const restore = setLogSink((line) => lines.push(line));
  const { peers, state } = fakePeers();
  const config = gatewayConfig({ AUTHORITY_HTTP_LISTEN: '127.0.0.1:0', ...env });
  const running = await startEdge(config, peers);
  while (!running.ready() && !state.failing.has('getJwks')) await new Promise((resolve) => setTimeout(resolve, 5));
  state.asked.length = 0;
  const send = (sent: Sent) => overSocket(running.port, sent);
  return {
    state,
    running,
    lines,
    send,
    postForm: (path, fields, headers = {}) =>
      send({
        method: 'POST',
        path,
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
        body: typeof fields === 'string' ? fields : new URLSearchParams(fields).toString(),
      }),
    async stop() {
      await running.stop();
      restore();
    },
  };
}

/** node:http and not fetch: redirects are looked at, any header can be sent, none is added. */
function overSocket(port: number, { method = 'GET', path, headers = {}, body }: Sent): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({ host: '127.0.0.1', port, method, path, headers, agent: false }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks).toString('utf8') }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** A browser's cookie jar, of which one host is enough. */
export class Browser {
  readonly cookies = new Map<string, string>();

  constructor(
    private readonly edge: TestEdge,
    private readonly origin = 'http://localhost:8080',
  ) {}

  async get(path: string, headers: Record<string, string> = {}): Promise<Answered> {
    return this.#keep(await this.edge.send({ path, headers: { ...this.#cookieHeader(), ...headers } }));
  }

  /** As our own page sends it. */
  async post(path: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Answered> {
    const own = { origin: 'null', 'sec-fetch-site': 'same-origin' };
    return this.#keep(await this.edge.postForm(path, fields, { ...this.#cookieHeader(), ...own, ...headers }));
  }

  async postJson(path: string, fields: Record<string, string>): Promise<Answered> {
    const headers = { ...this.#cookieHeader(), origin: this.origin, 'content-type': 'application/json' };
    return this.#keep(await this.edge.send({ method: 'POST', path, headers, body: JSON.stringify(fields) }));
  }

  cookie(name: string): string | undefined {
    return [...this.cookies].find(([key]) => key.includes(`authority-${name}`))?.[1];
  }

  #cookieHeader(): Record<string, string> {
    if (this.cookies.size === 0) return {};
    return { cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ') };
  }

  #keep(answered: Answered): Answered {
    for (const line of answered.headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/Max-Age=0/.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return answered;
  }
}

/** The hidden fields of a page's form. */
export function hiddenFields(page: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [, name = '', value = ''] of (/<form method="post".*?<\/form>/s.exec(page)?.[0] ?? page).matchAll(
    /<input type="hidden" name="([^"]*)" value="([^"]*)">/g,
  )) {
    fields[name] = value
      .replaceAll('&amp;', '&')
      .replaceAll('&quot;', '"')
      .replaceAll('&#39;', "'")
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>');
  }
  return fields;
}

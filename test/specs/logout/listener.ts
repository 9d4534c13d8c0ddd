import { once } from 'node:events';
import { createServer } from 'node:http';

/** What a client was sent. */
export interface Heard {
  readonly path: string;
  readonly method: string;
  readonly type: string;
  readonly form: URLSearchParams;
}

/** A client's side of a logout: remembers what it is sent, and answers as it is told to. */
export interface Listener {
  readonly origin: string;
  readonly heard: Heard[];
  /** The status of the next answers. */
  status: number;
  /** Waits until so many requests came for a path. */
  until(path: string, count?: number, timeoutMs?: number): Promise<Heard[]>;
  close(): Promise<void>;
}

export async function startListener(): Promise<Listener> {
  const heard: Heard[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString('utf8');
    });
    request.on('end', () => {
      const { pathname, search } = new URL(request.url ?? '/', 'http://here');
      const form = new URLSearchParams(request.method === 'GET' ? search : body);
      if (pathname !== '/favicon.ico')
        heard.push({ path: pathname, method: request.method ?? '', type: request.headers['content-type'] ?? '', form });
      const headers = listener.status === 302 ? { location: `${listener.origin}/elsewhere` } : { 'content-type': 'text/html' };
      response.writeHead(listener.status, headers).end('<!doctype html><title>Client</title>');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  const listener: Listener = {
    origin: `http://127.0.0.1:${address.port}`,
    heard,
    status: 200,
    async until(path, count = 1, timeoutMs = 10_000) {
      const of = () => heard.filter((one) => one.path === path);
      for (const end = Date.now() + timeoutMs; of().length < count && Date.now() < end; ) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return of();
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return listener;
}

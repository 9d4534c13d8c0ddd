import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** The application's side of the redirect: an origin of its own that remembers what browsers brought. */
export interface CallbackServer {
  readonly origin: string;
  /** `/callback`: answers with a page. */
  readonly callback: string;
  /** `/hop`: sends the browser on to `/landed` of a third origin, as many applications do after they have the code. */
  readonly hop: string;
  /** Where `/hop` ends. */
  readonly landed: string;
  /** Forms that were posted to `/callback`, oldest first. */
  readonly posted: readonly URLSearchParams[];
  close(): Promise<void>;
}

export async function startCallbackServer(): Promise<CallbackServer> {
  const posted: URLSearchParams[] = [];
  const third = await listen((_request, response) => page(response, 'Landed'));
  const landed = `${third.origin}/landed`;
  const application = await listen((request, response) => {
    if (request.url?.startsWith('/hop')) {
      response.writeHead(302, { location: landed }).end();
      return;
    }
    void bodyOf(request).then((body) => {
      if (request.method === 'POST') posted.push(new URLSearchParams(body));
      page(response, 'Back at the application');
    });
  });
  return {
    origin: application.origin,
    callback: `${application.origin}/callback`,
    hop: `${application.origin}/hop`,
    landed,
    posted,
    close: async () => {
      await Promise.all([application.close(), third.close()]);
    },
  };
}

async function listen(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function page(response: ServerResponse, title: string): void {
  response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html><title>${title}</title><h1>${title}</h1>`);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
}

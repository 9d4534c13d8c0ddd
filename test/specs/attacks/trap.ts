import { once } from 'node:events';
import { createServer } from 'node:http';

/** An address of the attacker's: it answers with his keys, and remembers who asked. */
export interface Trap {
  readonly url: string;
  /** Paths that were asked for, and `connection` for each connection: one that says nothing was too much as well. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

export async function startTrap(body: string): Promise<Trap> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  });
  server.on('connection', () => asked.push('connection'));
  // Every address of this machine, IPv6 too.
  server.listen(0, '::');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return {
    url: `http://127.0.0.1:${address.port}`,
    asked,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

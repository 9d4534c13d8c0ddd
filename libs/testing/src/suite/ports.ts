import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** Below the ports that systems give to outgoing connections, one of which could take a port before its server does. */
const lowest = 15_000;
const beyond = 32_000;

/** Ports of 127.0.0.1 that are free now; distinct from one another. */
export async function freePorts(count: number): Promise<number[]> {
  const taken: { server: Server; port: number }[] = [];
  while (taken.length < count) {
    const port = randomInt(lowest, beyond);
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await Promise.race([once(server, 'listening').then(() => true), once(server, 'error').then(() => false)]).catch(
      () => false,
    );
    if (isFree) taken.push({ server, port });
  }
  await Promise.all(taken.map(({ server }) => new Promise((resolve) => server.close(resolve))));
  return taken.map(({ port }) => port);
}

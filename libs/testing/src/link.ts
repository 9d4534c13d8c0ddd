import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A network path to a server that can be cut. */
export interface TestLink {
  readonly port: number;
  /** The same URL, through the link. */
  through(url: string): string;
  /** Refuses and resets, as when the server's process has gone. */
  cut(): Promise<void>;
  /** Keeps connections and accepts new ones, and passes nothing on: a network that swallows packets. */
  hang(): void;
  /** Breaks the connections once; new ones work. */
  reset(): void;
  restore(): Promise<void>;
  stop(): Promise<void>;
}

/** A TCP proxy on a free port. */
export async function testLink(targetPort: number): Promise<TestLink> {
  const pairs = new Set<Socket>();
  let hanging = false;
  const accept = (socket: Socket): void => {
    const onward = connect(targetPort, '127.0.0.1');
    for (const [from, to] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      pairs.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        pairs.delete(from);
        to.destroy();
      });
      from.on('data', (chunk: Buffer) => {
        if (!hanging) to.write(chunk);
      });
    }
  };
  const reset = (): void => {
    for (const socket of pairs) socket.destroy();
  };
  let server: Server | undefined = await listen(accept, 0);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port of this machine is free.');
  const { port } = address;
  const cut = async (): Promise<void> => {
    const closing = server;
    server = undefined;
    closing?.close();
    reset();
    if (closing) await once(closing, 'close');
  };
  return {
    port,
    through: (url) => {
      const changed = new URL(url);
      changed.port = String(port);
      return changed.href;
    },
    cut,
    hang: () => {
      hanging = true;
    },
    reset,
    restore: async () => {
      // What was swallowed is lost: a connection from before would wait for ever.
      if (hanging) reset();
      hanging = false;
      server ??= await listen(accept, port);
    },
    stop: cut,
  };
}

async function listen(accept: (socket: Socket) => void, port: number): Promise<Server> {
  const server = createServer(accept);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

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
  const traffic: Traffic = { sockets: new Set(), isHanging: false };
  const accept = (socket: Socket): void => forward(socket, connect(targetPort, '127.0.0.1'), traffic);
  const reset = (): void => {
    for (const socket of traffic.sockets) socket.destroy();
  };
  let server: Server | undefined = await listen(accept, 0);
  const port = portOf(server);
  const cut = async (): Promise<void> => {
    const closing = server;
    server = undefined;
    closing?.close();
    reset();
    if (closing) await once(closing, 'close');
  };
  return {
    port,
    through: (url) => Object.assign(new URL(url), { port: String(port) }).href,
    cut,
    hang: () => {
      traffic.isHanging = true;
    },
    reset,
    restore: async () => {
      // What was swallowed is lost: a connection from before would wait for ever.
      if (traffic.isHanging) reset();
      traffic.isHanging = false;
      server ??= await listen(accept, port);
    },
    stop: cut,
  };
}

interface Traffic {
  readonly sockets: Set<Socket>;
  isHanging: boolean;
}

function forward(socket: Socket, onward: Socket, traffic: Traffic): void {
  for (const [from, to] of [
    [socket, onward],
    [onward, socket],
  ] as const) {
    traffic.sockets.add(from);
    from.on('error', () => to.destroy());
    from.on('close', () => {
      traffic.sockets.delete(from);
      to.destroy();
    });
    from.on('data', (chunk: Buffer) => {
      if (!traffic.isHanging) to.write(chunk);
    });
  }
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port of this machine is free.');
  return address.port;
}

async function listen(accept: (socket: Socket) => void, port: number): Promise<Server> {
  const server = createServer(accept);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

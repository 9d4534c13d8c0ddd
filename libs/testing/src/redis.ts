import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface TestRedis {
  readonly url: string;
  readonly port: number;
  /** Where it writes its snapshot (dump.rdb). */
  readonly folder: string;
  /** SIGKILL: what was not written is lost. */
  kill(): Promise<void>;
  /** Starts again on the same port and folder, after kill() or stop. */
  restart(): Promise<void>;
  /** Stops answering without closing connections, and goes on. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
}

/** A real Redis on a free port. `settings` are lines of redis.conf: `['maxmemory-policy allkeys-lru']`. */
export async function testRedis(settings: readonly string[] = []): Promise<TestRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'authority-test-redis-'));
  const port = await freePort();
  let server = await start(port, folder, settings);
  const killWithUs = (): boolean => server.kill('SIGKILL');
  process.once('exit', killWithUs);
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill(signal);
    await ended;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    folder,
    kill: () => kill('SIGKILL'),
    restart: async () => {
      await kill('SIGKILL');
      server = await start(port, folder, settings);
    },
    freeze: () => void server.kill('SIGSTOP'),
    thaw: () => void server.kill('SIGCONT'),
    stop: async () => {
      process.off('exit', killWithUs);
      await kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function start(port: number, folder: string, settings: readonly string[]): Promise<ChildProcess> {
  assertInstalled();
  const own = [`port ${port}`, 'bind 127.0.0.1', `dir ${folder}`, 'save ""', 'appendonly no', ...settings];
  const server = spawn(...endingWithUs('redis-server', ['-']), { stdio: ['pipe', 'pipe', 'inherit'] });
  const failed = once(server, 'exit').then(() => {
    throw new Error(`redis-server ended while it started on port ${port}.`);
  });
  server.stdin?.on('error', () => {}); // told by `failed`
  server.stdin?.end(`${own.join('\n')}\n`);
  server.stdout?.resume();
  await Promise.race([failed, answers(port)]);
  failed.catch(() => {});
  return server;
}

function assertInstalled(): void {
  const places = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'redis-server'));
  if (!places.some((place) => existsSync(place))) {
    throw new Error('There is no redis-server here: apt-get install -y --no-install-recommends redis-server');
  }
}

/** On Linux the server ends with this process, however that ends. */
function endingWithUs(file: string, args: string[]): [string, string[]] {
  return process.platform === 'linux' ? ['setpriv', ['--pdeathsig=KILL', '--', file, ...args]] : [file, args];
}

async function answers(port: number): Promise<void> {
  for (const end = Date.now() + 5000; Date.now() < end; await sleep(10)) {
    if (await canConnect(port)) return;
  }
  throw new Error(`redis-server does not answer on port ${port}.`);
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('No port of this machine is free.');
  return address.port;
}

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type Account, findAccount, spawnAs } from './account.ts';
import { type Binaries, findBinaries } from './binaries.ts';
import { choosePort, type Cluster, ensureCluster, ensureFolder, serverEnvironment, superuser } from './cluster.ts';
import { claimFolder, stopLeftover } from './supervisor.ts';

export interface EmbeddedOptions {
  dataDir: string;
  /** Told each line of the server's log. */
  log?: (line: string) => void;
  /** Called when the server ends and nobody had asked it to. */
  onExit?: (code: number | null, signal: NodeJS.Signals | null) => void;
  /** False for tests: nothing is flushed to disk. */
  isDurable?: boolean;
  /** True for tests, on Linux: the server ends when this process does, also when that is killed. */
  endsWithUs?: boolean;
}

export interface EmbeddedPostgres {
  /** The owner's, of the database `authority`. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '64MB',
  // Plans are kept and small: compiling them costs more than it gives.
  jit: 'off',
  // One server that nobody copies from: less to write.
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '256MB',
  checkpoint_timeout: '15min',
  log_checkpoints: 'off',
  log_timezone: 'UTC',
  timezone: 'UTC',
};

/** A PostgreSQL of our own in a data folder, for a laptop and a Raspberry Pi. Refuses in one line what it cannot use. */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const dataDir = resolve(options.dataDir);
  const binaries = await findBinaries();
  const account = findAccount(dataDir, binaries.postgres);
  ensureFolder(dataDir, account);
  const release = claimFolder(dataDir);
  let server: ChildProcess | undefined;
  try {
    const cluster = await ensureCluster(dataDir, binaries, account, options.isDurable ?? true);
    assertOwned(cluster, account);
    await stopLeftover(cluster.folder);
    const port = await choosePort(dataDir);
    server = await run(binaries, account, cluster, port, options);
    server.once('exit', release);
    const url = (database: string): string => `postgres://${superuser}:${cluster.password}@127.0.0.1:${port}/${database}`;
    await ensureDatabase(url('postgres'));
    return { url: url('authority'), port, pid: server.pid ?? 0, stop: () => stop(server) };
  } catch (error) {
    await stop(server);
    release();
    throw error;
  }
}

/** What another user's start has left, PostgreSQL would refuse with a longer text. */
function assertOwned({ folder }: Cluster, account: Account | undefined): void {
  const { uid } = statSync(folder);
  const own = account?.uid ?? process.getuid?.() ?? uid;
  if (uid !== own)
    throw new Error(
      `${folder} belongs to user ${uid}, and PostgreSQL would run as ${own}: start as before, or choose another data folder.`,
    );
}

const expected = new WeakSet<ChildProcess>();

/** Processes of a server that was killed may take a moment to end. */
async function run(...[binaries, account, cluster, port, options]: Parameters<typeof runOnce>): Promise<ChildProcess> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await runOnce(binaries, account, cluster, port, options);
    } catch (error) {
      const isEnding = error instanceof Error && /still in use|shared memory block/.test(error.message);
      if (!isEnding || attempt >= 20) throw error;
      await sleep(250);
    }
  }
}

async function runOnce(
  binaries: Binaries,
  account: Account | undefined,
  { folder }: Cluster,
  port: number,
  options: EmbeddedOptions,
): Promise<ChildProcess> {
  const durable = options.isDurable === false ? { fsync: 'off', full_page_writes: 'off' } : {};
  const args = ['-D', folder, '-p', String(port)];
  for (const [name, value] of Object.entries({ ...settings, ...durable })) args.push('-c', `${name}=${value}`);
  const server = spawnAs(account, binaries.postgres, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: serverEnvironment(),
    endsWithUs: options.endsWithUs ?? false,
  });
  const killWithUs = (): boolean => server.kill('SIGINT');
  process.once('exit', killWithUs);
  server.once('exit', (code, signal) => {
    process.off('exit', killWithUs);
    if (!expected.has(server)) options.onExit?.(code, signal);
  });
  await ready(server, options.log);
  return server;
}

function ready(server: ChildProcess, log: EmbeddedOptions['log']): Promise<void> {
  return new Promise((resolve, reject) => {
    const lines: string[] = [];
    server.once('error', (error) => reject(new Error(`PostgreSQL could not be started: ${error.message}`)));
    server.once('exit', () => {
      const line = lines.findLast((one) => /FATAL|PANIC|denied|could not/.test(one)) ?? lines.at(-1) ?? 'no message';
      expected.add(server); // told by this rejection
      reject(new Error(`PostgreSQL ended while it started: ${line}`));
    });
    if (!server.stderr) return;
    createInterface({ input: server.stderr }).on('line', (line) => {
      if (lines.length < 200) lines.push(line);
      log?.(line);
      if (line.includes('database system is ready to accept connections')) {
        lines.length = 0;
        resolve();
      }
    });
  });
}

async function ensureDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query("SELECT FROM pg_database WHERE datname = 'authority'");
    if (rows.length === 0) await client.query('CREATE DATABASE authority');
  } finally {
    await client.end();
  }
}

/** Fast shutdown (SIGINT): ends the connections and writes a checkpoint. SIGQUIT after ten seconds: recovers at start. */
async function stop(server: ChildProcess | undefined): Promise<void> {
  if (!server || server.exitCode !== null || server.signalCode !== null) return;
  expected.add(server);
  const ended = once(server, 'exit');
  server.kill('SIGINT');
  const impatience = setTimeout(() => server.kill('SIGQUIT'), 10_000);
  await ended;
  clearTimeout(impatience);
}

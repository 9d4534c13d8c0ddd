import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findBinaries } from './binaries.ts';
import { type EmbeddedOptions, type EmbeddedPostgres, startEmbeddedPostgres } from './start.ts';
import { processStart } from './supervisor.ts';

let folder: string;
const started: EmbeddedPostgres[] = [];

async function start(options: Partial<EmbeddedOptions> = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir: join(folder, 'data'), isDurable: false, endsWithUs: true, ...options });
  started.push(server);
  return server;
}

async function ask(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

/** A process that starts a server and is killed; answers the server's number. */
async function startAndDie(option: string): Promise<number> {
  const script = join(folder, 'start.mts');
  const module = new URL('./start.ts', import.meta.url).href;
  writeFileSync(
    script,
    `import { startEmbeddedPostgres } from ${JSON.stringify(module)};
     const server = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(join(folder, 'data'))}, isDurable: false, ${option} });
     console.log(server.pid);`,
  );
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  child.kill('SIGKILL');
  await once(child, 'exit');
  return Number(line.toString());
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'authority-test-embedded-'));
});

afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()));
  rmSync(folder, { recursive: true, force: true });
});

test('contract.md: a real PostgreSQL 18 whose data, port and password outlive a stop', async () => {
  const first = await start({ isDurable: true });
  expect(await ask(first.url, 'SHOW server_version')).toEqual([{ server_version: '18.4' }]);
  expect(await ask(first.url, 'SHOW fsync')).toEqual([{ fsync: 'on' }]);
  await ask(first.url, 'CREATE TABLE kept AS SELECT 1 AS one');
  await first.stop();
  expect(processStart(first.pid)).toBeUndefined();
  const second = await start();
  expect(second.url).toBe(first.url);
  expect(await ask(second.url, 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
});

test('the password is asked for, and lies in a file that only its owner reads', async () => {
  const { url } = await start();
  const wrong = new URL(url);
  wrong.password = 'wrong';
  await expect(ask(wrong.href, 'SELECT 1')).rejects.toThrow(/password authentication failed/);
  expect(statSync(join(folder, 'data/password')).mode & 0o777).toBe(0o600);
});

test('contract.md: a server that dies is noticed, and can be started again with what was committed', async () => {
  let died: (() => void) | undefined;
  const death = new Promise<void>((resolve) => {
    died = resolve;
  });
  const first = await start({ onExit: () => died?.() });
  await ask(first.url, 'CREATE TABLE kept AS SELECT 1 AS one; CREATE UNLOGGED TABLE lost AS SELECT 1 AS one');
  process.kill(first.pid, 'SIGKILL');
  await death;
  const second = await start();
  expect(await ask(second.url, 'SELECT (SELECT count(*) FROM kept) AS kept, (SELECT count(*) FROM lost) AS lost')).toEqual([
    { kept: '1', lost: '0' },
  ]);
});

test('contract.md: stop() is no death', async () => {
  let exits = 0;
  const server = await start({ onExit: () => exits++ });
  await server.stop();
  await server.stop();
  expect(exits).toBe(0);
});

test('contract.md: a data folder that is in use is refused in one line, also by this process', async () => {
  await start();
  await expect(start()).rejects.toThrow(/^\S+ is in use by process \d+: [^\n]+$/);
});

test.runIf(process.platform === 'linux')('a server of a test ends with its starter, however that ends', async () => {
  const leftover = await startAndDie('endsWithUs: true');
  for (const end = Date.now() + 5000; processStart(leftover) !== undefined && Date.now() < end; )
    await new Promise((resolve) => setTimeout(resolve, 20));
  expect(processStart(leftover)).toBeUndefined();
});

test('contract.md: a server left over from a killed start is found and stopped first', async () => {
  const leftover = await startAndDie('endsWithUs: false');
  expect(processStart(leftover)).toBeDefined();
  const server = await start();
  expect(processStart(leftover)).toBeUndefined();
  expect(await ask(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('contract.md: a broken data folder is refused in one line, and is left as it was', async () => {
  mkdirSync(join(folder, 'data/cluster'), { recursive: true });
  writeFileSync(join(folder, 'data/cluster/notes.txt'), 'mine');
  await expect(start()).rejects.toThrow(/^\S+ is no PostgreSQL cluster: [^\n]+$/);
  writeFileSync(join(folder, 'data/cluster/PG_VERSION'), '15\n');
  await expect(start()).rejects.toThrow(/^\S+ is of PostgreSQL 15, and this is 18: [^\n]+$/);
  expect(readFileSync(join(folder, 'data/cluster/notes.txt'), 'utf8')).toBe('mine');
  writeFileSync(join(folder, 'file'), '');
  await expect(start({ dataDir: join(folder, 'file/data') })).rejects.toThrow(/^\S+ cannot be written: [^\n]+$/);
});

test('contract.md: a start that was killed while it made the cluster does not stand in the way', async () => {
  mkdirSync(join(folder, 'data/cluster.new'), { recursive: true });
  writeFileSync(join(folder, 'data/cluster.new/PG_VERSION'), '18\n');
  await start();
  expect(existsSync(join(folder, 'data/cluster.new'))).toBe(false);
});

test('a damaged cluster fails with what PostgreSQL says of it, and frees the folder', async () => {
  const server = await start();
  await server.stop();
  rmSync(join(folder, 'data/cluster/global'), { recursive: true });
  await expect(start()).rejects.toThrow(/^PostgreSQL ended while it started: [^\n]+$/);
  await expect(start()).rejects.toThrow(/^PostgreSQL ended while it started: /);
});

test('a port that somebody else has taken is changed', async () => {
  const first = await start();
  await first.stop();
  const { createServer } = await import('node:net');
  const other = createServer();
  other.listen(first.port, '127.0.0.1');
  await once(other, 'listening');
  const second = await start();
  expect(second.port).not.toBe(first.port);
  other.close();
});

test.runIf(process.getuid?.() === 0).each([0o755, 0o700])(
  'README.md, "Decisions log": as root, PostgreSQL runs as somebody else, below a folder of mode %o',
  async (mode) => {
    chmodSync(folder, mode);
    const server = await start({ endsWithUs: false });
    expect(statSync(`/proc/${server.pid}`).uid).not.toBe(0);
    expect(await ask(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  },
);

test.runIf(process.platform !== 'win32')(
  'README.md, "Decisions log": without install scripts the links between the libraries are made at the first start',
  async () => {
    const installed = join((await findBinaries()).postgres, '../../..');
    cpSync(installed, join(folder, 'package'), { recursive: true, filter: (path) => !lstatSync(path).isSymbolicLink() });
    const { postgres } = await findBinaries(join(folder, 'package'));
    const child = spawn(postgres, ['--version'], { stdio: 'ignore' });
    expect(await once(child, 'exit')).toEqual([0, null]);
  },
);

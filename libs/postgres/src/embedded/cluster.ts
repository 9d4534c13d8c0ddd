import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type Account, spawnAs } from './account.ts';
import type { Binaries } from './binaries.ts';
import { readText } from './supervisor.ts';

/** What the data folder holds: `cluster/` (PostgreSQL's own), `password`, `port`, `supervisor`. */
export interface Cluster {
  folder: string;
  password: string;
}

export const superuser = 'authority';

/** Makes the cluster unless it is there. It is made beside its place and moved, so that half a cluster is never seen. */
export async function ensureCluster(
  dataDir: string,
  binaries: Binaries,
  account: Account | undefined,
  isDurable: boolean,
): Promise<Cluster> {
  const folder = join(dataDir, 'cluster');
  const password = readText(join(dataDir, 'password'));
  if (existsSync(folder)) {
    assertUsable(folder, password);
    return { folder, password };
  }
  const made = randomBytes(24).toString('base64url');
  const temporary = join(dataDir, 'cluster.new');
  const passwordFile = join(dataDir, 'password.new');
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { mode: 0o700 });
  writeFileSync(passwordFile, made, { mode: 0o600 });
  if (account) for (const path of [temporary, passwordFile]) chownSync(path, account.uid, account.gid);
  await initdb(binaries, account, temporary, passwordFile, isDurable);
  // The password first: a cluster without it could not be used.
  if (account) chownSync(passwordFile, 0, 0);
  renameSync(passwordFile, join(dataDir, 'password'));
  renameSync(temporary, folder);
  return { folder, password: made };
}

function assertUsable(folder: string, password: string): void {
  const version = readText(join(folder, 'PG_VERSION')).trim();
  if (version === '') throw new Error(`${folder} is no PostgreSQL cluster: move it away, or choose another data folder.`);
  if (version !== '18')
    throw new Error(`${folder} is of PostgreSQL ${version}, and this is 18: choose another data folder, or move the data with pg_dump.`);
  if (password === '') throw new Error(`${join(folder, '../password')} is missing: put it back, or begin anew with --reset.`);
}

async function initdb(
  binaries: Binaries,
  account: Account | undefined,
  folder: string,
  passwordFile: string,
  isDurable: boolean,
): Promise<void> {
  const args = [`--pgdata=${folder}`, `--username=${superuser}`, `--pwfile=${passwordFile}`, '--auth=scram-sha-256', '--encoding=UTF8'];
  args.push('--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-instructions');
  if (!isDurable) args.push('--no-sync');
  const child = spawnAs(account, binaries.initdb, args, { stdio: ['ignore', 'ignore', 'pipe'], env: serverEnvironment() });
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code === 0) return;
  const line = errors.split('\n').find((one) => /error|fatal|denied|could not/i.test(one)) ?? errors.trim();
  throw new Error(`PostgreSQL could not make its data folder in ${folder}: ${line}`);
}

/** Messages in English, since we read them; nothing of the PG* variables of the user's own servers. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('PG') && !/^LC_|^LANG/.test(name));
  return { ...Object.fromEntries(kept), LC_ALL: 'C', TZ: 'UTC' };
}

/** The port of the last start, or another free one when somebody has it now. */
export async function choosePort(dataDir: string): Promise<number> {
  const file = join(dataDir, 'port');
  const kept = Number(readText(file));
  const port = Number.isInteger(kept) && kept > 0 ? await freePort(kept).catch(() => freePort(0)) : await freePort(0);
  if (port !== kept) writeFileSync(file, String(port));
  return port;
}

async function freePort(wanted: number): Promise<number> {
  const server = createServer();
  server.listen(wanted, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('No port of this machine is free.');
  return address.port;
}

/** Makes the data folder, which the account may pass through and nobody may list. */
export function ensureFolder(dataDir: string, account: Account | undefined): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: account ? 0o711 : 0o700 });
    if (account) chmodSync(dataDir, 0o711);
    writeFileSync(join(dataDir, '.writable'), '');
    rmSync(join(dataDir, '.writable'));
  } catch (error) {
    throw new Error(`${dataDir} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
  }
}

import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { rmSync } from 'node:fs';
import { ConfigFault } from '@authority/config';
import { log, startTelemetry } from '@authority/telemetry';
import manifest from '../package.json' with { type: 'json' };
import { banner } from './banner.ts';
import { parseCommandLine, usage } from './command-line.ts';
import { type StandaloneConfig, standaloneConfig } from './config.ts';
import { claim, type DataFolder, dataFolderAt, openDataFolder } from './data-folder.ts';
import { assertPortsFree } from './listen-check.ts';
import { migrateAll } from './migrations.ts';
import { operatorSecret, writeOperatorFile } from './operator-file.ts';
import { startOneProcess } from './one-process.ts';
import { Refusal } from './refusal.ts';
import { startSplit } from './split.ts';
import { openStores, type Stores } from './stores.ts';
import type { Suite } from './suite.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function run(): Promise<void> {
  const options = parseCommandLine(process.argv.slice(2));
  if (options.help) return say(usage);
  const env = environment();
  const config = standaloneConfig(env);
  const folder = dataFolderAt(config.dataDir);
  if (options.reset && !(await reset(folder, options.yes))) return say('Nothing was removed.');
  openDataFolder(folder);
  const release = claim(folder);
  const telemetry = await startTelemetry({ service: 'standalone', version: manifest.version, env });
  const started = await start(config, folder, env, options.split).catch(async (error: unknown) => {
    release();
    throw error;
  });
  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    await started.stop();
    release();
    await telemetry.stop();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop());
  followGuard(env, stop);
}

async function start(config: StandaloneConfig, folder: DataFolder, env: NodeJS.ProcessEnv, split: boolean): Promise<Suite> {
  const startedAt = Number(env['AUTHORITY_STARTED_AT']) || Date.now();
  await assertPortsFree(config);
  if (config.databaseUrl === undefined) say('Starting the embedded PostgreSQL …');
  const stores: Stores = await openStores(folder, config.databaseUrl);
  try {
    await migrateAll(config, folder, stores);
    const adminAddress = `${config.adminListen.host}:${config.adminListen.port}`;
    const client = { client_id: operatorClientId, client_secret: operatorSecret(folder) };
    writeOperatorFile(folder, { issuer: config.issuer, admin_address: adminAddress, ...client });
    say(split ? 'Starting the five services as processes …' : 'Starting the services …');
    const suite = split ? await startSplit(config, folder, stores, env) : await startOneProcess(config, folder, stores);
    const mails = config.mailUrl === undefined ? { mailFolder: join(folder.path, 'mail') } : {};
    say(banner({ issuer: config.issuer, adminAddress, operatorFile: folder.operatorFile, ...mails, startedAt }));
    return {
      stop: async () => {
        await suite.stop();
        await stores.stop();
      },
    };
  } catch (error) {
    await stores.stop();
    throw error;
  }
}

/** The client that first start registers for the operator. */
const operatorClientId = 'c_operator';

/** On a terminal only what needs attention is shown, unless somebody asks for more. */
function environment(): NodeJS.ProcessEnv {
  return { ...process.env, AUTHORITY_LOG_LEVEL: process.env['AUTHORITY_LOG_LEVEL'] ?? 'warn' };
}

async function reset(folder: DataFolder, yes: boolean): Promise<boolean> {
  if (!yes) {
    if (!process.stdin.isTTY) throw new Refusal('--reset removes all data and asks first; there is no terminal to ask on: add --yes');
    const ask = createInterface({ input: process.stdin, output: process.stdout });
    const answer = await ask.question(`Remove everything in ${folder.path} (accounts, clients, keys)? Type yes to go on: `);
    ask.close();
    if (answer.trim().toLowerCase() !== 'yes') return false;
  }
  claim(folder)();
  rmSync(folder.path, { recursive: true, force: true });
  return true;
}

/** Without the guard that started us nobody would stop us: a killed `npm start` ends here. */
function followGuard(env: NodeJS.ProcessEnv, stop: () => Promise<void>): void {
  const guard = Number(env['AUTHORITY_GUARD_PID']);
  if (!guard) return;
  const timer = setInterval(() => {
    if (process.ppid === guard) return;
    clearInterval(timer);
    log.warn('guard.gone', { pid: guard });
    void stop();
  }, 500);
  timer.unref();
}

try {
  await run();
} catch (error) {
  const expected = error instanceof Refusal || error instanceof ConfigFault;
  const text = expected ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`authority: ${text}\n`);
  process.exit(1);
}

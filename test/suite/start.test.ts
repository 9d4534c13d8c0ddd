import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  alive,
  commandOf,
  type CreatedClient,
  freePorts,
  Launch,
  Operator,
  type OperatorCredential,
  post,
  run,
  request,
  root,
  type ProcessMark,
} from '@authority/testing/suite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let dataDir: string;
let issuer: string;
let adminAddress: string;
let env: Record<string, string>;
let running: Launch | undefined;
let client: CreatedClient;
beforeAll(async () => {
  await assertNothingToInstall();
  const [http, admin, metrics] = await freePorts(3);
  dataDir = mkdtempSync(join(tmpdir(), 'authority-start-'));
  issuer = `http://localhost:${http}`;
  adminAddress = `127.0.0.1:${admin}`;
  env = {
    AUTHORITY_DATA_DIR: join(dataDir, 'data'),
    AUTHORITY_ISSUER: issuer,
    AUTHORITY_HTTP_LISTEN: `127.0.0.1:${http}`,
    AUTHORITY_ADMIN_LISTEN: adminAddress,
    AUTHORITY_METRICS_LISTEN: `127.0.0.1:${metrics}`,
  };
});
afterAll(async () => {
  await running?.end('SIGTERM');
  rmSync(dataDir, { recursive: true, force: true });
});

/** `npm start` mends a node_modules that differs from the lock file; under a running test that would pull the rug away. */
async function assertNothingToInstall(): Promise<void> {
  const check = "import { isInstalled } from './apps/standalone/launch/prepare.mjs'; process.exit(isInstalled() ? 0 : 1)";
  const { code, stderr } = await run(process.execPath, ['--input-type=module', '-e', check]);
  if (code !== 0) throw new Error(`node_modules is not what package-lock.json says: run npm ci first\n${stderr}`);
}

test('contract.md: a start that was killed while it installed or built holds up no other', async () => {
  const lock = join(root, '.prepare.lock');
  writeFileSync(lock, '4194304'); // above every process id of Linux
  const { code, stderr } = await run(process.execPath, [join(root, 'apps/standalone/launch/start.mjs'), '--prepare-only']);
  expect(code, stderr).toBe(0);
  expect(existsSync(lock)).toBe(false);
});

const operatorFile = (): string => join(env['AUTHORITY_DATA_DIR'] ?? '', 'operator.json');
const credential = (): OperatorCredential => JSON.parse(readFileSync(operatorFile(), 'utf8')) as OperatorCredential;
const machineToken = (by: { client_id: string; client_secret?: string }) =>
  post(`${issuer}/oauth2/token`, { grant_type: 'client_credentials' }, by);

async function launch(...args: string[]): Promise<number> {
  running = new Launch(args, env);
  return running.ready();
}

/** Ctrl-C, and then nothing of what was running is left. */
async function stopCleanly(): Promise<void> {
  const marks = running?.descendants() ?? [];
  expect(marks.length).toBeGreaterThan(1);
  expect(await running?.end('SIGINT')).toBe(0);
  running = undefined;
  await expect.poll(() => alive(marks).map(commandOf), { timeout: 2_000 }).toEqual([]);
}

describe('contract.md "Two commands": npm start', () => {
  test('the first start ends with the ready block; discovery, a token with operator.json and the pages work', async () => {
    await launch();
    const output = running?.output ?? '';
    for (const fact of [issuer, `${issuer}/login`, adminAddress, 'operator.json']) expect(output).toContain(fact);
    expect(output.trimEnd().split('\n').at(-1)).toMatch(/^ready in [\d.]+ s$/);
    const metadata = (await request(`${issuer}/.well-known/openid-configuration`)).json();
    expect(metadata).toMatchObject({ issuer, token_endpoint: `${issuer}/oauth2/token` });
    expect(statSync(operatorFile()).mode & 0o777).toBe(0o600);
    const scoped = await post(`${issuer}/oauth2/token`, { grant_type: 'client_credentials', scope: 'authority.admin' }, credential());
    expect(scoped.json()).toMatchObject({ token_type: 'Bearer', scope: 'authority.admin' });
    expect((await request(`${issuer}/login`)).text).toContain('Sign in');

    const operator = new Operator({ issuer, adminAddress, operator: credential() });
    client = await operator.createClient({ grant_types: ['client_credentials'], client_name: 'Kept' });
    operator.close();
    expect((await machineToken(client)).status).toBe(200);
  });

  test('a port in use: one clear line, exit code 1, and nothing is left behind', async () => {
    const [admin, metrics] = await freePorts(2);
    const second = new Launch([], {
      ...env,
      AUTHORITY_DATA_DIR: join(dataDir, 'second'),
      AUTHORITY_ADMIN_LISTEN: `127.0.0.1:${admin}`,
      AUTHORITY_METRICS_LISTEN: `127.0.0.1:${metrics}`,
    });
    expect(await second.ended()).toBe(1);
    const complaints = second.output
      .trimEnd()
      .split('\n')
      .filter((line) => line.startsWith('authority: '));
    expect(complaints).toHaveLength(1);
    expect(complaints[0]).toMatch(/in use.*AUTHORITY_HTTP_LISTEN/);
    expect(second.output).not.toMatch(/^ +at /m);
  });

  test('a second start on the same data folder is refused in one line, and the first goes on', async () => {
    const ports = await freePorts(3);
    const [http, admin, metrics] = ports.map((port) => `127.0.0.1:${port}`);
    const listens = { AUTHORITY_HTTP_LISTEN: http, AUTHORITY_ADMIN_LISTEN: admin, AUTHORITY_METRICS_LISTEN: metrics };
    const second = new Launch([], { ...env, ...listens, AUTHORITY_ISSUER: `http://localhost:${ports[0]}` });
    expect(await second.ended()).toBe(1);
    expect(second.output.split('\n').filter((line) => line.startsWith('authority: '))).toHaveLength(1);
    expect((await machineToken(client)).status).toBe(200);
  });

  test('Ctrl-C leaves no process behind, PostgreSQL included', async () => {
    expect(running?.descendants().some((mark) => commandOf(mark).includes('postgres'))).toBe(true);
    await stopCleanly();
  });

  test('a second start is ready within 5 s with the data of the first', async () => {
    const before = readFileSync(operatorFile(), 'utf8');
    expect(await launch()).toBeLessThan(5_000);
    expect((await machineToken(client)).status).toBe(200);
    expect(readFileSync(operatorFile(), 'utf8')).toBe(before);
  });

  test('a suite that dies is started again by its guard', async () => {
    const suite = running?.descendants().find((mark) => commandOf(mark).includes('standalone/main.js'));
    process.kill(Number.parseInt(String(suite)), 'SIGKILL');
    await expect.poll(() => running?.output.match(/^ready in/gm)?.length, { timeout: 15_000 }).toBe(2);
    expect((await machineToken(client)).status).toBe(200);
  });

  test('after a killed start what it left is found and stopped, and the next start works', async () => {
    const marks: ProcessMark[] = running?.descendants() ?? [];
    for (const mark of marks.filter((one) => commandOf(one).includes('standalone/main.js'))) process.kill(Number.parseInt(mark), 'SIGSTOP');
    await running?.end('SIGKILL');
    for (const mark of marks.filter((one) => commandOf(one).includes('standalone/main.js'))) process.kill(Number.parseInt(mark), 'SIGKILL');
    await launch();
    expect((await machineToken(client)).status).toBe(200);
    expect(alive(marks).map(commandOf)).toEqual([]);
    await stopCleanly();
  });

  test('--split runs the five as processes on the same data; one that dies is started again; Ctrl-C stops all', async () => {
    await launch('--split');
    const apps = (): string[] =>
      ['gateway', 'token', 'session', 'identity', 'admin'].filter((app) =>
        running?.descendants().some((mark) => commandOf(mark).includes(`apps/${app}/main.js`)),
      );
    expect(apps()).toHaveLength(5);
    expect((await machineToken(client)).status).toBe(200);
    const token = running?.descendants().find((mark) => commandOf(mark).includes('apps/token/main.js'));
    process.kill(Number.parseInt(String(token)), 'SIGKILL');
    await expect
      .poll(
        () =>
          machineToken(client).then(
            ({ status }) => status,
            () => 0,
          ),
        { timeout: 10_000 },
      )
      .toBe(200);
    expect(apps()).toHaveLength(5);
    await stopCleanly();
  });
});

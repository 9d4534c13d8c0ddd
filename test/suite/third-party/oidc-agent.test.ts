import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Operator, Person, request, startOneProcess, type Suite } from '@authority/testing/suite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dialogue } from './dialogue.ts';

const password = 'violet tractor hums 42 lullabies';
const scope = 'openid email offline_access';

let suite: Suite;
let operator: Operator;
let person: Person;
let folder: string;
let agent: { env: Record<string, string>; pid: number };
beforeAll(async () => {
  suite = await startOneProcess();
  operator = new Operator(suite);
  await operator.setSetting('token.device_poll_interval', 1);
  await operator.createIdentity({ email: 'agent@example.com', password });
  person = new Person(suite.issuer, 'agent@example.com', password);
  folder = mkdtempSync(join(tmpdir(), 'authority-oidc-agent-'));
  agent = startAgent();
});
afterAll(async () => {
  if (agent) process.kill(agent.pid);
  operator?.close();
  await suite?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** It goes into the background by itself, and says where it listens. */
function startAgent(): typeof agent {
  const config = join(folder, 'config');
  mkdirSync(config, { recursive: true });
  const env = { HOME: folder, OIDC_CONFIG_DIR: config, TMPDIR: folder };
  const { stdout } = spawnSync('oidc-agent', [], { env: { ...process.env, ...env }, encoding: 'utf8' });
  const [, socket = ''] = /OIDC_SOCK=([^;]+);/.exec(stdout) ?? [];
  const [, pid = ''] = /OIDCD_PID=(\d+);/.exec(stdout) ?? [];
  if (socket === '' || pid === '') throw new Error(`oidc-agent did not start: ${stdout}`);
  return { env: { ...env, OIDC_SOCK: socket }, pid: Number(pid) };
}

function token(...args: string[]): string {
  const { stdout, stderr, status } = spawnSync('oidc-token', args, { env: { ...process.env, ...agent.env }, encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  return stdout.trim();
}

test('RFC 8628: Debian oidc-agent shows a code, waits for the person, and refreshes its tokens', async () => {
  const { client_id, client_secret = '' } = await operator.createClient({
    ...{ client_name: 'oidc-agent', scope },
    grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
  });
  const generated = new Dialogue(
    'oidc-gen',
    [
      ...['here', '--manual', '--flow=device', `--issuer=${suite.issuer}`, `--client-id=${client_id}`, `--client-secret=${client_secret}`],
      ...[`--scope=${scope}`, '--redirect-uri=http://localhost:4242/', '--pw-cmd=echo a-password-for-the-file', '--prompt=none'],
      ...['--confirm-default', '--no-url-call'],
    ],
    agent.env,
  );
  generated.sendNothing();
  const user_code = await generated.find(/enter the code: (\S+)\s/);
  const login = await person.visit(`${suite.issuer}/device`);
  const typed = await person.submit(await person.signIn(login), { user_code });
  expect(typed.page?.text).toContain('oidc-agent');
  await person.submit(typed, { decision: 'allow' });
  expect(await generated.ended(), generated.output).toBe(0);

  const first = token('here');
  const userInfo = await request(`${suite.issuer}/oauth2/userinfo`, { headers: { authorization: `Bearer ${first}` } });
  expect(userInfo.json()).toMatchObject({ email: 'agent@example.com' });
  // Asked for one that lives longer than any, it takes its refresh token.
  expect(token('here', '--force-new')).not.toBe(first);
});

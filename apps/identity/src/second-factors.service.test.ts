import 'reflect-metadata';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Flow, FlowKind, FlowServiceService, IdentityServiceService, StartFlowRequest } from '@authority/contracts/identity';
import { DirectHub, directRuntime, type ServiceName } from '@authority/rpc';
import { setLogSink } from '@authority/telemetry';
import { seedOf, testPostgres, type TestPostgres, testRedis, type TestRedis, totpCode } from '@authority/testing';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { migrateIdentity, type Running, startIdentity } from './index.ts';

const password = 'correct horse battery staple';
const lines: string[] = [];
let postgres: TestPostgres;
let redis: TestRedis;
let replicas: readonly Replica[];

interface Replica {
  readonly running: Running;
  readonly flows: ReturnType<typeof peersOf>['flows'];
  readonly asSession: ReturnType<typeof peersOf>['asSession'];
}

const peersOf = (hub: DirectHub) => {
  const runtime = (self: ServiceName) => directRuntime({ self, hub, encode: true });
  return {
    runtime,
    flows: runtime('gateway').connect('identity', FlowServiceService),
    asSession: runtime('session').connect('identity', IdentityServiceService),
  };
};

beforeAll(async () => {
  setLogSink((line) => void lines.push(line));
  [postgres, redis] = await Promise.all([testPostgres(), testRedis()]);
  const ownerUrl = await postgres.newDatabase();
  const databaseUrl = postgres.serviceUrl(ownerUrl, 'identity');
  const secrets = [randomBytes(32)];
  await migrateIdentity({ ownerUrl, serviceUrl: databaseUrl, secrets });
  const mailDir = mkdtempSync(join(tmpdir(), 'authority-mail-'));
  const config = { issuer: 'http://localhost:8080', databaseUrl, redisUrl: redis.url, secrets, mailDir };
  const start = async (): Promise<Replica> => {
    const { runtime, ...peers } = peersOf(new DirectHub());
    return { running: await startIdentity({ config, runtime: runtime('identity') }), ...peers };
  };
  replicas = [await start(), await start()];
  await vi.waitFor(() => expect(replicas.every(({ running }) => running.ready())).toBe(true), { timeout: 10_000 });
});

afterAll(async () => {
  await Promise.all(replicas.map(({ running }) => running.stop()));
  await Promise.all([redis.stop(), postgres.stop()]);
});

const at = (index: number): Replica => {
  const replica = replicas[index % replicas.length];
  if (!replica) throw new Error('no replica runs');
  return replica;
};
const browserOf = (name: string) => createHash('sha256').update(name).digest('base64url');

async function submit(handle: string, browser: string, values: Record<string, string>, replica = 0, attestation = '') {
  const parameters = Object.entries(values).map(([name, value]) => ({ name, value }));
  const request = { flow: handle, browser, values: parameters, evidence: undefined, attestation };
  const { outcome } = await at(replica).flows.submitFlow(request, { timeoutMs: 20_000 });
  return outcome;
}

async function signIn(email: string, name: string): Promise<{ flow: Flow; browser: string }> {
  const browser = browserOf(name);
  const { flow } = await at(0).flows.startFlow({ ...StartFlowRequest.create(), kind: FlowKind.LOGIN, browser });
  const outcome = await submit(flow?.handle ?? '', browser, { identifier: email, email, password });
  if (outcome?.$case !== 'flow') throw new Error('the password alone was enough');
  return { flow: outcome.value, browser };
}

/** Somebody with an authenticator app and recovery codes, who signs in in the browser of their name. */
async function person(name: string) {
  const [email, browser] = [`${name}@example.com`, browserOf(name)];
  const { flow } = await at(0).flows.startFlow({ ...StartFlowRequest.create(), kind: FlowKind.REGISTRATION, browser });
  const registered = await submit(flow?.handle ?? '', browser, { email, password });
  const completion = registered?.$case === 'completion' ? registered.value : '';
  const { sub, amr, acr, auth_time_ms } = await at(0).asSession.redeemCompletion({ completion, browser });
  const attest = async () => (await at(0).asSession.attest({ sub, sid: 's_1', browser, amr, acr, auth_time_ms })).attestation;

  const settings = { ...StartFlowRequest.create(), kind: FlowKind.SETTINGS, browser, attestation: await attest() };
  const { handle = '' } = (await at(0).flows.startFlow(settings)).flow ?? {};
  const change = async (method: string, values: Record<string, string>): Promise<Record<string, unknown>> => {
    const outcome = await submit(handle, browser, { method, ...values }, 0, await attest());
    if (outcome?.$case !== 'flow') throw new Error('a change signs nobody in');
    return JSON.parse(outcome.value.forms.find((form) => form.method === method)?.options || '{}');
  };
  const seed = seedOf(String((await change('totp', { action: 'start' }))['secret']));
  await change('totp', { action: 'confirm', code: totpCode(seed, Date.now()) });
  const { codes } = await change('recovery_code', { action: 'make' });
  return { email, browser, seed, codes: codes as string[] };
}

/** Of 300 guesses at once, in twenty flows that got past the password and at two replicas: how many were looked at. */
async function guess(email: string, method: 'totp' | 'recovery_code', codeOf: (index: number) => string, reason: string): Promise<number> {
  const doors: Awaited<ReturnType<typeof signIn>>[] = [];
  for (let index = 0; index < 20; index += 1) doors.push(await signIn(email, `attacker ${method} ${index}`));
  lines.length = 0;
  const all = await Promise.allSettled(
    Array.from({ length: 300 }, (_, index) => {
      const { flow, browser } = doors[index % doors.length] ?? { flow: { handle: '' }, browser: '' };
      return submit(flow.handle, browser, { method, code: codeOf(index) }, index);
    }),
  );
  expect(all.some((one) => one.status === 'fulfilled' && one.value?.$case === 'completion')).toBe(false);
  return lines.filter((line) => line.includes(`"${reason}"`)).length;
}

test('issue 4: of 300 parallel guesses of a TOTP code the limit is tried; then not even the right one, but by the person', async () => {
  const { email, browser, seed } = await person('ann');
  const right = totpCode(seed, Date.now());
  const wrong = (index: number) => String((Number(right) + 1000 + index) % 1_000_000).padStart(6, '0');
  expect(await guess(email, 'totp', wrong, 'totp_wrong')).toBe(5);

  const late = await signIn(email, 'attacker late');
  const refused = await submit(late.flow.handle, late.browser, { method: 'totp', code: totpCode(seed, Date.now() + 30_000) });
  expect(refused).toMatchObject({ $case: 'flow', value: { retry_at_ms: expect.any(Number) } });
  const own = await signIn(email, 'ann');
  expect(own.browser).toBe(browser);
  const done = await submit(own.flow.handle, own.browser, { method: 'totp', code: totpCode(seed, Date.now() + 30_000) });
  expect(done?.$case).toBe('completion');
  const { amr, acr } = await at(1).asSession.redeemCompletion({ completion: done?.$case === 'completion' ? done.value : '', browser });
  expect([amr, acr]).toEqual([['pwd', 'otp', 'mfa'], 'urn:authority:acr:mfa']);
});

test('issue 4: of 300 parallel guesses of a recovery code the limit is tried', async () => {
  const { email } = await person('bob');
  const wrong = (index: number) => `0000-0000-0000-${String(index).padStart(4, '0')}`;
  expect(await guess(email, 'recovery_code', wrong, 'recovery_code_wrong')).toBe(5);
});

test('issue 4: a TOTP step, and a recovery code, lets in one of many that bring it at once', async () => {
  const { email, seed, codes } = await person('cy');
  for (const values of [
    { method: 'totp', code: totpCode(seed, Date.now() + 30_000) },
    { method: 'recovery_code', code: codes[0] ?? '' },
  ]) {
    const doors = [];
    for (let index = 0; index < 4; index += 1) doors.push(await signIn(email, `cy ${values.method} ${index}`));
    const all = await Promise.all(doors.map(({ flow, browser }, index) => submit(flow.handle, browser, values, index)));
    expect(all.filter((one) => one?.$case === 'completion')).toHaveLength(1);
  }
});

test('issue 4: a second factor cannot be skipped, nor brought by another browser', async () => {
  const { email, seed } = await person('dee');
  const { flow, browser } = await signIn(email, 'dee elsewhere');
  expect(flow).toMatchObject({ stage: 'second', signed_in_as: email });
  expect(flow.forms.map(({ method }) => method)).toEqual(['totp', 'recovery_code']);
  for (const values of [{ method: 'password', email, password }, { method: 'profile', name: 'x' }, { method: 'nothing' }]) {
    await expect(submit(flow.handle, browser, values)).rejects.toMatchObject({ reason: 'method_not_offered' });
  }
  const code = totpCode(seed, Date.now() + 30_000);
  await expect(submit(flow.handle, browserOf('eve'), { method: 'totp', code })).rejects.toMatchObject({ reason: 'flow_of_other_browser' });
  expect((await submit(flow.handle, browser, { method: 'totp', code }))?.$case).toBe('completion');
  await expect(submit(flow.handle, browser, { method: 'totp', code })).rejects.toMatchObject({ reason: 'flow_unknown' });
});

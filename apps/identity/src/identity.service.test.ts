import 'reflect-metadata';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  IdentityServiceService as AdminIdentityService,
  ImportIdentitiesRequest,
  ImportServiceService,
  SettingsServiceService,
} from '@authority/contracts/admin';
import { FlowKind, StartFlowRequest, FlowServiceService, IdentityServiceService } from '@authority/contracts/identity';
import { PullFeedRequest } from '@authority/contracts/rpc';
import { open, statement } from '@authority/postgres';
import { DirectHub, directRuntime, type ServiceName } from '@authority/rpc';
import { setLogSink } from '@authority/telemetry';
import { testPostgres, type TestPostgres, testRedis, type TestRedis } from '@authority/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { migrateIdentity, type Running, startIdentity } from './index.ts';

const hub = new DirectHub();
const runtime = (self: ServiceName) => directRuntime({ self, hub, encode: true });
const flows = runtime('gateway').connect('identity', FlowServiceService);
const asSession = runtime('session').connect('identity', IdentityServiceService);
const asToken = runtime('token').connect('identity', IdentityServiceService);
const identities = runtime('admin').connect('identity', AdminIdentityService);
const importing = runtime('admin').connect('identity', ImportServiceService);
const settings = runtime('admin').connect('identity', SettingsServiceService);

let postgres: TestPostgres;
let redis: TestRedis;
let databaseUrl: string;
let identity: Running;
let address = 0;
const lines: string[] = [];

const browserOf = (name: string) => createHash('sha256').update(name).digest('base64url');
const browser = browserOf('one');
const password = 'correct horse battery staple';
const evidenceFrom = (peer_address: string) => ({
  peer_address,
  method: 'POST',
  url: '',
  user_agent: '',
  tls_client_certificate: Buffer.alloc(0),
  tls_client_certificate_verified: false,
  dpop: '',
});

async function submit(kind: FlowKind, values: Record<string, string>, from = browser) {
  const evidence = evidenceFrom(`192.0.2.${address}`);
  const { flow } = await flows.startFlow({ ...StartFlowRequest.create(), kind, browser: from, evidence });
  const parameters = Object.entries(values).map(([name, value]) => ({ name, value }));
  const { outcome } = await flows.submitFlow(
    { flow: flow?.handle ?? '', browser: from, values: parameters, evidence, attestation: '' },
    { timeoutMs: 20_000 },
  );
  if (outcome?.$case !== 'flow') return { completion: outcome?.value ?? '', ids: [] };
  const messages = outcome.value.forms.flatMap((form) => [...form.messages, ...form.fields.flatMap((field) => field.messages)]);
  return { completion: '', ids: messages.map(({ id }) => id) };
}
const register = (email: string) => submit(FlowKind.REGISTRATION, { email, password });
const login = (email: string, tried = password, from = browser) => submit(FlowKind.LOGIN, { email, password: tried }, from);

beforeAll(async () => {
  setLogSink((line) => void lines.push(line));
  [postgres, redis] = await Promise.all([testPostgres(), testRedis()]);
  const ownerUrl = await postgres.newDatabase();
  databaseUrl = postgres.serviceUrl(ownerUrl, 'identity');
  const secrets = [randomBytes(32)];
  await migrateIdentity({ ownerUrl, serviceUrl: databaseUrl, secrets });
  const config = {
    issuer: 'http://localhost:8080',
    databaseUrl,
    redisUrl: redis.url,
    secrets,
    mailDir: mkdtempSync(join(tmpdir(), 'authority-mail-')),
  };
  identity = await startIdentity({ config, runtime: runtime('identity') });
  await vi.waitFor(() => expect(identity.ready()).toBe(true), { timeout: 10_000 });
});

afterAll(async () => {
  await identity.stop();
  await Promise.all([redis.stop(), postgres.stop()]);
});

// A bucket of its own for each test.
beforeEach(() => {
  address += 1;
});

describe('sign-in over RPC', () => {
  test('registration, sign-in, redemption, claims', async () => {
    const { completion } = await register('Walk@Example.com');
    const first = await asSession.redeemCompletion({ completion, browser });
    const second = await asSession.redeemCompletion({ completion: (await login('walk@example.com ')).completion, browser });
    expect(second).toMatchObject({ sub: first.sub, amr: ['pwd'], acr: 'urn:authority:acr:password' });
    expect(second.auth_time_ms).toBeGreaterThan(first.auth_time_ms);
    const { active, claims } = await asToken.getClaims({ sub: first.sub, scopes: ['email'], claims: [] });
    expect([active, JSON.parse(claims)]).toEqual([true, { email: 'Walk@Example.com', email_verified: false }]);
  });

  test('how-to/import.md: an imported person signs in with the old password, and has a hash of ours from then on', async () => {
    const person = { external_id: '1', traits: '{"email":"moved@example.com"}', password_hash: '{SSHA}xCoAhsXWiKbSyTjqWPV5SBDy7r1zYWx0' };
    const request = ImportIdentitiesRequest.fromPartial({ import_id: 'old', identities: [person] });
    expect((await importing.importIdentities(request)).results).toMatchObject([{ outcome: 'created' }]);
    expect((await login('moved@example.com', 'wrong')).ids).toEqual(['credentials_wrong']);
    for (const _time of ['the first', 'the second']) {
      const { completion } = await login('moved@example.com', 'letmein');
      expect((await asSession.redeemCompletion({ completion, browser })).amr).toEqual(['pwd']);
    }
    const database = await open({ url: databaseUrl, service: 'identity' });
    const stored = "SELECT data ->> 'phc' AS phc FROM credentials JOIN identifiers USING (sub) WHERE value = 'moved@example.com'";
    expect(await database.query(statement('', stored))).toEqual([{ phc: expect.stringMatching(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/) }]);
    await database.close();
    expect((await importing.importIdentities(request)).results).toMatchObject([{ outcome: 'unchanged' }]);
    expect((await login('moved@example.com', 'letmein')).completion).not.toBe('');
  });

  test('a flow of another browser is refused', async () => {
    const { flow } = await flows.startFlow({ ...StartFlowRequest.create(), kind: FlowKind.LOGIN, browser });
    const handle = flow?.handle ?? '';
    await expect(flows.getFlow({ flow: handle, browser: browserOf('two'), attestation: '' })).rejects.toMatchObject({
      reason: 'flow_of_other_browser',
    });
    const [id, secret = ''] = handle.split('.');
    await expect(flows.getFlow({ flow: `${id}.${'A'.repeat(secret.length)}`, browser, attestation: '' })).rejects.toMatchObject({
      reason: 'flow_unknown',
    });
  });

  test('a completion works once under 50 parallel redemptions', async () => {
    const { completion } = await register('once@example.com');
    const all = await Promise.allSettled(Array.from({ length: 50 }, () => asSession.redeemCompletion({ completion, browser })));
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('only the peers of the topology may call', async () => {
    await expect(asToken.redeemCompletion({ completion: 'x', browser })).rejects.toMatchObject({ reason: 'peer_not_allowed' });
  });

  // Other processes may take the cores for a while: a difference that is ours is there every time.
  test('an unknown user and a wrong password take the same time: medians of interleaved pairs', { retry: 2 }, async () => {
    await settings.updateSetting({
      setting: { ...emptySetting, name: 'throttle.enabled', value: 'false' },
      update_mask: undefined,
      force: false,
    });
    await register('timing@example.com'); // taken when tried again
    const times: Record<string, number[]> = { 'timing@example.com': [], 'nobody@example.com': [] };
    for (let pair = 0; pair < 30; pair += 1) {
      const order = Object.keys(times);
      for (const email of pair % 2 ? order : order.reverse()) {
        const started = performance.now();
        expect((await login(email, 'wrong password')).ids).toEqual(['credentials_wrong']);
        times[email]?.push(performance.now() - started);
      }
    }
    const [known = 0, unknown = 0] = Object.values(times).map((all) => all.sort((a, b) => a - b)[15] ?? 0);
    expect(Math.abs(known - unknown) / known).toBeLessThan(0.15);
    await settings.deleteSetting({ name: 'throttle.enabled' });
  });
});

const emptySetting = { name: '', value: '', default_value: '', description: '', owner: '', etag: '' };

describe('RFC 6749 §4.3: a password without a page', () => {
  const authenticate = async (username: string, tried = password) => {
    const request = { username, password: tried, client_id: 'c_old', evidence: evidenceFrom(`192.0.2.${address}`) };
    return (await asToken.authenticate(request, { timeoutMs: 20_000 })).outcome;
  };

  test('answers who it is; only token may ask', async () => {
    await register('direct@example.com');
    expect(await authenticate('Direct@Example.com')).toMatchObject({
      $case: 'authenticated',
      value: { amr: ['pwd'], acr: 'urn:authority:acr:password', sub: expect.any(String) },
    });
    const asked = { username: 'direct@example.com', password, client_id: '', evidence: undefined };
    await expect(asSession.authenticate(asked)).rejects.toMatchObject({ reason: 'peer_not_allowed' });
    expect(lines.join('')).toContain('"grant":"password"');
  });

  test('guesses are counted with those at the sign-in page', async () => {
    await register('both@example.com');
    const refused = await Promise.all(Array.from({ length: 30 }, (_, at) => authenticate('both@example.com', `guess ${at}`)));
    const reasons = refused.map((one) => (one?.$case === 'refused' ? one.value.reason : ''));
    expect(reasons.filter((reason) => reason === 'credentials_wrong')).toHaveLength(10);
    expect(await authenticate('both@example.com')).toMatchObject({ $case: 'refused', value: { reason: 'throttled_account' } });
    expect((await login('both@example.com', password, browserOf('stranger'))).ids).toEqual(['throttled']);
    expect((await login('both@example.com')).completion).not.toBe('');
  });
});

describe('throttle', () => {
  test('300 parallel guesses never try more than the limit; the person in the known browser still gets in', async () => {
    await register('guessed@example.com');
    const attacker = browserOf('attacker');
    const all = await Promise.all(Array.from({ length: 300 }, (_, at) => login('guessed@example.com', `guess ${at}`, attacker)));
    const count = (id: string) => all.filter(({ ids }) => ids.includes(id)).length;
    expect([count('credentials_wrong'), count('throttled')]).toEqual([10, 290]);
    expect((await login('guessed@example.com', password, attacker)).ids).toEqual(['throttled']);
    expect((await login('guessed@example.com')).completion).not.toBe('');
  });
});

describe('operators', () => {
  test('a disabled person cannot sign in, has no claims, and a completion from before is worth nothing', async () => {
    const { completion } = await register('disabled@example.com');
    const { identities: found } = await identities.listIdentities({
      page_size: 0,
      page_token: '',
      filter: 'email = "disabled@example.com"',
      search: '',
    });
    const [one] = found;
    if (!one) throw new Error('not listed');
    const { cursor } = (await asToken.pullFeed({ pull: PullFeedRequest.create() })).feed ?? { cursor: 0 };
    const pulling = asToken.pullFeed({ pull: PullFeedRequest.create({ cursor, wait_ms: 1500 }) });
    await identities.updateIdentity({ identity: { ...one, disabled: true }, update_mask: ['disabled'] }, { operator: 'c_op' });
    expect((await pulling).feed?.entries).toMatchObject([{ event: 'identity_disabled', sub: one.sub }]);
    await expect(asSession.redeemCompletion({ completion, browser })).rejects.toMatchObject({ reason: 'identity_disabled' });
    expect(await asToken.getClaims({ sub: one.sub, scopes: ['email'], claims: [] })).toMatchObject({ active: false });
    expect((await login('disabled@example.com')).ids).toEqual(['credentials_wrong']);
  });
});

test('style.md 20: neither store nor log holds a password or a usable handle', async () => {
  const { flow } = await flows.startFlow({ ...StartFlowRequest.create(), kind: FlowKind.LOGIN, browser });
  const { completion } = await register('secrets@example.com');
  const dumped = dump(redis) + lines.join('');
  expect(dumped).toContain(browser);
  for (const secret of [password, flow?.handle, completion, flow?.handle.split('.')[1], completion.split('.')[1]]) {
    expect(dumped).not.toContain(secret ?? 'missing');
  }
});

/** Everything that is in Redis, uncompressed. */
function dump({ port, folder }: TestRedis): string {
  const cli = (...args: string[]) => execFileSync('redis-cli', ['-p', `${port}`, ...args]);
  cli('CONFIG', 'SET', 'rdbcompression', 'no');
  cli('SAVE');
  return readFileSync(join(folder, 'dump.rdb'), 'latin1');
}

test('when the ephemeral store is away nobody gets in', async () => {
  await register('away@example.com');
  await redis.kill();
  await expect(login('away@example.com')).rejects.toMatchObject({ code: 'UNAVAILABLE', reason: 'store_unavailable' });
  await redis.restart();
  await vi.waitFor(async () => expect((await login('away@example.com')).completion).not.toBe(''), { timeout: 8000, interval: 200 });
});

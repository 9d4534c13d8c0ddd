import 'reflect-metadata';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  IdentityServiceService as AdminIdentityService,
  Schema,
  SchemaServiceService,
  SettingsServiceService,
} from '@authority/contracts/admin';
import { AuthenticateRequest, FlowKind, FlowServiceService, IdentityServiceService, StartFlowRequest } from '@authority/contracts/identity';
import { DirectHub, directRuntime, type ServiceName } from '@authority/rpc';
import { setLogSink } from '@authority/telemetry';
import { testPostgres, type TestPostgres, testRedis, type TestRedis } from '@authority/testing';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { migrateIdentity, type Running, startIdentity } from './index.ts';

const hub = new DirectHub();
const runtime = (self: ServiceName) => directRuntime({ self, hub, encode: true });
const flows = runtime('gateway').connect('identity', FlowServiceService);
const asSession = runtime('session').connect('identity', IdentityServiceService);
const asToken = runtime('token').connect('identity', IdentityServiceService);
const identities = runtime('admin').connect('identity', AdminIdentityService);
const schemas = runtime('admin').connect('identity', SchemaServiceService);
const settings = runtime('admin').connect('identity', SettingsServiceService);

let postgres: TestPostgres;
let redis: TestRedis;
let identity: Running;

const browser = createHash('sha256').update('one').digest('base64url');
const password = 'correct horse battery staple';

async function start(kind: FlowKind) {
  const { flow } = await flows.startFlow({ ...StartFlowRequest.create(), kind, browser });
  return { handle: flow?.handle ?? '', fields: flow?.forms[0]?.fields ?? [] };
}
async function submit(kind: FlowKind, values: Record<string, string>) {
  const { handle } = await start(kind);
  const parameters = Object.entries({ password, ...values }).map(([name, value]) => ({ name, value }));
  const request = { flow: handle, browser, values: parameters, evidence: undefined, attestation: '' };
  const { outcome } = await flows.submitFlow(request, { timeoutMs: 20_000 });
  return outcome?.$case === 'completion' ? (await asSession.redeemCompletion({ completion: outcome.value, browser })).sub : outcome;
}
const registerWith = (value: string) =>
  settings.updateSetting({
    setting: { name: 'schema.registration', value: JSON.stringify(value), owner: '', description: '', default_value: '', etag: '' },
    update_mask: undefined,
    force: false,
  });

beforeAll(async () => {
  setLogSink(() => {});
  [postgres, redis] = await Promise.all([testPostgres(), testRedis()]);
  const ownerUrl = await postgres.newDatabase();
  const databaseUrl = postgres.serviceUrl(ownerUrl, 'identity');
  const secrets = [randomBytes(32)];
  await migrateIdentity({ ownerUrl, serviceUrl: databaseUrl, secrets });
  const mailDir = mkdtempSync(join(tmpdir(), 'authority-mail-'));
  const config = { issuer: 'http://localhost:8080', databaseUrl, redisUrl: redis.url, secrets, mailDir };
  identity = await startIdentity({ config, runtime: runtime('identity') });
  await vi.waitFor(() => expect(identity.ready()).toBe(true), { timeout: 10_000 });
});

afterAll(async () => {
  await identity.stop();
  await Promise.all([redis.stop(), postgres.stop()]);
});

test('how-to/schemas.md: people register by the schema that a setting names, and sign in with any identifier of theirs', async () => {
  const document = JSON.stringify({
    title: 'Member',
    type: 'object',
    properties: {
      nick: { type: 'string', authority: { identifier: 'username', claim: 'preferred_username', label: { en: 'Handle' } } },
      mobile: { type: 'string', format: 'phone', authority: { identifier: 'phone', claim: 'phone_number', forms: ['registration'] } },
      tier: { type: 'string', enum: ['basic', 'gold'], authority: { claim: 'https://example.com/tier', scope: 'club', readonly: true } },
    },
    required: ['nick'],
    additionalProperties: false,
  });
  await schemas.createSchema({ schema: Schema.fromPartial({ schema_id: 'member', document }) });
  await registerWith('member');
  await vi.waitFor(async () => expect((await start(FlowKind.REGISTRATION)).fields.map(({ name }) => name)).toContain('nick'));
  expect((await start(FlowKind.REGISTRATION)).fields.map(({ name, label }) => [name, label])).toEqual([
    ['nick', 'Handle'],
    ['mobile', ''],
    ['password', ''],
  ]);

  const sub = await submit(FlowKind.REGISTRATION, { nick: 'Ada', mobile: '+49 151 23456789', tier: 'gold' });
  expect(sub).toMatch(/^[0-9a-f-]{36}$/);
  expect((await start(FlowKind.LOGIN)).fields[0]).toMatchObject({ name: 'identifier', autocomplete: 'username webauthn' });
  expect(await submit(FlowKind.LOGIN, { identifier: 'ADA' })).toBe(sub);
  expect(await submit(FlowKind.LOGIN, { identifier: '+49 (151) 234-56789' })).toBe(sub);
  const { outcome } = await asToken.authenticate({ ...AuthenticateRequest.create(), username: 'ada', password });
  expect(outcome).toMatchObject({ $case: 'authenticated', value: { sub } });

  const claims = async (...scopes: string[]) =>
    JSON.parse((await asToken.getClaims({ sub: String(sub), scopes, claims: [] })).claims) as unknown;
  expect(await claims('phone', 'club')).toEqual({ phone_number: '+4915123456789', phone_number_verified: false });
  const { identity: made } = await identities.getIdentity({ sub: String(sub) });
  const traits = JSON.stringify({ ...JSON.parse(made?.traits ?? ''), tier: 'gold' });
  await identities.updateIdentity({ identity: { ...made, traits } as NonNullable<typeof made>, update_mask: ['traits'] }); // it is there
  expect(await claims('club')).toEqual({ 'https://example.com/tier': 'gold' });

  const other = await submit(FlowKind.REGISTRATION, { nick: 'eve', mobile: '+4915123456789' });
  expect(JSON.stringify(other)).toContain('phone_taken');
});

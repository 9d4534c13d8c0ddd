import { randomBytes } from 'node:crypto';
import { openEphemeral } from '@authority/ephemeral';
import { statement } from '@authority/postgres';
import type { DeviceDecision, DeviceGrant, DeviceRedemption } from '@authority/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hashOf, newDeviceCode } from '../device-code.ts';
import { systemRandom } from '../random.ts';
import type { TokenStores } from '../stores.ts';
import { codeEnvelope, type TokenBench, tokenBench } from '../testing/bench.ts';
import { endAll } from './endings.ts';

let bench: TokenBench;
let one: TokenStores;
let two: TokenStores;

beforeAll(async () => {
  bench = await tokenBench();
  [one, two] = await Promise.all([bench.replica(), bench.replica()]);
});
afterAll(() => bench.close());

const mint = async (): Promise<string> => {
  const ephemeral = await openEphemeral({ database: one.database, prefix: 'token', service: 'token' });
  const id = ephemeral.mint(600_000);
  await ephemeral.close();
  return id;
};

async function decision(changes: Partial<DeviceDecision> = {}): Promise<{ device_code: string; made: DeviceDecision }> {
  const expiresAt = Date.now() + 600_000;
  const device_code = newDeviceCode(await mint(), expiresAt);
  const { client_id, sub, scopes, resources, authentication } = codeEnvelope();
  const decided = { ...{ client_id, sub, scopes, resources, authentication }, allowed: true, decidedAt: Date.now(), expiresAt, ...changes };
  return { device_code, made: { ...decided, code_hash: hashOf(device_code) } };
}

const grant = (): DeviceGrant => ({
  grant_id: systemRandom.grantId(Date.now()),
  handle: randomBytes(16),
  expiresAt: Date.now() + 86_400_000,
});

const grantsOf = (device_code: string) =>
  one.database.query<{ grant_id: string; sid: string | null; generation: number }>(
    statement('', 'SELECT g.grant_id, g.sid, g.generation FROM grants g JOIN device_decisions d USING (grant_id) WHERE d.code_hash = $1'),
    [Buffer.from(hashOf(device_code), 'base64url')],
  );

test('house.md, devices: of 100 redemptions over two replicas one makes the grant', async () => {
  const { device_code, made } = await decision();
  await one.deviceDecisions.decide(made);
  const outcomes = await Promise.all(
    Array.from({ length: 100 }, (_, at) => (at % 2 === 0 ? one : two).deviceDecisions.redeem(device_code, grant())),
  );
  const count = (which: DeviceRedemption): number => outcomes.filter((outcome) => outcome === which).length;
  expect([count('redeemed'), count('replayed')]).toEqual([1, 99]);
  expect(await grantsOf(device_code)).toMatchObject([{ sid: null, generation: 0 }]);
});

test('RFC 9449 §5: what the grant is bound to is in its row', async () => {
  const { device_code, made } = await decision();
  await one.deviceDecisions.decide(made);
  const bound: DeviceGrant = { ...grant(), confirmation: { jkt: 'thumbprint' } };
  await one.deviceDecisions.redeem(device_code, bound);
  const parts = { keyId: '', partition: Math.floor(bound.expiresAt / 86_400_000), handle: bound.handle, generation: 0 };
  expect(await two.grants.read(parts)).toMatchObject({ outcome: 'live', grant: { confirmation: { jkt: 'thumbprint' } } });
});

test('house.md, devices: of many decisions at once the first is final, on every replica, with one audit row', async () => {
  const { device_code, made } = await decision();
  const all = Array.from({ length: 20 }, (_, at) => ({ ...made, sub: `person-${at}`, allowed: at % 2 === 0 }));
  const answers = await Promise.all(all.map((each, at) => (at % 3 === 0 ? one : two).deviceDecisions.decide(each)));
  expect(new Set(answers.map(({ sub, allowed }) => `${sub} ${allowed}`)).size).toBe(1);
  expect(await two.deviceDecisions.find(device_code)).toEqual(answers[0]);
  const actor = `user:${answers[0]?.sub}`;
  const action = answers[0]?.allowed ? 'device.allow' : 'device.deny';
  const rows = await one.database.query(statement('', "SELECT action FROM audit WHERE actor LIKE 'user:person-%'"));
  expect(rows).toEqual([{ action }]);
  expect(await one.database.query(statement('', 'SELECT 1 AS found FROM audit WHERE actor = $1'), [actor])).toHaveLength(1);
});

test('house.md, devices: what was denied is never redeemed', async () => {
  const { device_code, made } = await decision({ allowed: false });
  await one.deviceDecisions.decide(made);
  await one.deviceDecisions.decide({ ...made, allowed: true });
  expect(await one.deviceDecisions.find(device_code)).toMatchObject({ allowed: false });
  await expect(one.deviceDecisions.redeem(device_code, grant())).rejects.toThrow('nobody allowed');
  expect(await grantsOf(device_code)).toEqual([]);
});

test('house.md, revocation: what was allowed before a not-before of its subject or client redeems nothing; a session may end', async () => {
  const at = new Date(Date.now() + 2000);
  await one.database.transaction((tx) =>
    endAll(tx, [
      { kind: 'subject', target: 'ended-sub', at },
      { kind: 'client', target: 'c_ended', at },
      { kind: 'session', target: 's_ended', at },
    ]),
  );
  const redeemed = async (changes: Partial<DeviceDecision>): Promise<DeviceRedemption> => {
    const { device_code, made } = await decision(changes);
    await one.deviceDecisions.decide(made);
    return one.deviceDecisions.redeem(device_code, grant());
  };
  expect(await redeemed({ sub: 'ended-sub' })).toBe('subject_revoked');
  expect(await redeemed({ client_id: 'c_ended' })).toBe('client_disabled');
  expect(await redeemed({ authentication: { ...codeEnvelope().authentication, sid: 's_ended' } })).toBe('redeemed');
});

test('house.md, devices: a code in another spelling, or with another end, is another code', async () => {
  const { device_code, made } = await decision();
  await one.deviceDecisions.decide(made);
  const [id, , secret] = device_code.split('.');
  const later = `${id}.${(made.expiresAt + 1000).toString(36)}.${secret}`;
  for (const forged of [later, `${device_code}=`, device_code.slice(0, -1), '']) {
    expect(await one.deviceDecisions.find(forged)).toBeUndefined();
  }
});

test('performance.md 6: a redemption touches one partition, and none is missing', async () => {
  const explain = statement(
    '',
    `EXPLAIN SELECT 1 FROM device_decisions WHERE code_hash = '\\x00' AND expires_at = '${new Date(Date.now() + 3_600_000).toISOString()}'`,
  );
  const text = (await one.database.query<{ 'QUERY PLAN': string }>(explain)).map((row) => row['QUERY PLAN']).join('\n');
  expect(text.match(/ on device_decisions_\w+/g)).toHaveLength(1);
  expect(text).not.toContain('device_decisions_default');
  const upkeep = await one.database.query<{ strays: number }>(statement('', 'SELECT strays FROM upkeep_devices()'));
  expect(Number(upkeep[0]?.strays)).toBe(0);
});

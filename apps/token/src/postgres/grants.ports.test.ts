import { randomBytes } from 'node:crypto';
import type { CodeEnvelope, LiveGrant, PresentedRefreshToken, RefreshOutcome } from '@authority/protocol';
import { statement } from '@authority/postgres';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TokenStores } from '../stores.ts';
import { codeEnvelope, type TokenBench, tokenBench } from '../testing/bench.ts';
import { endAll } from './endings.ts';
import { grantDay } from './grant-rows.ts';
import { readGrants, revokeGrants, rotateGrants } from './grant-statements.ts';

let bench: TokenBench;
let one: TokenStores;
let two: TokenStores;

beforeAll(async () => {
  bench = await tokenBench();
  [one, two] = await Promise.all([bench.replica(), bench.replica()]);
});
afterAll(() => bench.close());

/** A grant, and what its refresh token of a generation presents. */
async function newGrant(changes: Partial<CodeEnvelope> = {}) {
  const envelope = codeEnvelope(changes);
  await one.authorizationCodes.redeem(one.authorizationCodes.seal(envelope), envelope, Date.now());
  const present = (generation: number, more: Partial<PresentedRefreshToken> = {}): PresentedRefreshToken => ({
    keyId: one.refreshTokenMac.currentKeyId(),
    partition: grantDay(envelope.grantExpiresAt),
    handle: Buffer.from(envelope.handle, 'base64url'),
    generation,
    client_id: envelope.client_id,
    scopes: [],
    resources: [],
    ...more,
  });
  return { envelope, present };
}

const generations = (outcomes: readonly RefreshOutcome[]): unknown[] => [
  ...new Set(outcomes.map((one) => (one.outcome === 'live' ? one.generation : one.outcome))),
];

/** As if the last step were older than the grace window. */
async function age(envelope: CodeEnvelope): Promise<void> {
  const update = statement('', `UPDATE grants SET stepped_at = stepped_at - interval '1 minute' WHERE grant_id = $1`);
  await one.database.query(update, [envelope.grant_id]);
}

test('house.md, "Refresh": 100 equal refreshes on one replica are one step', async () => {
  const { present } = await newGrant();
  const outcomes = await Promise.all(Array.from({ length: 100 }, () => one.grants.rotate(present(0))));
  expect(generations(outcomes)).toEqual([1]);
});

test('house.md, "Refresh": 100 equal refreshes on two replicas are one step, with the same key', async () => {
  const { present } = await newGrant();
  const outcomes = await Promise.all(Array.from({ length: 100 }, (_, at) => (at % 2 === 0 ? one : two).grants.rotate(present(0))));
  expect(generations(outcomes)).toEqual([1]);
  expect(new Set(outcomes.map((outcome) => (outcome.outcome === 'live' ? outcome.keyId : '')))).toHaveLength(1);
});

test('house.md, "Refresh": a refresh of the second replica alone, within the window, answers the same successor', async () => {
  const { present } = await newGrant();
  expect(generations([await one.grants.rotate(present(0)), await two.grants.rotate(present(0))])).toEqual([1]);
});

test('house.md, "Refresh": the one before is answered before the current one steps, when both come at once', async () => {
  const { present } = await newGrant();
  await one.grants.rotate(present(0));
  const [current, before] = await Promise.all([one.grants.rotate(present(1)), one.grants.rotate(present(0))]);
  expect(before).toMatchObject({ outcome: 'live', generation: 1 });
  expect(current).toMatchObject({ outcome: 'live', generation: 2 });
});

test('RFC 9700 §4.14.2: the one before the current one revokes the family after the window', async () => {
  const { envelope, present } = await newGrant();
  await one.grants.rotate(present(0));
  await age(envelope);
  expect((await one.grants.rotate(present(0))).outcome).toBe('reused');
  expect((await two.grants.rotate(present(1))).outcome).toBe('revoked');
});

test('RFC 9700 §4.14.2: an older one revokes the family at any time, access tokens included, on every replica', async () => {
  const { envelope, present } = await newGrant();
  await one.grants.rotate(present(0));
  await one.grants.rotate(present(1));
  const token = { jti: `${envelope.grant_id}.x`, sub: envelope.sub, client_id: envelope.client_id, iat: Date.now() / 1000 };
  expect(one.revocations.isRevoked(token)).toBe(false);
  expect((await one.grants.rotate(present(0))).outcome).toBe('reused');
  expect(one.revocations.isRevoked(token)).toBe(true);
  await expect.poll(() => two.revocations.isRevoked(token), { timeout: 1000, interval: 10 }).toBe(true);
  expect((await one.grants.read(present(2))).outcome).toBe('revoked');
  const audited = await one.database.query<{ actor: string; details: { why: string } }>(
    statement('', 'SELECT actor, details FROM audit WHERE target = $1'),
    [`grant:${envelope.grant_id}`],
  );
  expect(audited).toMatchObject([{ actor: 'system', details: { why: 'refresh_token_reused' } }]);
});

test('house.md, "Refresh": a generation above the row is stepped forward', async () => {
  const { present } = await newGrant();
  expect(await one.grants.rotate(present(7))).toMatchObject({ outcome: 'live', generation: 8 });
  expect(await one.grants.rotate(present(8))).toMatchObject({ outcome: 'live', generation: 9 });
});

test('house.md, "Refresh": client, scope and resource are checked first, and neither step nor revoke', async () => {
  const { present } = await newGrant({ resources: ['https://api.example'] });
  await one.grants.rotate(present(0));
  await one.grants.rotate(present(1));
  expect((await one.grants.rotate(present(0, { client_id: 'c_other' }))).outcome).toBe('other_client');
  expect((await one.grants.rotate(present(0, { scopes: ['admin'] }))).outcome).toBe('scope_exceeds_grant');
  expect((await one.grants.rotate(present(0, { resources: ['https://other.example'] }))).outcome).toBe('resource_exceeds_grant');
  const narrowed = present(2, { scopes: ['openid'], resources: ['https://api.example'] });
  expect(await one.grants.rotate(narrowed)).toMatchObject({ outcome: 'live', generation: 3 });
});

test('performance.md 6: different grants of one batch, a poisonous item among them, are answered each', async () => {
  const grants = await Promise.all(Array.from({ length: 20 }, () => newGrant()));
  const poisonous = (await newGrant()).present(0, { scopes: ['a\0b'] });
  const [bad, ...outcomes] = await Promise.all([
    one.grants.rotate(poisonous).catch((error: unknown) => error),
    ...grants.map(({ present }) => one.grants.rotate(present(0))),
  ]);
  expect(bad).toMatchObject({ code: 'INVALID_ARGUMENT' });
  expect(generations(outcomes)).toEqual([1]);
});

test('house.md, revocation: a not-before of subject, client or session ends its grants', async () => {
  const at = new Date(Date.now() + 2000);
  const bySubject = await newGrant({ sub: 'grants-sub' });
  const byClient = await newGrant({ client_id: 'c_grants' });
  const bound = await newGrant({ offline: false, authentication: { ...codeEnvelope().authentication, sid: 's_grants' } });
  const offline = await newGrant({ offline: true, authentication: { ...codeEnvelope().authentication, sid: 's_grants' } });
  await one.database.transaction((tx) =>
    endAll(tx, [
      { kind: 'subject', target: 'grants-sub', at },
      { kind: 'client', target: 'c_grants', at },
      { kind: 'session', target: 's_grants', at },
    ]),
  );
  expect((await one.grants.rotate(bySubject.present(0))).outcome).toBe('subject_revoked');
  expect((await one.grants.read(byClient.present(0))).outcome).toBe('client_disabled');
  expect((await one.grants.rotate(bound.present(0))).outcome).toBe('session_ended');
  expect((await one.grants.rotate(offline.present(0))).outcome).toBe('live');
});

test('RFC 7009 §2.1: revoking is idempotent, and only the first writes', async () => {
  const { envelope, present } = await newGrant();
  const revoke = (stores: TokenStores): Promise<void> => stores.grants.revoke(envelope.grant_id, present(0).partition, 'revoked_by_client');
  await Promise.all([revoke(one), revoke(one), revoke(two)]);
  await revoke(two);
  expect((await one.grants.rotate(present(0))).outcome).toBe('revoked');
  const rows = await one.database.query(statement('', 'SELECT 1 FROM revocations WHERE target = $1'), [envelope.grant_id]);
  expect(rows).toHaveLength(1);
});

test('performance.md 6: a locked row holds nobody for long, and its neighbours not at all', async () => {
  const [locked, free] = [await newGrant(), await newGrant()];
  const lock = statement('', 'SELECT 1 FROM grants WHERE grant_id = $1 FOR UPDATE');
  await two.database.transaction(async (tx) => {
    await tx.query(lock, [locked.envelope.grant_id]);
    const started = Date.now();
    const [held, neighbour] = await Promise.allSettled([one.grants.rotate(locked.present(0)), one.grants.rotate(free.present(0))]);
    expect(Date.now() - started).toBeLessThan(2000);
    expect(held).toMatchObject({ status: 'rejected', reason: { code: 'UNAVAILABLE' } });
    expect(neighbour).toMatchObject({ status: 'fulfilled', value: { outcome: 'live', generation: 1 } });
  });
});

test('performance.md 6: rotation, reading and revocation touch one partition', async () => {
  const { present } = await newGrant();
  const { partition } = present(0);
  const hash = Buffer.alloc(32);
  const asked = JSON.stringify([{ handle_hash: '\\x00', presented: 0, asked_by: 'c', asked_scopes: [] }]);
  const client = new pg.Client({ connectionString: bench.ownerUrl, options: `-c search_path=token ${keptPlans}` });
  await client.connect();
  for (const [{ name, text }, values] of [
    [rotateGrants, [partition, asked, [hash], 10, 'k']],
    [readGrants, [partition, [hash]]],
    [revokeGrants, [partition, ['g'], ['operator']]],
  ] as const) {
    await client.query(`PREPARE ${name} AS ${text}`);
    const given = values.map((value) => pg.escapeLiteral(typeof value === 'object' ? arrayOf(value) : String(value))).join(', ');
    const plan = await client.query(`EXPLAIN (ANALYZE) EXECUTE ${name}(${given})`);
    const lines: string[] = plan.rows.map((row) => row['QUERY PLAN']);
    const touched = new Set(lines.join('\n').match(/(?<=Scan.* on )grants_\w+/g));
    expect([...touched]).toEqual([`grants_${partition}`]);
    // The plan is the kept one: it has the others, and takes them out when it runs.
    expect(lines.join('\n')).toMatch(/Subplans Removed: \d+/);
  }
  await client.end();
});

const keptPlans = '-c plan_cache_mode=force_generic_plan -c enable_seqscan=off';

function arrayOf(values: readonly (string | Buffer)[]): string {
  const items = values.map((value) => (typeof value === 'string' ? value : `\\\\x${value.toString('hex')}`));
  return `{${items.map((item) => `"${item}"`).join(',')}}`;
}

test('RFC 6749 §4.3: a grant without a code is there for its refresh token, unless what it rests on has ended', async () => {
  const create = (changes: Partial<LiveGrant>) => {
    const { grant_id, sub, client_id, scopes, grantExpiresAt: expiresAt, issuedAt: createdAt } = codeEnvelope();
    const grant: LiveGrant = { ...{ grant_id, sub, client_id, scopes, resources: [], createdAt, expiresAt }, ...changes };
    const handle = Buffer.from(randomBytes(16));
    return { grant, handle, created: one.grants.create(grant, handle) };
  };
  const { grant, handle, created } = create({});
  expect(await created).toBe('created');
  const parts = { keyId: one.refreshTokenMac.currentKeyId(), partition: grantDay(grant.expiresAt), handle, generation: 0 };
  expect(await two.grants.read(parts)).toMatchObject({ outcome: 'live', generation: 0, grant });

  const ended = codeEnvelope().sub.replace(/.$/, 'f');
  await one.database.transaction((tx) => endAll(tx, [{ kind: 'subject', target: ended, at: new Date() }]));
  const refused = create({ sub: ended, createdAt: Date.now() - 1000 });
  expect(await refused.created).toBe('subject_revoked');
  expect(await two.grants.read({ ...parts, handle: refused.handle })).toEqual({ outcome: 'unknown' });
});

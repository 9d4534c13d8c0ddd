import { afterAll, beforeAll, expect, test } from 'vitest';
import { statement } from '@authority/postgres';
import type { Redemption } from '@authority/protocol';
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

const count = (outcomes: readonly Redemption[], which: Redemption): number => outcomes.filter((one) => one === which).length;

test('RFC 6749 §4.1.2: 64 redemptions of one code in one batch are one redemption', async () => {
  const envelope = codeEnvelope();
  const code = one.authorizationCodes.seal(envelope);
  const outcomes = await Promise.all(Array.from({ length: 64 }, () => one.authorizationCodes.redeem(code, envelope, Date.now())));
  expect(count(outcomes, 'redeemed')).toBe(1);
  expect(count(outcomes, 'replayed')).toBe(63);
});

test('RFC 6749 §4.1.2: 100 redemptions of one code over two replicas are one redemption', async () => {
  const envelope = codeEnvelope();
  const code = one.authorizationCodes.seal(envelope);
  const outcomes = await Promise.all(
    Array.from({ length: 100 }, (_, at) => (at % 2 === 0 ? one : two).authorizationCodes.redeem(code, envelope, Date.now())),
  );
  expect(count(outcomes, 'redeemed')).toBe(1);
  expect(count(outcomes, 'replayed')).toBe(99);
});

test('RFC 6749 §4.1.2: different codes of one batch are redeemed each', async () => {
  const envelopes = Array.from({ length: 20 }, () => codeEnvelope());
  const redeem = (envelope: (typeof envelopes)[number]): Promise<Redemption> =>
    one.authorizationCodes.redeem(one.authorizationCodes.seal(envelope), envelope, Date.now());
  expect(count(await Promise.all(envelopes.map(redeem)), 'redeemed')).toBe(20);
});

test('RFC 6749 §4.1.2: an expired code is told from a replayed one, and leaves no row', async () => {
  const used = codeEnvelope();
  const usedCode = one.authorizationCodes.seal(used);
  await one.authorizationCodes.redeem(usedCode, used, Date.now());
  expect(await one.authorizationCodes.redeem(usedCode, used, Date.now() + 120_000)).toBe('replayed');

  const late = codeEnvelope({ expiresAt: Date.now() - 1 });
  const lateCode = one.authorizationCodes.seal(late);
  expect(await one.authorizationCodes.redeem(lateCode, late, Date.now())).toBe('expired');
  expect(await one.authorizationCodes.redeem(lateCode, late, Date.now())).toBe('expired');
});

test('house.md, revocation: a code from before a not-before of its subject, client or session redeems nothing', async () => {
  const at = new Date(Date.now() + 2000);
  await one.database.transaction((tx) =>
    endAll(tx, [
      { kind: 'subject', target: 'ended-sub', at },
      { kind: 'client', target: 'c_ended', at },
      { kind: 'session', target: 's_ended', at },
    ]),
  );
  const redeem = (changes: Parameters<typeof codeEnvelope>[0]): Promise<Redemption> => {
    const envelope = codeEnvelope(changes);
    return one.authorizationCodes.redeem(one.authorizationCodes.seal(envelope), envelope, Date.now());
  };
  expect(await redeem({ sub: 'ended-sub' })).toBe('subject_revoked');
  expect(await redeem({ client_id: 'c_ended' })).toBe('client_disabled');
  const { authentication } = codeEnvelope();
  expect(await redeem({ authentication: { ...authentication, sid: 's_ended' } })).toBe('session_ended');
  // A later code from an older session is a code of before; a sign-in of the same second is not.
  const before = { ...authentication, auth_time: Math.floor(at.getTime() / 1000) - 1 };
  expect(await redeem({ sub: 'ended-sub', issuedAt: Date.now() + 5000, authentication: before })).toBe('subject_revoked');
  const after = { ...authentication, auth_time: Math.floor(at.getTime() / 1000) };
  expect(await redeem({ sub: 'ended-sub', issuedAt: Date.now() + 5000, authentication: after })).toBe('redeemed');
});

test('performance.md 6: text that PostgreSQL cannot hold fails alone', async () => {
  const poisonous = codeEnvelope({ sub: 'a\0b' });
  const good = codeEnvelope();
  const [bad, well] = await Promise.allSettled(
    [poisonous, good].map((envelope) => one.authorizationCodes.redeem(one.authorizationCodes.seal(envelope), envelope, Date.now())),
  );
  expect(bad?.status).toBe('rejected');
  expect(well).toEqual({ status: 'fulfilled', value: 'redeemed' });
});

test('style.md 20: a code opens with its key only, in one spelling, and not when it was changed', () => {
  const envelope = codeEnvelope();
  const code = one.authorizationCodes.seal(envelope);
  expect(two.authorizationCodes.open(code)).toEqual(envelope);
  expect(one.authorizationCodes.open(`${code.slice(0, -1)}${code.endsWith('A') ? 'B' : 'A'}`)).toBeUndefined();
  expect(one.authorizationCodes.open(`${code}=`)).toBeUndefined();
  for (const at of [0, 1, 5, 20, 40]) {
    const bytes = Buffer.from(code, 'base64url');
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    expect(one.authorizationCodes.open(bytes.toString('base64url'))).toBeUndefined();
  }
});

test('performance.md 6: a redemption touches one partition of marks', async () => {
  const explain = statement(
    '',
    `EXPLAIN SELECT 1 FROM code_marks WHERE code_hash = '\\x00' AND expires_at = '${new Date().toISOString()}'`,
  );
  const plan = await one.database.query<{ 'QUERY PLAN': string }>(explain);
  const text = plan.map((row) => row['QUERY PLAN']).join('\n');
  expect(text.match(/ on code_marks_\w+/g)).toHaveLength(1);
  expect(text).not.toContain('code_marks_default');
});

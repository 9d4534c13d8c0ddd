import { statement } from '@authority/postgres';
import { blindedRevocation } from '@authority/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TokenStores } from '../stores.ts';
import { systemRandom } from '../random.ts';
import { revocationListDocument } from '../revocation-list.ts';
import { type TokenBench, tokenBench } from '../testing/bench.ts';
import { endAll } from './endings.ts';
import { applyFeed } from './feeds.ts';

let bench: TokenBench;
let one: TokenStores;
let two: TokenStores;

beforeAll(async () => {
  bench = await tokenBench();
  [one, two] = await Promise.all([bench.replica(), bench.replica()]);
});
afterAll(() => bench.close());

const tokenOf = (changes: Partial<{ jti: string; sub: string; client_id: string; sid: string; iat: number }> = {}) => ({
  jti: `${systemRandom.grantId(Date.now())}.x`,
  sub: 'somebody',
  client_id: 'c_any',
  iat: Math.floor(Date.now() / 1000),
  ...changes,
});
const within = { timeout: 1000, interval: 10 };

test('house.md, "One revocation set": what one replica revokes, the other knows within a second', async () => {
  const token = tokenOf();
  await one.revocations.revokeToken({ jti: token.jti, exp: token.iat + 300 });
  expect(one.revocations.isRevoked(token)).toBe(true);
  await expect.poll(() => two.revocations.isRevoked(token), within).toBe(true);
  expect(two.revocations.isRevoked(tokenOf())).toBe(false);
});

test('house.md, "One revocation set": every replica publishes what one revokes, by the same tag', async () => {
  const issuer = 'https://id.example';
  const [at, other] = [one, two].map((stores) => revocationListDocument(issuer, stores.revocations, stores.signingKeys));
  const listed = (body = ''): unknown => JSON.parse(Buffer.from(body.split('.')[1] ?? '', 'base64url').toString())['revoked'].token;
  const before = at?.({ etag: '', recent: false }, Date.now());
  const { jti, iat } = tokenOf();
  await one.revocations.revokeToken({ jti, exp: iat + 300 });
  const now = Date.now();
  const after = at?.({ etag: before?.etag ?? '', recent: false }, now);
  expect(listed(after?.body)).toContain(blindedRevocation(issuer, 'token', jti));
  // Whatever tests before this revoked arrives at both in its own time.
  await expect
    .poll(() => other?.({ etag: '', recent: false }, now).etag === at?.({ etag: '', recent: false }, now).etag, within)
    .toBe(true);
  expect(other?.({ etag: at?.({ etag: '', recent: false }, now).etag ?? '', recent: false }, now).body).toBe('');
  expect(listed(at?.({ etag: '', recent: true }, now).body)).toContain(blindedRevocation(issuer, 'token', jti));
  // What was heard of before is in the whole list alone.
  expect([...one.revocations.live(issuer, now, Date.now() + 1)]).toEqual([]);
  await one.poll.stop();
  expect(() => at?.({ etag: '', recent: false }, now + 60_000)).toThrow('revocations_stale');
  one = await bench.replica();
});

test('house.md, "One revocation set": a replica that starts later has what is live', async () => {
  const token = tokenOf({ client_id: 'c_loaded' });
  await one.database.transaction((tx) => endAll(tx, [{ kind: 'client', target: 'c_loaded', at: new Date(Date.now() + 1000) }]));
  const three = await bench.replica();
  expect(three.revocations.isRevoked(token)).toBe(true);
});

test('house.md, "One revocation set": a transaction that commits late is not skipped', async () => {
  const [slow, quick] = [tokenOf({ sub: 'slow' }), tokenOf({ sub: 'quick' })];
  const at = new Date(Date.now() + 5000);
  await one.database.transaction(async (tx) => {
    await endAll(tx, [{ kind: 'subject', target: 'slow', at }]);
    // Younger transactions commit, and the other replica polls past them.
    await two.database.transaction((other) => endAll(other, [{ kind: 'subject', target: 'quick', at }]));
    await expect.poll(() => two.revocations.isRevoked(quick), within).toBe(true);
    await two.poll.refresh();
    expect(two.revocations.isRevoked(slow)).toBe(false);
  });
  await expect.poll(() => two.revocations.isRevoked(slow), within).toBe(true);
});

test('house.md, "One revocation set": a not-before covers what is older, to the millisecond where there is a grant', async () => {
  const before = tokenOf({ sub: 'exact' });
  await new Promise((resolve) => setTimeout(resolve, 5));
  const at = new Date();
  await new Promise((resolve) => setTimeout(resolve, 5));
  const after = tokenOf({ sub: 'exact' });
  await one.database.transaction((tx) => endAll(tx, [{ kind: 'subject', target: 'exact', at }]));
  await one.poll.refresh();
  expect(one.revocations.isRevoked(before)).toBe(true);
  expect(one.revocations.isRevoked(after)).toBe(false);
  // Without a grant there is `iat` alone: the same second counts as before.
  expect(one.revocations.isRevoked(tokenOf({ sub: 'exact', jti: 'cc.x', iat: Math.floor(at.getTime() / 1000) }))).toBe(true);
  expect(one.revocations.isRevoked(tokenOf({ sub: 'exact', jti: 'cc.x', iat: Math.floor(at.getTime() / 1000) + 1 }))).toBe(false);
});

test('house.md, "One revocation set": a person’s end covers what was made later of an older sign-in', async () => {
  const at = new Date();
  const signedIn = (seconds: number) => ({
    ...tokenOf({ sub: 'outran', jti: 'cc.x', iat: Math.floor(at.getTime() / 1000) + 5 }),
    auth_time: Math.floor(at.getTime() / 1000) + seconds,
  });
  await one.database.transaction((tx) => endAll(tx, [{ kind: 'subject', target: 'outran', at }]));
  await one.poll.refresh();
  expect(one.revocations.isRevoked(signedIn(-1))).toBe(true);
  // As for grants: a sign-in of the same second counts as later.
  expect(one.revocations.isRevoked(signedIn(0))).toBe(false);
});

test('house.md, feeds: entries are applied once, whoever applies them how often', async () => {
  const at_ms = Date.now();
  const entry = { sequence: 1, version: 1, event: 'session_ended', sub: 'fed', sid: 's_fed', at_ms, why: 'user' };
  const entries = [entry, { ...entry, sequence: 2, event: 'identity_disabled', sid: '' }, { ...entry, sequence: 3, event: 'role_changed' }];
  await one.database.transaction((tx) => applyFeed(tx, entries));
  await two.database.transaction((tx) => applyFeed(tx, entries));
  const rows = await one.database.query<{ kind: string }>(
    statement('', "SELECT kind FROM revocations WHERE target IN ('s_fed', 'fed') ORDER BY kind"),
  );
  expect(rows.map(({ kind }) => kind)).toEqual(['session', 'subject']);
  await two.poll.refresh();
  expect(two.revocations.isRevoked(tokenOf({ sid: 's_fed' }))).toBe(true);
});

test('house.md, "One revocation set": without a poll introspection stops after 2 s, minting after 60 s', () => {
  const now = one.poll.lastGoodAt();
  expect(() => one.revocations.assertFresh(now + 1900)).not.toThrow();
  expect(() => one.revocations.assertFresh(now + 2100)).toThrow(expect.objectContaining({ reason: 'revocations_stale' }));
  expect(() => one.revocations.assertFreshEnoughToMint(now + 59_000)).not.toThrow();
  expect(() => one.revocations.assertFreshEnoughToMint(now + 61_000)).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }));
});

test('house.md, "One revocation set": what was exchanged for a token ends with it, and with the clients before', async () => {
  const token = { jti: 'cc.first.second.third', sub: 's', client_id: 'c_last', iat: Date.now() / 1000 - 10, exchanged_from: ['c_first'] };
  expect(one.revocations.isRevoked(token)).toBe(false);
  await one.revocations.revokeToken({ jti: 'cc.first', exp: Date.now() / 1000 + 60 });
  expect(one.revocations.isRevoked(token)).toBe(true);
  expect(one.revocations.isRevoked({ ...token, jti: 'cc.firstborn' })).toBe(false);
  await one.database.transaction((tx) => endAll(tx, [{ kind: 'client', target: 'c_first', at: new Date() }]));
  await two.poll.refresh();
  expect(two.revocations.isRevoked({ ...token, jti: 'cc.other' })).toBe(true);
});

import { randomBytes, randomUUID } from 'node:crypto';
import { listAudit } from '@authority/audit';
import { ListAuditEventsRequest } from '@authority/contracts/admin';
import { type Database, open, statement } from '@authority/postgres';
import { testPostgres, type TestPostgres } from '@authority/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Asked } from '../accounts/asked.ts';
import { newSubject } from '../accounts/subject.ts';
import { recoveryCodesCredential, totpCredential } from '../credentials/second-factors.ts';
import { migrateIdentity } from '../identity.ts';
import { usualParameters } from '../methods/totp/code.ts';
import { defaultSchema } from '../schemas/presets/index.ts';
import { PostgresAccounts } from './accounts.ts';
import { PostgresAttempts } from './attempts.ts';
import { identityJobs } from './jobs.ts';
import type { NoticeKind } from './notices.ts';
import { PostgresRecoveryCodes } from './recovery-codes.ts';
import { PostgresTotps } from './totps.ts';

const limit = 5;
const known = 'b'.repeat(43);
const stranger = 'c'.repeat(43);
const notices: NoticeKind[] = [];

let postgres: TestPostgres;
/** Two replicas, a pool of connections each. */
let replicas: readonly [Database, Database];

beforeAll(async () => {
  postgres = await testPostgres();
  const ownerUrl = await postgres.newDatabase();
  const url = postgres.serviceUrl(ownerUrl, 'identity');
  await migrateIdentity({ ownerUrl, serviceUrl: url, secrets: [randomBytes(32)] });
  replicas = [await open({ url, service: 'identity' }), await open({ url, service: 'identity' })];
});

afterAll(async () => {
  await Promise.all(replicas.map((one) => one.close()));
  await postgres.stop();
});

const sql = (text: string, ...values: unknown[]) => replicas[0].query<Record<string, unknown>>(statement('', text), values);
const notice = async (_tx: unknown, _sub: string, kind: NoticeKind): Promise<void> => void notices.push(kind);
const totpsAt = (replica: number) => new PostgresTotps(replicas[replica % 2] ?? replicas[0], notice);
const codesAt = (replica: number) => new PostgresRecoveryCodes(replicas[replica % 2] ?? replicas[0], notice);
const attemptsAt = (replica: number) => new PostgresAttempts(replicas[replica % 2] ?? replicas[0]);
const askedOf = (sub: string): Asked => ({ actor: `user:${sub}`, at: 1, address: '192.0.2.1', userAgent: 'Firefox', locale: 'en' });
const audited = async (sub: string) => {
  const filter = `target = "identity:${sub}"`;
  const { audit_events } = await listAudit(replicas[0], 'identity', ListAuditEventsRequest.create({ filter }));
  return audit_events.map(({ action, actor }) => [action, actor]).reverse();
};

/** Somebody with a password, who has signed in in the browser `known`. */
async function person(): Promise<string> {
  const [sub, email] = [newSubject(Date.now()), `${randomUUID()}@example.com`];
  await new PostgresAccounts(replicas[0]).register({
    sub,
    schema: defaultSchema,
    traits: { email },
    credential: { passwordHash: 'hash:x' },
    browser: known,
  });
  return sub;
}

async function withTotp(step = 100): Promise<string> {
  const sub = await person();
  await totpsAt(0).add(sub, { ...usualParameters, sealed: 'sealed', step, browser: known }, askedOf(sub));
  return sub;
}

describe('an authenticator app', () => {
  test('of two that are added at once one is kept, with its audit row and notice; whoever has one has a second factor', async () => {
    const sub = await person();
    notices.length = 0;
    const add = (replica: number) =>
      totpsAt(replica).add(sub, { ...usualParameters, sealed: `sealed ${replica}`, step: 1, browser: known }, askedOf(sub));
    const added = await Promise.all([add(0), add(1)]);
    expect(added.filter((one) => one !== undefined)).toHaveLength(1);
    expect(await totpsAt(0).find(sub)).toMatchObject({ ...usualParameters, createdAt: expect.any(Number), lastUsedAt: undefined });
    expect([await audited(sub), notices]).toMatchObject([
      [
        ['identity.register', `user:${sub}`],
        ['identity.totp_add', `user:${sub}`],
      ],
      ['totp_on'],
    ]);
    const [row] = await sql("SELECT value FROM identifiers WHERE sub = $1 AND kind = 'email'", sub);
    const { account } = await new PostgresAccounts(replicas[0]).findByIdentifier(String(row?.['value']), known);
    expect(account?.secondFactor).toBe(true);
  });

  test('RFC 6238 §5.2: of twenty that use a step at once, at two replicas, one does; and none before it', async () => {
    const sub = await withTotp(100);
    const use = (replica: number, step: number) => totpsAt(replica).use(sub, { sealed: 'sealed', step, bucket: '', browser: known });
    const used = await Promise.all(Array.from({ length: 20 }, (_, replica) => use(replica, 101)));
    expect(used.filter((one) => one !== undefined)).toHaveLength(1);
    expect(await Promise.all([use(0, 100), use(1, 101)])).toEqual([undefined, undefined]);
    expect(await use(0, 102)).toEqual({ at: expect.any(Number) });
    expect((await totpsAt(1).find(sub))?.lastUsedAt).toBeGreaterThan(0);
  });

  test('another seed than the one that was looked at is not used', async () => {
    const sub = await withTotp(1);
    expect(await totpsAt(0).use(sub, { sealed: 'of before', step: 5, bucket: '', browser: known })).toBeUndefined();
  });

  test('nobody gets one who is not there', async () => {
    const nobody = newSubject(0);
    expect(
      await totpsAt(0).add(nobody, { ...usualParameters, sealed: 'sealed', step: 1, browser: known }, askedOf(nobody)),
    ).toBeUndefined();
  });

  test('with it go the recovery codes that are a backup of nothing else', async () => {
    const sub = await withTotp();
    notices.length = 0;
    await codesAt(0).replace(sub, { key_id: 'k_1', macs: ['a'] }, askedOf(sub));
    expect(await totpsAt(0).remove(sub, askedOf(sub))).toBe(true);
    expect(await totpsAt(0).remove(sub, askedOf(sub))).toBe(false);
    expect(await codesAt(0).find(sub)).toBeUndefined();
    expect(notices).toEqual(['recovery_codes_made', 'totp_off']);
    expect((await audited(sub)).map(([action]) => action)).toEqual([
      'identity.register',
      'identity.totp_add',
      'identity.recovery_codes_make',
      'identity.totp_remove',
    ]);
  });

  test('with a passkey beside it they stay', async () => {
    const sub = await withTotp();
    await sql("INSERT INTO credentials (sub, kind, data) VALUES ($1, 'passkey', '{}')", sub);
    await codesAt(0).replace(sub, { key_id: 'k_1', macs: ['a'] }, askedOf(sub));
    await totpsAt(0).remove(sub, askedOf(sub));
    expect(await codesAt(0).find(sub)).toMatchObject({ left: 1 });
  });
});

describe('recovery codes', () => {
  test('of twenty that use one at once, at two replicas, one does; the others stay, and the audit log counts them', async () => {
    const sub = await withTotp();
    await codesAt(0).replace(sub, { key_id: 'k_1', macs: ['a', 'b', 'c'] }, askedOf(sub));
    const use = (replica: number, mac: string, key_id = 'k_1') =>
      codesAt(replica).use(sub, { key_id, mac, bucket: '', browser: known }, askedOf(sub));
    const used = await Promise.all(Array.from({ length: 20 }, (_, replica) => use(replica, 'b')));
    expect(used.filter((one) => one !== undefined)).toEqual([{ at: expect.any(Number), left: 2 }]);
    expect(await Promise.all([use(0, 'x'), use(0, 'a', 'k_2')])).toEqual([undefined, undefined]);
    const both = await Promise.all([use(0, 'a'), use(1, 'c')]);
    expect(both.map((one) => one?.left).sort()).toEqual([0, 1]);
    expect((await audited(sub)).filter(([action]) => action === 'identity.recovery_code_use')).toHaveLength(3);
  });

  test('new ones end those of before; without another factor there are none', async () => {
    const sub = await withTotp();
    await codesAt(0).replace(sub, { key_id: 'k_1', macs: ['a'] }, askedOf(sub));
    await codesAt(1).replace(sub, { key_id: 'k_1', macs: ['b', 'c'] }, askedOf(sub));
    expect(await codesAt(0).use(sub, { key_id: 'k_1', mac: 'a', bucket: '', browser: known }, askedOf(sub))).toBeUndefined();
    expect(await codesAt(0).find(sub)).toMatchObject({ left: 2 });
    const without = await person();
    expect([await codesAt(0).isBackup(without), await codesAt(0).replace(without, { key_id: 'k_1', macs: [] }, askedOf(without))]).toEqual([
      false,
      false,
    ]);
  });

  test('operators see how many are left, and take them or the app away', async () => {
    const sub = await withTotp();
    await codesAt(0).replace(sub, { key_id: 'k_1', macs: ['a', 'b'] }, askedOf(sub));
    expect(await recoveryCodesCredential.list(replicas[0], sub)).toMatchObject([{ kind: 'recovery_codes', remaining: 2 }]);
    expect(await totpCredential.list(replicas[0], sub)).toMatchObject([{ kind: 'totp', id: 'totp' }]);
    const remove = (kind: typeof totpCredential) => replicas[0].transaction((tx) => kind.remove(tx, sub, '', 'operator:c_op'));
    expect([await remove(recoveryCodesCredential), await remove(recoveryCodesCredential), await remove(totpCredential)]).toEqual([
      true,
      false,
      true,
    ]);
    expect((await audited(sub)).slice(-2)).toEqual([
      ['identity.recovery_codes_remove', 'operator:c_op'],
      ['identity.totp_remove', 'operator:c_op'],
    ]);
  });
});

describe('attempts', () => {
  const count = (sub: string, replica = 0, browser = stranger) => attemptsAt(replica).count(sub, 'totp', browser, limit);
  /** As if so much time had passed since the last attempt. */
  const later = (sub: string, interval: string) =>
    sql(
      `UPDATE attempts SET counted_at = counted_at - interval '${interval}', open_at = open_at - interval '${interval}' WHERE sub = $1`,
      sub,
    );
  const pause = async (sub: string): Promise<number> => {
    const counted = await count(sub);
    return counted.admitted ? 0 : Math.round((counted.retryAt - Date.now()) / 1000);
  };

  test('of 300 at once, at two replicas and from many browsers, no more than the limit are admitted', async () => {
    const sub = await person();
    const all = await Promise.all(Array.from({ length: 300 }, (_, at) => count(sub, at, String(at % 7).repeat(43))));
    expect(all.filter((one) => one.admitted)).toHaveLength(limit);
    const [refused] = all.filter((one) => !one.admitted);
    expect(refused).toEqual({ admitted: false, retryAt: expect.any(Number) });
  });

  test('each further one has to wait twice as long, an hour at most, and never for good', async () => {
    const sub = await person();
    for (let at = 0; at < limit; at += 1) await count(sub);
    const pauses: number[] = [];
    for (let at = 0; at < 9; at += 1) {
      pauses.push(await pause(sub));
      await later(sub, `${pauses[at] ?? 0} seconds`);
      expect(await count(sub)).toMatchObject({ admitted: true });
    }
    expect(pauses).toEqual([30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
    await later(sub, '25 hours');
    for (let at = 0; at < limit; at += 1) expect(await count(sub)).toMatchObject({ admitted: true });
    expect(await count(sub)).toMatchObject({ admitted: false });
  });

  test('who guesses elsewhere does not lock out a browser in which a code was right before; who knew the password alone has none of their own', async () => {
    const sub = await withTotp(1);
    for (let at = 0; at <= limit; at += 1) await count(sub);
    expect(await count(sub)).toMatchObject({ admitted: false });
    expect(await count(sub, 1, known)).toEqual({ admitted: true, bucket: known });
    const before = await person();
    for (let at = 0; at <= limit; at += 1) await count(before);
    expect(await count(before, 1, known)).toMatchObject({ admitted: false });
  });

  test('each kind of code is counted by itself, and a right one forgets those before it', async () => {
    const sub = await withTotp(1);
    for (let at = 0; at <= limit; at += 1) await count(sub, 0, known);
    expect(await attemptsAt(0).count(sub, 'recovery_code', known, limit)).toMatchObject({ admitted: true });
    await totpsAt(0).use(sub, { sealed: 'sealed', step: 1, bucket: known, browser: known });
    expect(await count(sub, 0, known)).toMatchObject({ admitted: false });
    await totpsAt(0).use(sub, { sealed: 'sealed', step: 2, bucket: known, browser: known });
    expect(await count(sub, 0, known)).toMatchObject({ admitted: true });
  });

  test('are forgotten after a day', async () => {
    const sub = await person();
    await count(sub);
    await later(sub, '25 hours');
    await identityJobs(replicas[0])
      .find(({ name }) => name === 'attempts.forget')
      ?.run(replicas[0], new AbortController().signal);
    expect(await sql('SELECT FROM attempts WHERE sub = $1', sub)).toEqual([]);
  });
});

import { randomBytes, randomUUID } from 'node:crypto';
import { type Database, ensurePartitions, open, statement } from '@authority/postgres';
import { type TestPostgres, testPostgres } from '@authority/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { digestOfDigits, type MadeCode, newCode, type Purpose, readLink } from '../codes/code.ts';
import type { Judged, Sent } from '../codes/ports.ts';
import type { Mail } from '../mails/kinds.ts';
import { migrateIdentity } from '../identity.ts';
import { PostgresCodes } from './codes.ts';

let postgres: TestPostgres;
const replicas: Database[] = [];
let codes: PostgresCodes[] = [];
const mails: Mail[] = [];
const sub = '0195f2d0-0000-7000-8000-000000000001';
const browser = 'b'.repeat(43);
const now = Date.now();

beforeAll(async () => {
  postgres = await testPostgres();
  const ownerUrl = await postgres.newDatabase();
  const url = postgres.serviceUrl(ownerUrl, 'identity');
  await migrateIdentity({ ownerUrl, serviceUrl: url, secrets: [randomBytes(32)] });
  for (let at = 0; at < 2; at += 1) replicas.push(await open({ url, service: 'identity' }));
  codes = replicas.map((database) => new PostgresCodes(database, { send: async (_, mail) => void mails.push(mail) }));
});

afterAll(async () => {
  await Promise.all(replicas.map((database) => database.close()));
  await postgres.stop();
});

const mail = (sent: Sent): Mail => ({
  kind: 'recovery_unknown',
  to: JSON.stringify(sent),
  values: { asked: { at: now, address: '', userAgent: '' } },
});
const make = (more: { purpose?: Purpose; address?: string; lifetimeMs?: number; at?: number; of?: string | undefined } = {}): MadeCode => {
  const { purpose = 'recovery', address = `${randomUUID()}@example.com`, lifetimeMs = 900_000, at = now } = more;
  return newCode({ purpose, address, to: address, sub: 'of' in more ? more.of : undefined, browser, digits: 8, lifetimeMs, now: at });
};
const kept = async (more: Parameters<typeof make>[0] = {}): Promise<MadeCode> => {
  const made = make(more);
  if (!(await codes[0]?.create(made.stored, 20, mail))) throw new Error('not kept');
  return made;
};
const guess = (made: MadeCode, digits: string, at = 0, mostAttempts = 5): Promise<Judged> => {
  const { id, purpose } = made.stored;
  const judged = codes[at % 2]?.attempt({ id, purpose, digest: digestOfDigits(made.key, id, digits), mostAttempts, now });
  return judged ?? Promise.reject(new Error('no replica'));
};
const follow = (made: MadeCode, at = 0, when = now): Promise<Judged> => {
  const judged = codes[at % 2]?.open({
    id: made.stored.id,
    digest: readLink(made.link)?.digest ?? '',
    purpose: made.stored.purpose,
    now: when,
  });
  return judged ?? Promise.reject(new Error('no replica'));
};
const faults = (all: Judged[]) => all.map((one) => ('fault' in one ? one.fault : 'proven'));
const count = (all: string[], word: string) => all.filter((one) => one === word).length;

test('300 guesses at once on two replicas: no more than the limit are tried', async () => {
  const made = await kept();
  const wrong = Array.from({ length: 300 }, (_, at) => guess(made, `${at}`.padStart(9, 'x'), at));
  const all = faults(await Promise.all(wrong));
  expect([count(all, 'code_wrong'), count(all, 'code_exhausted')]).toEqual([5, 295]);
  expect(await guess(made, made.digits)).toEqual({ fault: 'code_exhausted' });
});

test('a code that 50 type at once on two replicas is right once, and so is a link', async () => {
  const [typed, opened] = [await kept(), await kept()];
  const all = faults(await Promise.all(Array.from({ length: 50 }, (_, at) => guess(typed, typed.digits, at, 10))));
  expect([count(all, 'proven'), count(all, 'code_used')]).toEqual([1, 49]);
  const links = faults(await Promise.all(Array.from({ length: 50 }, (_, at) => follow(opened, at))));
  expect([count(links, 'proven'), count(links, 'code_used')]).toEqual([1, 49]);
});

test('only the newest of a purpose and address counts, across hours and replicas', async () => {
  const address = 'newest@example.com';
  const older = await kept({ address, lifetimeMs: 3_600_000 });
  const newer = make({ address, lifetimeMs: 60_000 });
  await codes[1]?.create(newer.stored, 20, mail);
  const other = await kept({ address, purpose: 'login' });
  expect(await guess(older, older.digits)).toEqual({ fault: 'code_superseded' });
  expect(await follow(older)).toEqual({ fault: 'code_superseded' });
  expect(await guess(newer, newer.digits)).toMatchObject({ proven: { purpose: 'recovery', sub: undefined, browser } });
  expect(await guess(other, other.digits)).toMatchObject({ proven: { purpose: 'login' } });
});

test('a code is good for its purpose and its time', async () => {
  const made = await kept();
  const { id } = made.stored;
  const digest = digestOfDigits(made.key, id, made.digits);
  expect(await codes[0]?.attempt({ id, purpose: 'login', digest, mostAttempts: 5, now })).toEqual({ fault: 'code_unknown' });
  expect(await codes[0]?.attempt({ id, purpose: 'recovery', digest, mostAttempts: 5, now: now + 900_000 })).toEqual({
    fault: 'code_expired',
  });
  expect(await codes[0]?.attempt({ id: 'x', purpose: 'recovery', digest, mostAttempts: 5, now })).toEqual({ fault: 'code_unknown' });
  expect(await follow(made, 0, now + 900_000)).toEqual({ fault: 'code_expired' });
  expect(await follow({ ...made, link: `${id}.${'A'.repeat(22)}` })).toEqual({ fault: 'code_unknown' });
});

test('looking at a link uses nothing up: programs that look at mail do', async () => {
  const made = await kept({ purpose: 'verification', address: 'look@example.com', of: sub, lifetimeMs: 86_400_000 });
  const link = { id: made.stored.id, purpose: 'verification', digest: readLink(made.link)?.digest ?? '', now } as const;
  for (let at = 0; at < 3; at += 1) expect(await codes[0]?.look(link)).toMatchObject({ proven: { sub, address: 'look@example.com' } });
  expect(await follow(made)).toMatchObject({ proven: { sub } });
});

test('a code and its mail are one: a mail that cannot be kept leaves no code', async () => {
  const made = make();
  await expect(
    new PostgresCodes(replicas[0] ?? expect.fail(), { send: () => Promise.reject(new Error('no outbox')) }).create(made.stored, 20, mail),
  ).rejects.toThrow('no outbox');
  expect(await guess(made, made.digits)).toEqual({ fault: 'code_unknown' });
});

test('what was sent in a day is counted by address and by account, and limited by address', async () => {
  const address = 'day@example.com';
  mails.length = 0;
  await kept({ address, of: sub.replace(/1$/, '2'), at: now - 86_400_001, lifetimeMs: 87_400_000 });
  for (const purpose of ['recovery', 'recovery', 'login'] as const) await kept({ address, purpose, of: sub.replace(/1$/, '2') });
  expect(mails.map(({ to }) => JSON.parse(to))).toEqual([
    { forPurpose: 1, toAccount: 1 },
    { forPurpose: 1, toAccount: 1 },
    { forPurpose: 2, toAccount: 2 },
    { forPurpose: 1, toAccount: 3 },
  ]);
  expect(await codes[0]?.create(make({ address }).stored, 3, mail)).toBe(false);
  expect(mails).toHaveLength(4);
});

test('style.md 20: no digits, no secret of a link and no address that a stranger typed are in the table', async () => {
  const made = await kept({ address: 'stranger@example.com' });
  const rows = await replicas[0]?.query(statement('', `SELECT * FROM one_time_codes WHERE id = '${made.stored.id}'`));
  const text = JSON.stringify(rows);
  for (const secret of [made.digits, made.link.split('.')[1] ?? '', made.key, 'stranger@']) expect(text).not.toContain(secret);
});

test('house.md: hours are there for the longest life of a code, made by the migration', async () => {
  const database = replicas[0] ?? expect.fail();
  expect(await ensurePartitions(database, 'one_time_codes', new Date(now), new Date(now + 25 * 3_600_000), 'hour')).toBe(0);
});

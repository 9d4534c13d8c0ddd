import { PullFeedRequest } from '@authority/contracts/rpc';
import { FeedSource } from '@authority/feed';
import { type Database, ensurePartitions, open, statement } from '@authority/postgres';
import { testPostgres, type TestPostgres } from '@authority/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrateSession } from '../session.ts';
import { newSid, type Session } from '../sessions/session.ts';
import { PostgresEndings, setNotBefore } from './endings.ts';
import { sessionJobs } from './jobs.ts';

let postgres: TestPostgres;
let database: Database;
let endings: PostgresEndings;

const day = 86_400_000;

function session(more: Partial<Session> = {}): Session {
  const now = Date.now();
  const times = { authTime: now, createdAt: now, expiresAt: now + 14 * day, seenAt: now };
  return { sid: newSid(), sub: 'ann', browser: 'B', amr: ['pwd'], acr: 'password', userAgent: '', address: '', ...times, ...more };
}

beforeAll(async () => {
  postgres = await testPostgres();
  const ownerUrl = await postgres.newDatabase();
  const serviceUrl = postgres.serviceUrl(ownerUrl, 'session');
  await migrateSession({ ownerUrl, serviceUrl });
  database = await open({ url: serviceUrl, service: 'session' });
  endings = new PostgresEndings(database);
});

afterAll(async () => {
  await database.close();
  await postgres.stop();
});

test('of ten that end a session at once one does: one row, one feed entry', async () => {
  const one = session();
  const all = await Promise.all(Array.from({ length: 10 }, () => endings.end({ session: one, why: 'user', actor: 'user:ann' })));
  expect(all.filter((entry) => entry !== undefined)).toHaveLength(1);
  const feed = new FeedSource(database);
  const { entries } = await feed.pull(PullFeedRequest.create());
  expect(entries.filter(({ sid }) => sid === one.sid)).toHaveLength(1);
  feed.close();
});

test('many are judged in one statement, each by itself', async () => {
  const [live, over, old, fresh] = [session(), session(), session({ sub: 'bob', authTime: 5 }), session({ sub: 'bob', authTime: 6 })];
  await endings.end({ session: over, why: 'user', actor: 'user:ann' });
  await database.transaction((tx) => setNotBefore(tx, 'bob', 5));
  await database.transaction((tx) => setNotBefore(tx, 'bob', 4));
  const judged = await Promise.all([live, over, old, fresh, live].map((one) => endings.isEnded(one)));
  expect(judged).toEqual([false, true, true, false, false]);
});

test('ended sessions are kept until the last of them could have lived, in days that are dropped whole', async () => {
  const over = session({ expiresAt: Date.now() + 29 * day });
  await endings.end({ session: over, why: 'user', actor: 'user:ann' });
  const days = () =>
    database.query<{ name: string }>(
      statement('', "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'ended_sessions'::regclass"),
    );
  const before = (await days()).length;
  const past = new Date(Date.now() - 10 * day);
  await ensurePartitions(database, 'ended_sessions', past, past, 'day');
  expect(await days()).toHaveLength(before + 1);
  const job = sessionJobs(database).find(({ name }) => name === 'ended_sessions.partitions');
  await job?.run(database, new AbortController().signal);
  expect(await days()).toHaveLength(before);
  expect(await endings.isEnded(over)).toBe(true);
});

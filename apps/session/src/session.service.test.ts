import 'reflect-metadata';
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  AuditServiceService,
  ListAuditEventsRequest,
  ListSessionsRequest,
  SessionServiceService as AdminSessionService,
} from '@authority/contracts/admin';
import {
  type AuthenticateResponse,
  IdentityServiceService,
  type PullFeedResponse,
  type RedeemCompletionResponse,
} from '@authority/contracts/identity';
import { FeedEntry, PullFeedRequest } from '@authority/contracts/rpc';
import { BeginRequest, EndRequest, SessionServiceService } from '@authority/contracts/session';
import { DirectHub, directRuntime, GrpcController, type Handlers, type Served, type ServiceName } from '@authority/rpc';
import { testPostgres, type TestPostgres, testRedis, type TestRedis } from '@authority/testing';
import { Module } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { migrateSession, type Running, startSession } from './index.ts';

const hub = new DirectHub();
const runtime = (self: ServiceName) => directRuntime({ self, hub, encode: true });
const sessions = runtime('gateway').connect('session', SessionServiceService);
const asToken = runtime('token').connect('session', SessionServiceService);
const admin = runtime('admin').connect('session', AdminSessionService);
const audit = runtime('admin').connect('session', AuditServiceService);

/** The feed that the fake identity has. */
const feed: FeedEntry[] = [];

/** An identity service whose completions are `<sub>`, signed in now. */
@GrpcController(IdentityServiceService)
class FakeIdentity implements Handlers<typeof IdentityServiceService> {
  async redeemCompletion({ completion }: { completion: string }): Promise<RedeemCompletionResponse> {
    return { sub: completion, amr: ['pwd'], acr: 'password', auth_time_ms: Date.now() };
  }

  async attest({ sub, sid }: { sub: string; sid: string }): Promise<{ attestation: string }> {
    return { attestation: `${sub} ${sid}` };
  }

  async authenticate(): Promise<AuthenticateResponse> {
    return { outcome: undefined };
  }

  async getClaims(): Promise<{ active: boolean; claims: string }> {
    return { active: false, claims: '{}' };
  }

  async pullFeed({ pull }: { pull?: PullFeedRequest | undefined }): Promise<PullFeedResponse> {
    const cursor = pull?.cursor ?? 0;
    const entries = feed.filter(({ sequence }) => sequence > cursor);
    if (entries.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    return { feed: { entries, cursor: entries.at(-1)?.sequence ?? cursor } };
  }
}

@Module({})
class FakeIdentityModule {}

let postgres: TestPostgres;
let redis: TestRedis;
let identity: Served;
let session: Running;

const begin = async (sub: string, before = '', browser = 'B') =>
  (await sessions.begin(BeginRequest.fromPartial({ completion: sub, session: before, browser }))).session;
const resolve = (handle: string) => asToken.resolve({ session: handle });
const end = (handle: string) => sessions.end(EndRequest.fromPartial({ session: handle, why: 'user' }));
const entries = async (cursor: number) =>
  (await asToken.pullFeed({ pull: PullFeedRequest.create({ cursor }) })).feed ?? { entries: [], cursor };
const cli = (...args: string[]) => execFileSync('redis-cli', ['-p', `${redis.port}`, ...args]);

beforeAll(async () => {
  [postgres, redis] = await Promise.all([testPostgres(), testRedis(['rdbcompression no'])]);
  const ownerUrl = await postgres.newDatabase();
  const databaseUrl = postgres.serviceUrl(ownerUrl, 'session');
  await migrateSession({ ownerUrl, serviceUrl: databaseUrl });
  identity = await runtime('identity').serve({ module: { module: FakeIdentityModule, controllers: [FakeIdentity] }, ready: () => true });
  const config = { issuer: 'http://localhost:8080', databaseUrl, redisUrl: redis.url };
  session = await startSession({ config, runtime: runtime('session') });
  await vi.waitFor(() => expect(session.ready()).toBe(true), { timeout: 10_000 });
});

afterAll(async () => {
  await session.stop();
  await identity.close();
  await Promise.all([redis.stop(), postgres.stop()]);
});

describe('sessions over RPC', () => {
  test('begin, resolve many at once, renew, end', async () => {
    const first = await begin('walk');
    const all = await Promise.all(Array.from({ length: 100 }, () => resolve(first)));
    expect(new Set(all.map(({ sid, active }) => `${sid} ${active}`)).size).toBe(1);
    const second = await begin('walk', first);
    expect(await resolve(second)).toMatchObject({ active: true, sid: all[0]?.sid });
    expect(await resolve(first)).toMatchObject({ active: false });
    expect(await end(second)).toEqual({ sid: all[0]?.sid, propagating: false });
    expect(await resolve(second)).toMatchObject({ active: false });
  });

  test('style.md 20: a dump of the store has no usable handle', async () => {
    const handle = await begin('dumped');
    cli('SAVE');
    const dumped = readFileSync(join(redis.folder, 'dump.rdb'), 'latin1');
    expect(dumped).toContain('dumped');
    expect(dumped).not.toContain(handle);
    expect(dumped).not.toContain(handle.split('.')[1] ?? '');
  });

  test('an end is in the feed and in the audit log', async () => {
    const { cursor } = await entries(0);
    const handle = await begin('audited');
    const { sid } = await resolve(handle);
    const pulling = asToken.pullFeed({ pull: PullFeedRequest.create({ cursor, wait_ms: 1500 }) });
    await end(handle);
    expect((await pulling).feed?.entries).toMatchObject([{ event: 'session_ended', sub: 'audited', sid, why: 'user' }]);
    const { audit_events } = await audit.listAuditEvents(ListAuditEventsRequest.create({ page_size: 1 }));
    expect(audit_events).toMatchObject([{ action: 'session.end', actor: 'user:audited', target: `session:${sid}` }]);
  });
});

describe('one’s own sessions', () => {
  const own = (session: string, browser: string) => sessions.listOwn({ session, browser });

  test('are shown to who holds one of them in its browser, the current one first', async () => {
    const [here, there] = [await begin('own', '', 'H'), await begin('own', '', 'T')];
    await begin('somebody-else', '', 'S');
    const shown = await own(here, 'H');
    expect(shown.sessions.map(({ is_current, sid }) => [is_current, sid])).toEqual([
      [true, (await resolve(here)).sid],
      [false, (await resolve(there)).sid],
    ]);
    expect(await own(here, 'T')).toEqual({ signed_in: false, sessions: [] });
    expect(await own('made-up', 'H')).toEqual({ signed_in: false, sessions: [] });
  });

  test('end one by one or all but this one; a sid of somebody else’s is nobody’s', async () => {
    const [here, there, third] = [await begin('ender', '', 'H'), await begin('ender', '', 'T'), await begin('ender', '', 'U')];
    const stranger = await begin('stranger', '', 'S');
    const sidOf = async (handle: string) => (await resolve(handle)).sid;
    const endOwn = (sid: string) => sessions.endOwn({ session: here, browser: 'H', sid });
    expect(await endOwn(await sidOf(stranger))).toMatchObject({ signed_in: true, ended: 0 });
    expect(await endOwn(await sidOf(here))).toMatchObject({ ended: 0 });
    expect(await endOwn(await sidOf(there))).toMatchObject({ ended: 1 });
    expect([(await resolve(there)).active, (await resolve(third)).active]).toEqual([false, true]);
    expect(await endOwn('')).toMatchObject({ ended: 1 });
    expect([await resolve(third), await resolve(here), await resolve(stranger)]).toMatchObject([
      { active: false },
      { active: true },
      { active: true },
    ]);
    expect(await sessions.endOwn({ session: here, browser: 'T', sid: '' })).toMatchObject({ signed_in: false, ended: 0 });
  });
});

describe('identity’s feed', () => {
  test.each(['identity_disabled', 'identity_deleted', 'credential_changed'])(
    '%s ends all sessions of the person within a second',
    async (event) => {
      const { cursor } = await entries(0);
      const [handles, other] = [await Promise.all([begin(event, '', 'B1'), begin(event, '', 'B2')]), await begin('somebody else')];
      const sids = (await Promise.all(handles.map(resolve))).map(({ sid }) => sid);
      feed.push(FeedEntry.create({ sequence: feed.length + 1, version: 1, event, sub: event, at_ms: Date.now(), why: 'operator' }));
      await vi.waitFor(
        async () => {
          for (const handle of handles) expect(await resolve(handle)).toMatchObject({ active: false });
        },
        { timeout: 1000 },
      );
      expect(await resolve(other)).toMatchObject({ active: true });
      await vi.waitFor(async () => expect((await entries(cursor)).entries.map(({ sid }) => sid).sort()).toEqual([...sids].sort()));
      expect(await resolve(await begin(event))).toMatchObject({ active: true });
    },
  );
});

describe('SessionService of operators', () => {
  test('lists, reads and ends the sessions of a person', async () => {
    const handles = await Promise.all(['B1', 'B2', 'B3'].map((browser) => begin('listed', '', browser)));
    const first = await admin.listSessions(ListSessionsRequest.create({ sub: 'listed', page_size: 2 }));
    const second = await admin.listSessions(ListSessionsRequest.create({ sub: 'listed', page_size: 2, page_token: first.next_page_token }));
    const listed = [...first.sessions, ...second.sessions];
    expect(new Set(listed.map(({ sid }) => sid)).size).toBe(3);
    const { sid } = await resolve(handles[0] ?? '');
    expect((await admin.getSession({ sid })).session).toMatchObject({ sid, sub: 'listed', amr: ['pwd'] });
    await admin.deleteSession({ sid }, { operator: 'c_op' });
    expect(await resolve(handles[0] ?? '')).toMatchObject({ active: false });
    await expect(admin.getSession({ sid })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect((await admin.listSessions(ListSessionsRequest.create({ sub: 'listed' }))).sessions).toHaveLength(2);
    await expect(admin.listSessions(ListSessionsRequest.create())).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

test('house.md: an ended session stays ended when the store comes back from a snapshot', async () => {
  const [ended, kept] = [await begin('restored'), await begin('kept')];
  cli('SAVE');
  copyFileSync(join(redis.folder, 'dump.rdb'), join(redis.folder, 'older.rdb'));
  await end(ended);
  await redis.kill();
  copyFileSync(join(redis.folder, 'older.rdb'), join(redis.folder, 'dump.rdb'));
  await redis.restart();
  await vi.waitFor(() => resolve(kept), { timeout: 8000, interval: 100 });
  expect(await resolve(ended)).toMatchObject({ active: false });
});

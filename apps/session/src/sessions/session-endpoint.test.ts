import { BeginRequest, EndRequest } from '@authority/contracts/session';
import { StatusError } from '@authority/errors';
import { fixedSettings } from '@authority/settings';
import { beforeEach, describe, expect, test } from 'vitest';
import { sessionSettings } from '../settings.ts';
import type { Ending, Endings, Sessions, SignIn, SignIns } from './ports.ts';
import type { Session, StoredSession } from './session.ts';
import { SessionEndpoint } from './session-endpoint.ts';

/** Sessions in memory; a handle is a number that goes up. */
class FakeSessions implements Sessions {
  kept = new Map<string, Session>();
  touches = 0;
  #last = 0;

  begin = async (session: Session): Promise<string> => {
    this.#last += 1;
    this.kept.set(`h${this.#last}`, session);
    return `h${this.#last}`;
  };

  find = async (handle: string): Promise<StoredSession | undefined> => {
    const session = this.kept.get(handle);
    return session && { id: handle, stored: '', session };
  };

  touch = async ({ id, session }: StoredSession, now: number): Promise<void> => {
    this.touches += 1;
    this.kept.set(id, { ...session, seenAt: now });
  };

  remove = async ({ id }: StoredSession): Promise<boolean> => this.kept.delete(id);
  ofSubject = (sub: string) => this.#all((session) => session.sub === sub);
  ofSid = (sid: string) => this.#all((session) => session.sid === sid);

  async #all(belongs: (session: Session) => boolean): Promise<StoredSession[]> {
    return [...this.kept].filter(([, session]) => belongs(session)).map(([id, session]) => ({ id, stored: '', session }));
  }
}

class FakeEndings implements Endings {
  readonly ended: Ending[] = [];
  readonly notBefores = new Map<string, number>();

  isEnded = async ({ sid, sub, authTime }: Session): Promise<boolean> =>
    this.ended.some(({ session }) => session.sid === sid) || (this.notBefores.get(sub) ?? -1) >= authTime;

  end = async (ending: Ending): Promise<number | undefined> => {
    if (this.ended.some(({ session }) => session.sid === ending.session.sid)) return undefined;
    return this.ended.push(ending);
  };
}

/** A completion is `<sub>@<authTime>`. */
const signIns: SignIns = {
  async redeem(completion): Promise<SignIn> {
    const [sub = '', at] = completion.split('@');
    if (sub === '') throw new StatusError('NOT_FOUND', 'completion_unknown');
    return { sub, amr: ['pwd'], acr: 'password', authTime: Number(at) };
  },
  attest: async ({ sub, sid }) => `${sub} ${sid}`,
};

const [minute, day] = [60_000, 86_400_000];
let sessions: FakeSessions;
let endings: FakeEndings;
let endpoint: SessionEndpoint;
let now: number;
let passes: boolean;

beforeEach(() => {
  [sessions, endings, now, passes] = [new FakeSessions(), new FakeEndings(), 1_000_000, true];
  const feed = { passed: async () => passes };
  endpoint = new SessionEndpoint({ sessions, endings, signIns, feed, settings: fixedSettings(sessionSettings), now: () => now });
});

const begin = async (completion: string, session = '', browser = 'B') =>
  (await endpoint.begin(BeginRequest.fromPartial({ completion, session, browser }))).session;
const resolve = (session: string) => endpoint.resolve({ session });
const end = (session: string) => endpoint.end(EndRequest.fromPartial({ session, why: 'user' }));

describe('begin', () => {
  test('OpenID Connect Core §2: sub, auth_time, amr and acr are those of the sign-in', async () => {
    const found = await resolve(await begin('ann@999'));
    expect(found).toMatchObject({
      active: true,
      sub: 'ann',
      auth_time_ms: 999,
      amr: ['pwd'],
      acr: 'password',
      expires_at_ms: now + 14 * day,
    });
    expect(found.sid).toMatch(/^s_/);
  });

  test('the same person in the same browser keeps the sid and its end; the handle is renewed and the old one is worth nothing', async () => {
    const first = await begin('ann@1');
    const before = await resolve(first);
    now += minute;
    const second = await begin('ann@2', first);
    expect(second).not.toBe(first);
    expect(await resolve(second)).toMatchObject({ sid: before.sid, auth_time_ms: 2, expires_at_ms: before.expires_at_ms });
    expect(await resolve(first)).toMatchObject({ active: false });
    expect(endings.ended).toEqual([]);
  });

  test('another person ends the session before', async () => {
    const first = await begin('ann@1');
    const second = await begin('bob@2', first);
    expect(await resolve(second)).toMatchObject({ sub: 'bob' });
    expect(await resolve(first)).toMatchObject({ active: false });
    expect(endings.ended).toMatchObject([{ session: { sub: 'ann' }, why: 'replaced', actor: 'user:ann' }]);
  });

  test('session fixation: a planted handle is never kept, neither a made-up one nor one of another browser', async () => {
    expect(await begin('ann@1', 'made-up')).not.toBe('made-up');
    const attackers = await begin('ann@2', '', 'attacker');
    const planted = (await resolve(attackers)).sid;
    const victims = await begin('ann@3', attackers, 'victim');
    expect(victims).not.toBe(attackers);
    expect((await resolve(victims)).sid).not.toBe(planted);
    expect(await resolve(attackers)).toMatchObject({ active: false });
  });

  test('two sign-ins at once over one session: both hold, one keeps the sid', async () => {
    const first = await begin('ann@1');
    const { sid } = await resolve(first);
    const both = await Promise.all([begin('ann@2', first), begin('ann@3', first)]);
    const sids = (await Promise.all(both.map(resolve))).map((one) => one.sid);
    expect(sids.filter((one) => one === sid)).toHaveLength(1);
    expect(sids.every((one) => one !== '')).toBe(true);
  });

  test('a completion that is used up begins nothing, and what the browser had stays', async () => {
    const first = await begin('ann@1');
    await expect(begin('', first)).rejects.toMatchObject({ reason: 'completion_unknown' });
    expect(await resolve(first)).toMatchObject({ active: true });
  });

  test('a credential that changed after the sign-in is stronger than its completion', async () => {
    endings.notBefores.set('ann', 5);
    await expect(begin('ann@5')).rejects.toMatchObject({ reason: 'completion_unknown' });
    expect(await resolve(await begin('ann@6'))).toMatchObject({ active: true });
  });
});

describe('resolve', () => {
  test('ends idle and at the absolute end, however much it is used', async () => {
    const idle = await begin('ann@1');
    now += day - 1;
    expect(await resolve(idle)).toMatchObject({ active: true });
    now += day;
    expect(await resolve(idle)).toMatchObject({ active: false, sid: '' });

    const used = await begin('bob@1');
    for (let at = 0; at < 27; at += 1) {
      now += day / 2;
      expect(await resolve(used)).toMatchObject({ active: true });
    }
    now += day / 2;
    expect(await resolve(used)).toMatchObject({ active: false });
  });

  test('writes the use down once a minute', async () => {
    const handle = await begin('ann@1');
    for (let at = 0; at < 10; at += 1) await resolve(handle);
    expect(sessions.touches).toBe(0);
    now += minute;
    for (let at = 0; at < 10; at += 1) await resolve(handle);
    expect(sessions.touches).toBe(1);
  });

  test('an ended session stays ended when the store comes back from an older state', async () => {
    const handle = await begin('ann@1');
    const snapshot = new Map(sessions.kept);
    await end(handle);
    sessions.kept = snapshot;
    expect(await resolve(handle)).toMatchObject({ active: false });
    expect((await resolve(await begin('ann@2', handle))).sid).not.toBe(snapshot.get(handle)?.sid);
  });

  test('a not-before of the subject ends what began before it', async () => {
    const handle = await begin('ann@5');
    endings.notBefores.set('ann', 5);
    expect(await resolve(handle)).toMatchObject({ active: false });
  });
});

describe('end', () => {
  test('ends once, with who and why, and says whether a dependent has yet to hear', async () => {
    const handle = await begin('ann@1');
    const { sid } = await resolve(handle);
    passes = false;
    expect(await end(handle)).toEqual({ sid, propagating: true });
    expect(await end(handle)).toEqual({ sid: '', propagating: false });
    expect(endings.ended).toMatchObject([{ why: 'user', actor: 'user:ann' }]);
  });

  test('durable first: a store of sessions that is away does not keep a session alive', async () => {
    const handle = await begin('ann@1');
    sessions.remove = () => Promise.reject(new Error('away'));
    await end(handle);
    expect(await resolve(handle)).toMatchObject({ active: false });
  });

  test('an operator ends every handle of a sid', async () => {
    const handle = await begin('ann@1');
    const { sid } = await resolve(handle);
    expect(await endpoint.endSid(sid, 'operator:c_op')).toEqual({ propagating: false });
    expect(await resolve(handle)).toMatchObject({ active: false });
    expect(await endpoint.endSid(sid, 'operator:c_op')).toBeUndefined();
  });
});

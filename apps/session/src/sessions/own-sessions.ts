import type { EndOwnRequest, EndOwnResponse, ListOwnRequest, ListOwnResponse } from '@authority/contracts/session';
import type { Sessions } from './ports.ts';
import type { Session } from './session.ts';
import type { SessionEndpoint } from './session-endpoint.ts';

/** More than a person can look at; the rest ends with "all others". */
const mostShown = 200;

/** Where somebody is signed in, for themselves. Who asks is who holds the session, in its browser. */
export class OwnSessions {
  readonly #sessions: Sessions;
  readonly #endpoint: SessionEndpoint;

  constructor(sessions: Sessions, endpoint: SessionEndpoint) {
    this.#sessions = sessions;
    this.#endpoint = endpoint;
  }

  async list({ session: handle, browser }: ListOwnRequest): Promise<ListOwnResponse> {
    const held = await this.#endpoint.held(handle, browser);
    if (!held) return { signed_in: false, sessions: [] };
    const all = await this.#ofSubject(held.sub);
    const newestFirst = all.sort((a, b) => Number(b.sid === held.sid) - Number(a.sid === held.sid) || b.seenAt - a.seenAt);
    const sessions = newestFirst.slice(0, mostShown).map((one) => ({
      sid: one.sid,
      is_current: one.sid === held.sid,
      user_agent: one.userAgent,
      peer_address: one.address,
      create_time_ms: one.createdAt,
      use_time_ms: one.seenAt,
    }));
    return { signed_in: true, sessions };
  }

  async end({ session: handle, browser, sid }: EndOwnRequest): Promise<EndOwnResponse> {
    const held = await this.#endpoint.held(handle, browser);
    if (!held) return { signed_in: false, ended: 0, propagating: false };
    const others = (await this.#ofSubject(held.sub)).filter((one) => one.sid !== held.sid);
    // A sid of somebody else's is like one that has ended already.
    const chosen = sid === '' ? others : others.filter((one) => one.sid === sid);
    const ended = await Promise.all(chosen.map((one) => this.#endpoint.endSid(one.sid, `user:${held.sub}`, 'user')));
    const done = ended.filter((one) => one !== undefined);
    return { signed_in: true, ended: done.length, propagating: done.some(({ propagating }) => propagating) };
  }

  /** A session that is being renewed has two handles for a moment. */
  async #ofSubject(sub: string): Promise<Session[]> {
    const living = await this.#endpoint.living(await this.#sessions.ofSubject(sub));
    return [...new Map(living.map((one) => [one.sid, one])).values()];
  }
}

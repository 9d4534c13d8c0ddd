import {
  type AttestRequest,
  type AttestResponse,
  type BeginRequest,
  type BeginResponse,
  type EndRequest,
  type EndResponse,
  type ResolveRequest,
  ResolveResponse,
} from '@authority/contracts/session';
import { StatusError } from '@authority/errors';
import { log } from '@authority/telemetry';
import type { SessionSettings } from '../settings.ts';
import type { Endings, Propagation, Sessions, SignIn, SignIns } from './ports.ts';
import { isAlive, needsTouch, newSid, type Session, type StoredSession } from './session.ts';

export interface SessionPorts {
  readonly sessions: Sessions;
  readonly endings: Endings;
  readonly signIns: SignIns;
  readonly feed: Propagation;
  readonly settings: SessionSettings;
  readonly now: () => number;
}

/** Browser sessions from sign-in to sign-out. */
export class SessionEndpoint {
  readonly #ports: SessionPorts;

  constructor(ports: SessionPorts) {
    this.#ports = ports;
  }

  async begin(request: BeginRequest): Promise<BeginResponse> {
    const signIn = await this.#ports.signIns.redeem(request.completion, request.browser);
    const renewed = await this.#renewable(request.session, request.browser, signIn);
    const session = this.#session(request, signIn, renewed);
    // A credential may have changed since the sign-in was redeemed; its not-before tells.
    if (await this.#ports.endings.isEnded(session)) throw new StatusError('NOT_FOUND', 'completion_unknown');
    const handle = await this.#ports.sessions.begin(session, this.#idleMs());
    log.info(renewed ? 'session.renewed' : 'session.begun', { sub: session.sub });
    return { session: handle, expires_at_ms: session.expiresAt };
  }

  async resolve(request: ResolveRequest): Promise<ResolveResponse> {
    const found = await this.#alive(request.session);
    if (!found) return ResolveResponse.create();
    const now = this.#ports.now();
    if (needsTouch(found.session, now)) await this.#ports.sessions.touch(found, now, this.#idleMs());
    const { sid, sub, authTime, amr, acr, expiresAt } = found.session;
    return { active: true, sid, sub, auth_time_ms: authTime, amr: [...amr], acr, expires_at_ms: expiresAt };
  }

  /** Who is signed in, as a handle for identity; in another browser than the session's, nobody is. */
  async attest(request: AttestRequest): Promise<AttestResponse> {
    const session = await this.held(request.session, request.browser);
    return { attestation: session ? await this.#ports.signIns.attest(session) : '' };
  }

  async end(request: EndRequest): Promise<EndResponse> {
    const found = await this.#ports.sessions.find(request.session);
    if (!found) return { sid: '', propagating: false };
    const why = request.why === 'client' ? 'client' : 'user';
    const entry = await this.#end(found, why, `user:${found.session.sub}`);
    return { sid: found.session.sid, propagating: await this.#isPropagating(entry) };
  }

  /** The session of whoever holds this handle in this browser. */
  async held(handle: string, browser: string): Promise<Session | undefined> {
    const found = await this.#alive(handle);
    if (found?.session.browser !== browser) return undefined;
    const now = this.#ports.now();
    if (needsTouch(found.session, now)) await this.#ports.sessions.touch(found, now, this.#idleMs());
    return found.session;
  }

  /** Ends every handle of a sid, for an operator or its person; undefined when there is no such session. */
  async endSid(sid: string, actor: string, why: 'operator' | 'user' = 'operator'): Promise<{ propagating: boolean } | undefined> {
    const found = await this.#ports.sessions.ofSid(sid);
    const [first, ...others] = found;
    if (!first || !(await this.#stillAlive(first))) return undefined;
    const entry = await this.#end(first, why, actor);
    for (const other of others) await this.#ports.sessions.remove(other);
    return { propagating: await this.#isPropagating(entry) };
  }

  /** The live sessions among these. */
  async living(found: readonly StoredSession[]): Promise<Session[]> {
    const alive = await Promise.all(found.map(async (one) => ((await this.#stillAlive(one)) ? [one.session] : [])));
    return alive.flat();
  }

  /**
   * The session that the browser has goes on only when it is the same person's, in the same browser: its sid stays and
   * its handle is renewed, so that one that was planted or seen before the sign-in is worth nothing after it. Any other
   * session of the browser ends here.
   */
  async #renewable(handle: string, browser: string, signIn: SignIn): Promise<Session | undefined> {
    const before = await this.#alive(handle);
    if (!before) return undefined;
    const { session } = before;
    if (session.sub !== signIn.sub || session.browser !== browser) {
      await this.#end(before, 'replaced', `user:${session.sub}`);
      return undefined;
    }
    return (await this.#ports.sessions.remove(before)) ? session : undefined;
  }

  #session({ browser, evidence }: BeginRequest, signIn: SignIn, renewed: Session | undefined): Session {
    const now = this.#ports.now();
    const created = {
      sid: newSid(),
      createdAt: now,
      expiresAt: now + this.#ports.settings.get('session.absolute_lifetime') * 1000,
    };
    const { sid, createdAt, expiresAt } = renewed ?? created;
    const { sub, amr, acr, authTime } = signIn;
    const seen = { seenAt: now, userAgent: (evidence?.user_agent ?? '').slice(0, 512), address: evidence?.peer_address ?? '' };
    return { sid, sub, browser, amr, acr, authTime, createdAt, expiresAt, ...seen };
  }

  async #alive(handle: string): Promise<StoredSession | undefined> {
    const found = handle === '' ? undefined : await this.#ports.sessions.find(handle);
    return found && (await this.#stillAlive(found)) ? found : undefined;
  }

  /** The durable rows have the last word: the store may have come back from an older state. */
  async #stillAlive({ session }: StoredSession): Promise<boolean> {
    if (!isAlive(session, this.#idleMs(), this.#ports.now())) return false;
    return !(await this.#ports.endings.isEnded(session));
  }

  /** Durable first: what is acknowledged stays ended, even when the store is lost in between. */
  async #end(found: StoredSession, why: string, actor: string): Promise<number | undefined> {
    const entry = await this.#ports.endings.end({ session: found.session, why, actor });
    await this.#ports.sessions.remove(found).catch((error: unknown) => {
      log.warn('session.remove_failed', { sub: found.session.sub, error });
    });
    return entry;
  }

  async #isPropagating(entry: number | undefined): Promise<boolean> {
    return entry !== undefined && !(await this.#ports.feed.passed(entry));
  }

  #idleMs(): number {
    return this.#ports.settings.get('session.idle_lifetime') * 1000;
  }
}

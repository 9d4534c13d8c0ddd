import { type Ephemeral, isSameDigest, newHandle, readHandle } from '@authority/ephemeral';
import type { Sessions } from '../sessions/ports.ts';
import type { Session, StoredSession } from '../sessions/session.ts';

const space = 'session';
const bySid = 'session_sid';
const bySub = 'session_sub';

interface SessionValue extends Session {
  readonly v: 1;
  /** SHA-256 of the handle's secret. */
  readonly digest: string;
}

/** Live sessions in the ephemeral store (KEYS.md). */
export class EphemeralSessions implements Sessions {
  readonly #store: Ephemeral;

  constructor(store: Ephemeral) {
    this.#store = store;
  }

  async begin(session: Session, idleMs: number): Promise<string> {
    const left = Math.max(1, session.expiresAt - session.seenAt);
    const { handle, id, digest } = newHandle(this.#store.mint(left));
    // The handle is given out only when all three are there: no session that its subject's end would not find.
    await Promise.all([
      this.#store.indexAdd(bySid, session.sid, id, left),
      this.#store.indexAdd(bySub, session.sub, id, left),
      this.#store.put(space, id, write(digest, session), Math.min(left, idleMs)),
    ]);
    return handle;
  }

  async find(handle: string): Promise<StoredSession | undefined> {
    const presented = readHandle(handle);
    const value = presented && (await this.#read(presented.id));
    return value && isSameDigest(value.digest, presented.digest) ? value : undefined;
  }

  async touch({ id, stored, session }: StoredSession, now: number, idleMs: number): Promise<void> {
    const { digest } = JSON.parse(stored) as SessionValue; // written by `write`
    const left = Math.max(1, session.expiresAt - now);
    await this.#store.compareAndSet(space, id, stored, write(digest, { ...session, seenAt: now }), Math.min(left, idleMs));
  }

  async remove({ id, session }: StoredSession): Promise<boolean> {
    const taken = await this.#store.take(space, id);
    await Promise.all([this.#store.indexRemove(bySid, session.sid, id), this.#store.indexRemove(bySub, session.sub, id)]);
    return taken !== undefined;
  }

  ofSubject(sub: string): Promise<StoredSession[]> {
    return this.#indexed(bySub, sub, (session) => session.sub === sub);
  }

  ofSid(sid: string): Promise<StoredSession[]> {
    return this.#indexed(bySid, sid, (session) => session.sid === sid);
  }

  async #indexed(index: string, key: string, belongs: (session: Session) => boolean): Promise<StoredSession[]> {
    const ids = await this.#store.indexMembers(index, key);
    const found = await Promise.all(ids.map((id) => this.#read(id)));
    return found.filter((one) => one !== undefined).filter(({ session }) => belongs(session));
  }

  async #read(id: string): Promise<(StoredSession & { digest: string }) | undefined> {
    const stored = await this.#store.get(space, id);
    if (stored === undefined) return undefined;
    const { v, digest, ...session } = JSON.parse(stored) as SessionValue; // written by `write`, of this version
    return v === 1 ? { id, stored, digest, session } : undefined;
  }
}

const write = (digest: string, session: Session): string => JSON.stringify({ v: 1, digest, ...session } satisfies SessionValue);

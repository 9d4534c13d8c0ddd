import type { SessionServiceService } from '@authority/contracts/session';
import type { SessionFacts, Sessions } from '@authority/protocol';
import type { Client } from '@authority/rpc';

/** The session service, for the facts of a session. */
export class PeerSessions implements Sessions {
  constructor(private readonly session: Pick<Client<typeof SessionServiceService>, 'resolve'>) {}

  async resolve(session: string): Promise<SessionFacts | undefined> {
    if (session === '') return undefined;
    const facts = await this.session.resolve({ session }, { lane: 'store', idempotent: true });
    if (!facts.active) return undefined;
    const { sid, sub, auth_time_ms, amr, acr, expires_at_ms } = facts;
    return { sid, sub, authTimeMs: auth_time_ms, amr, acr, expiresAt: expires_at_ms };
  }
}

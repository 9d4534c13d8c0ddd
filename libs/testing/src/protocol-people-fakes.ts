import { StatusError } from '@authority/errors';
import type {
  Consents,
  Identities,
  PasswordAuthentication,
  RememberedConsent,
  SessionClients,
  SessionFacts,
  Sessions,
} from '@authority/protocol';

/* What the core asks others about people: their sessions, claims and consents. */

export class FakeSessions implements Sessions {
  readonly all = new Map<string, SessionFacts>();

  async resolve(session: string): Promise<SessionFacts | undefined> {
    return this.all.get(session);
  }
}

export class FakeSessionClients implements SessionClients {
  /** `client_id`s by sid. */
  readonly all = new Map<string, Set<string>>();

  async of({ sid }: { sid: string }): Promise<readonly string[]> {
    return [...(this.all.get(sid) ?? [])];
  }

  async remember({ sid }: { sid: string }, client_id: string): Promise<void> {
    this.all.set(sid, (this.all.get(sid) ?? new Set()).add(client_id));
  }
}

export class FakeIdentities implements Identities {
  readonly all = new Map<string, Record<string, unknown>>();
  /** By name and password, as `name:password`. */
  readonly passwords = new Map<string, PasswordAuthentication>();
  attempts = 0;
  away = false;

  async authenticate({ username, password }: Parameters<Identities['authenticate']>[0]): Promise<PasswordAuthentication> {
    this.attempts += 1;
    return this.passwords.get(`${username}:${password}`) ?? { outcome: 'refused', reason: 'credentials_wrong', retryAt: 0 };
  }

  async claims(sub: string, scopes: readonly string[], names: readonly string[]): Promise<Record<string, unknown> | undefined> {
    if (this.away) throw new StatusError('UNAVAILABLE', 'peer_unavailable');
    const claims = this.all.get(sub);
    if (!claims) return undefined;
    const { email, ...profile } = claims;
    const named = Object.fromEntries(names.filter((name) => name in claims).map((name) => [name, claims[name]]));
    return { ...(scopes.includes('profile') && profile), ...(scopes.includes('email') && { email }), ...named };
  }
}

export class FakeConsents implements Consents {
  readonly all = new Map<string, RememberedConsent[]>();

  async find(sub: string, client_id: string): Promise<readonly RememberedConsent[]> {
    return this.all.get(`${sub}/${client_id}`) ?? [];
  }

  async remember(sub: string, client_id: string, consent: RememberedConsent): Promise<void> {
    this.all.set(`${sub}/${client_id}`, [...(await this.find(sub, client_id)), consent]);
  }
}

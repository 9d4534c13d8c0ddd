import type { SessionFacts } from '../model/authorization.ts';
import type { InteractionKind } from '../model/front-channel.ts';
import type { RememberedConsent } from '../ports.ts';
import type { AuthorizationRequest, AuthorizePorts } from './request.ts';

/** Who sits before the browser at this step, and what they have done for this request so far. */
export interface Situation {
  /** The browser's session, when there is a live one. */
  session: SessionFacts | undefined;
  /** When the request was stored; undefined for one that has just come in. Unix milliseconds. */
  storedAt: number | undefined;
  /** When the person chose the account that is signed in. */
  selectedAt: number | undefined;
  /** What the person allowed this client before; empty without a session. */
  consents: readonly RememberedConsent[];
  now: number;
}

/** What the person must do before there is an answer. */
export interface Need {
  kind: Exclude<InteractionKind, 'none'>;
  /** A session exists and is not enough. */
  reauthenticate: boolean;
}

/**
 * One rule for the person: answers what it needs, undefined when it is content, or throws the OAuthError of its
 * specification for the client.
 */
export interface PersonCheck {
  name: string;
  need(request: AuthorizationRequest, situation: Situation, ports: AuthorizePorts): Need | undefined;
}

/** Whether the person signed in for this very request: after it was stored. Only their owner's times are compared. */
export function signedInSince({ session, storedAt }: Situation): boolean {
  return session !== undefined && storedAt !== undefined && session.authTimeMs > storedAt;
}

/** To sign in, or to sign in again. */
export function login(situation: Situation): Need {
  return { kind: 'login', reauthenticate: situation.session !== undefined };
}

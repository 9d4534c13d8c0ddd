import { OAuthError } from '@authority/errors';
import type { Actor } from '../model/authorization.ts';
import type { Client } from '../model/client.ts';
import { isObject } from '../primitives/jwt.ts';
import type { GivenToken } from './given-token.ts';

/** Actors in a chain, and exchanges that a token may have behind it. Each makes the token longer, and slower to check. */
export const mostActors = 4;

/** Who acts now, with those before as its `act` (RFC 8693 §4.1). */
export function delegate(actor: GivenToken, subject: GivenToken): Actor {
  const { sub, client_id } = actor;
  const current: Actor = {
    sub,
    ...(client_id !== undefined && client_id !== sub && { client_id }),
    ...(subject.act && { act: subject.act }),
  };
  if (depthOf(current) > mostActors) throw tooDeep();
  return current;
}

function depthOf(actor: Actor | undefined): number {
  return actor ? 1 + depthOf(actor.act) : 0;
}

export function tooDeep(): OAuthError {
  return new OAuthError('invalid_request', 'token_exchange_too_deep', { description: 'the token has been exchanged too often' });
}

/**
 * `act` of another issuer's JWT: only who, and whose (a `sub` without `iss` is that issuer's), so that nobody there passes
 * for somebody here.
 */
export function readActor(value: unknown, issuer: string, depth = 1): Actor {
  const invalid = new OAuthError('invalid_request', 'subject_token_invalid', { description: 'act is malformed' });
  if (!isObject(value) || depth > mostActors) throw invalid;
  const { sub, iss = issuer, act } = value;
  if (typeof sub !== 'string' || typeof iss !== 'string' || sub.length > 255 || iss.length > 255) throw invalid;
  return { sub, iss, ...(act !== undefined && { act: readActor(act, issuer, depth + 1) }) };
}

/**
 * `may_act` (RFC 8693 §4.4): who acts must be everything that it says: the actor, or the client itself where nobody else is
 * named. What this server does not understand in it matches nobody.
 */
export function assertMayAct(subject: GivenToken, actor: GivenToken | undefined, client: Client, issuer: string): void {
  const { may_act } = subject;
  if (!may_act) return;
  const acting: Readonly<Record<string, unknown>> = {
    sub: actor?.sub ?? client.client_id,
    client_id: actor?.client_id ?? client.client_id,
    iss: issuer,
  };
  const says = Object.entries(may_act);
  if (says.length > 0 && says.every(([name, value]) => value === acting[name])) return;
  throw new OAuthError('invalid_request', 'actor_not_allowed', { description: 'the token names others who may act' });
}

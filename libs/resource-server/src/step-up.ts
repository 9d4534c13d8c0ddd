import type { AccessToken } from './access-token.ts';
import type { Challenges } from './challenges.ts';
import type { Needs } from './options.ts';

type Scheme = 'Bearer' | 'DPoP';

/** RFC 6750 §3.1: all scopes that the request needs. */
export function assertScope(token: AccessToken, { scope }: Needs, scheme: Scheme, challenges: Challenges): void {
  if (scope === undefined) return;
  const held = new Set(token.scope.split(' '));
  if (scope.split(' ').every((one) => held.has(one))) return;
  throw challenges.refusal(403, scheme, 'insufficient_scope', 'the access token does not allow this', { scope });
}

/** RFC 9470 §3: how, and how long ago, the person signed in. */
export function assertAuthenticated(token: AccessToken, { acr_values, max_age }: Needs, scheme: Scheme, challenges: Challenges): void {
  const isStrong = acr_values === undefined || (token.acr !== undefined && acr_values.includes(token.acr));
  const isYoung = max_age === undefined || (token.auth_time !== undefined && Date.now() / 1000 - token.auth_time <= max_age);
  if (isStrong && isYoung) return;
  const description = isStrong ? 'the sign-in is too long ago' : 'a stronger sign-in is needed';
  throw challenges.refusal(401, scheme, 'insufficient_user_authentication', description, {
    acr_values: acr_values?.join(' '),
    max_age: max_age === undefined ? undefined : String(max_age),
  });
}

import { OAuthError } from '@authority/errors';
import { find } from '../../primitives/parameters.ts';
import type { RequestCheck, RequestedAcr } from '../request.ts';
import { login, type PersonCheck, signedInSince } from '../situation.ts';

/**
 * Asked authentication contexts: by `claims`, essential or not (OpenID Connect Core §5.5.1.1), else voluntary by
 * `acr_values`, else the client's `default_acr_values`.
 */
export const acrValues: RequestCheck = {
  name: 'acr_values',

  check({ parameters }, { client }, { claims }) {
    if (claims?.acr) return { acr: claims.acr };
    const values = (find(parameters, 'acr_values') ?? '').split(' ').filter((value) => value !== '');
    return { acr: { values: values.length > 0 ? values : client.default_acr_values, essential: false } };
  },
};

/**
 * A stronger sign-in is asked for when this server can reach a context that the client asked for and the session has not.
 * Voluntary and still unmet after a sign-in, or with prompt=none: the answer says what was reached. Essential: an error.
 */
export const acrReached: PersonCheck = {
  name: 'acr_values',
  need({ acr, prompts }, situation, { policy }) {
    const { session } = situation;
    if (!session || acr.values.length === 0 || reachedAcr(acr, session.acr, policy.acrValues()) !== undefined) return undefined;
    const reachable = acr.values.some((value) => policy.acrValues().includes(value));
    const canStepUp = reachable && !signedInSince(situation);
    if (canStepUp && !(prompts.has('none') && !acr.essential)) return login(situation);
    if (acr.essential) throw new OAuthError('unmet_authentication_requirements', 'acr_not_reached');
    return undefined;
  },
};

/** The first asked context that a session's reaches; contexts are ordered, weakest first. */
export function reachedAcr(asked: RequestedAcr, reached: string, levels: readonly string[]): string | undefined {
  const level = levels.indexOf(reached);
  return asked.values.find((value) => value === reached || (levels.includes(value) && levels.indexOf(value) <= level));
}

import { OAuthError } from '@authority/errors';
import { find } from '../../primitives/parameters.ts';
import { isObject } from '../../primitives/jwt.ts';
import type { RequestCheck, RequestedAcr } from '../request.ts';
import { login, type PersonCheck, signedInSince } from '../situation.ts';

/**
 * Asked authentication contexts: essential by `claims` (OpenID Connect Core §5.5.1.1), voluntary by `acr_values`, else the
 * client's `default_acr_values`. Nothing else of `claims` is read (SPECS.md).
 */
export const acrValues: RequestCheck = {
  name: 'acr_values',

  check({ parameters }, { client }) {
    const essential = essentialAcr(find(parameters, 'claims'));
    if (essential) return { acr: { values: essential, essential: true } };
    const values = (find(parameters, 'acr_values') ?? '').split(' ').filter((value) => value !== '');
    return { acr: { values: values.length > 0 ? values : client.default_acr_values, essential: false } };
  },
};

/** `{"id_token":{"acr":{"essential":true,"values":[…]}}}`; undefined when that is not asked. */
function essentialAcr(claims: string | undefined): readonly string[] | undefined {
  if (claims === undefined) return undefined;
  const acr = member(member(parse(claims), 'id_token'), 'acr');
  if (!isObject(acr) || acr['essential'] !== true) return undefined;
  const values: unknown = acr['values'] ?? (acr['value'] === undefined ? undefined : [acr['value']]);
  if (!Array.isArray(values)) return undefined;
  return values.filter((value) => typeof value === 'string');
}

function parse(claims: string): unknown {
  try {
    const value: unknown = JSON.parse(claims);
    if (isObject(value)) return value;
  } catch {
    // Said below, with what is no object.
  }
  throw new OAuthError('invalid_request', 'parameter_invalid', { description: 'claims is not a JSON object' });
}

function member(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined;
}

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

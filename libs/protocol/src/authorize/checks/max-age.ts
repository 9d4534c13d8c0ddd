import { OAuthError } from '@authority/errors';
import { find } from '../../primitives/parameters.ts';
import type { RequestCheck } from '../request.ts';
import { login, type PersonCheck, signedInSince } from '../situation.ts';

/** `max_age`, else the client's `default_max_age` (OpenID Connect Core §3.1.2.1, Registration §2). */
export const maxAge: RequestCheck = {
  name: 'max_age',

  check({ parameters }, { client }) {
    const value = find(parameters, 'max_age');
    if (value === undefined) return client.default_max_age === undefined ? {} : { maxAge: client.default_max_age };
    if (!/^\d{1,9}$/.test(value))
      throw new OAuthError('invalid_request', 'parameter_invalid', { description: 'max_age is not a number of seconds' });
    return { maxAge: Number(value) };
  },
};

/**
 * The sign-in is no older than asked. One for this request always is young enough, else max_age=0, which means the same
 * as prompt=login (OpenID Connect Core §3.1.2.1), could never be met.
 */
export const youngEnough: PersonCheck = {
  name: 'max_age',
  need(request, situation) {
    if (request.maxAge === undefined || signedInSince(situation) || !situation.session) return undefined;
    const age = situation.now - situation.session.authTimeMs;
    return request.maxAge === 0 || age > request.maxAge * 1000 ? login(situation) : undefined;
  },
};

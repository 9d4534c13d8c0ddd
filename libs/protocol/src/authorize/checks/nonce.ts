import { OAuthError } from '@authority/errors';
import { find } from '../../primitives/parameters.ts';
import type { RequestCheck } from '../request.ts';

/**
 * `nonce` goes into the code's envelope and the ID Token as it is (OpenID Connect Core §3.1.2.1); so it has an end. An ID
 * Token that the browser brings could be another's without it (§3.2.2.1, §3.3.2.11).
 */
export const nonce: RequestCheck = {
  name: 'nonce',

  check({ parameters }, _destination, { responseType }) {
    const value = find(parameters, 'nonce');
    if (value === undefined) {
      if (!responseType?.idToken) return {};
      throw new OAuthError('invalid_request', 'nonce_missing', { description: 'nonce is missing' });
    }
    if (value.length > 1024) throw new OAuthError('invalid_request', 'parameter_invalid', { description: 'nonce is too long' });
    return { nonce: value };
  },
};

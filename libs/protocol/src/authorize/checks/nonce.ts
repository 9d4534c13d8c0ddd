import { OAuthError } from '@authority/errors';
import { find } from '../../primitives/parameters.ts';
import type { RequestCheck } from '../request.ts';

/** `nonce` goes into the code's envelope and the ID Token as it is (OpenID Connect Core §3.1.2.1); so it has an end. */
export const nonce: RequestCheck = {
  name: 'nonce',

  check({ parameters }) {
    const value = find(parameters, 'nonce');
    if (value === undefined) return {};
    if (value.length > 1024) throw new OAuthError('invalid_request', 'parameter_invalid', { description: 'nonce is too long' });
    return { nonce: value };
  },
};

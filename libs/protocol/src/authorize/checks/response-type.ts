import { OAuthError } from '@authority/errors';
import { required } from '../../primitives/parameters.ts';
import type { RequestCheck } from '../request.ts';

/** Response types that this server answers (RFC 6749 §3.1.1). Discovery lists them. */
export const responseTypes: readonly string[] = ['code'];

export const responseType: RequestCheck = {
  name: 'response_type',

  check({ parameters }, { client }) {
    const asked = canonicalResponseType(required(parameters, 'response_type'));
    if (!responseTypes.includes(asked)) {
      throw new OAuthError('unsupported_response_type', 'response_type_unknown', { description: 'response_type is not supported' });
    }
    if (!client.response_types.includes(asked) || !client.grant_types.includes('authorization_code')) {
      throw new OAuthError('unauthorized_client', 'response_type_not_allowed', {
        description: 'response_type is not allowed to this client',
      });
    }
    return {};
  },
};

/** The order of the words does not matter (RFC 6749 §3.1.1). */
export function canonicalResponseType(value: string): string {
  return value.split(' ').sort().join(' ');
}

import { OAuthError } from '@authority/errors';
import { required } from '../../primitives/parameters.ts';
import type { RequestCheck } from '../request.ts';
import { findResponseType, grantTypeOf, responseTypeRegistry } from '../response-types.ts';

export { canonicalResponseType } from '../response-types.ts';

/** Response types that this server answers (RFC 6749 §3.1.1), by name. Discovery lists them. */
export const responseTypes: readonly string[] = responseTypeRegistry.map(({ name }) => name);

export const responseType: RequestCheck = {
  name: 'response_type',

  check({ parameters }, { client }) {
    const asked = findResponseType(required(parameters, 'response_type'));
    if (!asked) {
      throw new OAuthError('unsupported_response_type', 'response_type_unknown', { description: 'response_type is not supported' });
    }
    const grantType = grantTypeOf(asked);
    if (!client.response_types.includes(asked.name) || (grantType !== undefined && !client.grant_types.includes(grantType))) {
      throw new OAuthError('unauthorized_client', 'response_type_not_allowed', {
        description: 'response_type is not allowed to this client',
      });
    }
    // Neither proof nor certificate comes with a browser's request: the token would be bound to nothing (RFC 9449 §5, RFC 8705 §3).
    if (asked.accessToken && (client.dpop_bound_access_tokens || client.tls_client_certificate_bound_access_tokens)) {
      throw new OAuthError('unauthorized_client', 'response_type_not_allowed', {
        description: 'access tokens of this client are bound, and this response_type cannot bind them',
      });
    }
    return { responseType: asked };
  },
};

import { OAuthError, type OAuthErrorCode } from '@authority/errors';
import type { RequestCheck } from '../request.ts';

const refused: readonly (readonly [parameter: string, error: OAuthErrorCode])[] = [
  ['request', 'request_not_supported'],
  ['request_uri', 'request_uri_not_supported'],
  ['registration', 'registration_not_supported'],
];

/** Request objects and self-issued registration are not supported, and must not be passed over (OpenID Connect Core §3.1.2.6). */
export const requestObject: RequestCheck = {
  name: 'request, request_uri, registration',

  check({ parameters }) {
    for (const [parameter, error] of refused) {
      if (parameters.has(parameter))
        throw new OAuthError(error, 'request_object_unsupported', { description: `${parameter} is not supported` });
    }
    return {};
  },
};

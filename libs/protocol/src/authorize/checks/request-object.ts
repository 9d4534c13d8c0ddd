import { OAuthError } from '@authority/errors';
import type { RequestCheck } from '../request.ts';

/**
 * How the request had to come: pushed (RFC 9126 §5, §6), signed (RFC 9101 §10.5), each where this server or the client
 * demands it. Objects have been read before this (`../delivery.ts`), so that one inside another has no meaning (§4).
 * Self-issued registration is not supported, and must not be passed over (OpenID Connect Core §3.1.2.6).
 */
export const requestObject: RequestCheck = {
  name: 'request, request_uri, registration',

  check({ parameters, delivery, ports: { policy } }, { client }) {
    if (parameters.has('registration')) {
      throw new OAuthError('registration_not_supported', 'request_object_unsupported', { description: 'registration is not supported' });
    }
    if (parameters.has('request') || parameters.has('request_uri')) {
      throw new OAuthError('invalid_request', 'request_object_invalid', { description: 'request and request_uri must not be nested' });
    }
    const mustBePushed = client.require_pushed_authorization_requests || policy.pushedRequestsRequired();
    if (mustBePushed && !delivery.pushed) {
      throw new OAuthError('invalid_request', 'request_not_pushed', { description: 'the request must be pushed first' });
    }
    if ((client.require_signed_request_object || policy.signedRequestObjectsRequired()) && !delivery.signed) {
      throw new OAuthError('invalid_request', 'request_object_required', { description: 'the request must be a signed request object' });
    }
    return {};
  },
};

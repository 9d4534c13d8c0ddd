import { OAuthError } from '@authority/errors';
import type { Client } from '../../model/client.ts';
import { find } from '../../primitives/parameters.ts';
import { isRegistered } from '../../primitives/redirect-uri.ts';
import type { Asked, Destination } from '../request.ts';

/**
 * The redirect URI is registered, character by character (RFC 6749 §3.1.2.3, RFC 9700 §2.1, RFC 8252 §7.3). It may be
 * left out where one is registered and no OpenID request is made (RFC 6749 §3.1.2.3, OpenID Connect Core §3.1.2.1).
 */
export function readDestination({ parameters }: Asked, client: Client): Destination {
  const given = find(parameters, 'redirect_uri');
  if (given !== undefined) {
    if (!isRegistered(client, given)) {
      throw new OAuthError('invalid_redirect_uri', 'redirect_uri_foreign', {
        description: 'redirect_uri is not registered for this client',
      });
    }
    return { client, redirect_uri: given, redirectUriGiven: true };
  }
  const [only, ...others] = client.redirect_uris;
  const openId = (find(parameters, 'scope') ?? '').split(' ').includes('openid');
  if (only === undefined || others.length > 0 || openId) {
    throw new OAuthError('invalid_request', 'redirect_uri_missing', { description: 'redirect_uri is missing' });
  }
  return { client, redirect_uri: only, redirectUriGiven: false };
}

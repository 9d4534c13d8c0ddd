import type { ProfileRules } from './profile.ts';

/**
 * The OAuth 2.1 draft: PKCE always (§4.1.1), no implicit and no password grant (§10), refresh tokens of public clients
 * rotate or are bound to a key (§4.3.1). Of the response types it knows `code` alone (§4.1.1); the ID Tokens of the hybrid
 * flow would pass its text, and are refused with the rest.
 */
export const oauth21: ProfileRules = {
  name: 'oauth2.1',
  responseTypes: ['code'],
  refusedGrantTypes: ['implicit', 'password'],
  httpForNativeOnly: false,
  pushedRequests: false,
  senderConstrainedTokens: false,
  refreshTokenRotation: 'public',
  audienceAsString: false,
};

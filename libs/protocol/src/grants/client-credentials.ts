import { OAuthError } from '@authority/errors';
import { isPublic } from '../model/client.ts';
import { find } from '../primitives/parameters.ts';
import { assertScopesAllowed, defaultScope, isOperatorScope, isPersonal, parseScope } from '../primitives/scope.ts';
import { assertTogether, readResources } from '../tokens/audience.ts';
import type { Grant } from './grant.ts';

/** The client credentials grant (RFC 6749 §4.4): the client acts for itself. No row, no refresh token (§4.4.3). */
export const clientCredentials: Grant = {
  type: 'client_credentials',
  parameters: ['scope', 'resource'],
  lane: 'cpu',

  authorize({ client, parameters }, ports) {
    // RFC 6749 §4.4: "MUST only be used by confidential clients".
    if (isPublic(client)) throw new OAuthError('unauthorized_client', 'grant_type_not_allowed');

    const asked = parseScope(find(parameters, 'scope'));
    assertScopesAllowed(asked, client, ports.scopes);
    for (const scope of asked) {
      const allowed = !isPersonal(scope) && (client.operator || !isOperatorScope(scope));
      if (!allowed) throw new OAuthError('invalid_scope', 'scope_not_allowed', { description: 'a scope is not for this grant type' });
    }
    const resources = readResources(parameters.get('resource'), client, ports);
    assertTogether(resources, ports);
    return {
      client,
      // RFC 9068 §2.2: without a resource owner the subject is the client.
      sub: client.client_id,
      scopes: asked.length > 0 ? asked : defaultScope(client),
      resources,
      idToken: false,
    };
  },
};

import { OAuthError } from '@authority/errors';
import { verifyAssertion } from '../assertions/assertion.ts';
import { subjectOf } from '../assertions/subject.ts';
import type { Authorization } from '../model/authorization.ts';
import { type Client, isPublic } from '../model/client.ts';
import type { TrustedIssuer } from '../model/trusted-issuer.ts';
import { find, required } from '../primitives/parameters.ts';
import { assertScopesAllowed, defaultScope, isOperatorScope, isPersonal, narrowScope, parseScope } from '../primitives/scope.ts';
import { assertTogether, readResources } from '../tokens/audience.ts';
import type { Grant } from './grant.ts';

/**
 * The JWT bearer grant (RFC 7523 §2.1): an issuer that an operator trusts, for a client that may bring its assertions, says
 * who the subject is. No refresh token (RFC 7521 §4.1): the next token needs the next assertion.
 */
export const jwtBearer: Grant = {
  type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
  parameters: ['assertion', 'scope', 'resource'],
  lane: 'store',

  async authorize({ client, parameters, now }, ports): Promise<Authorization> {
    // RFC 7523 §2.1 leaves client authentication open; without it a stolen assertion is worth a token.
    if (isPublic(client)) throw new OAuthError('unauthorized_client', 'grant_type_not_allowed');
    const jws = required(parameters, 'assertion');
    const asked = parseScope(find(parameters, 'scope'));
    assertScopesAllowed(asked, client, ports.scopes);
    const resources = readResources(parameters.get('resource'), client, ports);
    assertTogether(resources, ports);

    const { issuer, sub } = await verifyAssertion(jws, client, ports, now);
    return {
      client,
      sub: await subjectOf(sub, issuer, ports),
      scopes: narrowScope(asked, asked.length > 0 ? mostOf(issuer, client) : mostOf(issuer, client).filter(isDefault(client))),
      resources,
      // No grant is stored; the end of the issuer is the end of what it vouched for.
      origin: { jti: issuer.tokenFamily },
      idToken: false,
    };
  },
};

/** What an assertion of this issuer can get: never the operators' scopes, nor those that need a person for a stranger. */
export function mostOf({ scopes, subjects }: TrustedIssuer, client: Client): readonly string[] {
  return scopes.filter(
    (scope) =>
      client.scopes.includes(scope) &&
      !isOperatorScope(scope) &&
      scope !== 'offline_access' &&
      (subjects === 'local' || !isPersonal(scope)),
  );
}

const isDefault = (client: Client) => (scope: string) => defaultScope(client).includes(scope);

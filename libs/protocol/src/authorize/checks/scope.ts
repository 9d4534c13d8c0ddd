import { OAuthError } from '@authority/errors';
import type { Client } from '../../model/client.ts';
import type { ProtocolPorts } from '../../ports.ts';
import { find } from '../../primitives/parameters.ts';
import { assertScopesAllowed, defaultScope, isOperatorScope, parseScope } from '../../primitives/scope.ts';
import type { RequestCheck } from '../request.ts';
import type { ResponseType } from '../response-types.ts';

/** Scopes are known and the client's (RFC 6749 §3.3); the operator's are for machines only (contract.md, "Operators"). */
export const scope: RequestCheck = {
  name: 'scope',

  check({ parameters, ports }, { client }, { responseType }) {
    const value = find(parameters, 'scope');
    if (responseType?.idToken && !parseScope(value).includes('openid')) {
      throw new OAuthError('invalid_request', 'openid_missing', { description: 'this response_type needs the scope openid' });
    }
    return { scopes: readPersonsScope(value, client, ports, responseType) };
  },
};

/** The scopes that a request asks a person for. */
export function readPersonsScope(
  value: string | undefined,
  client: Client,
  ports: Pick<ProtocolPorts, 'scopes'>,
  responseType?: ResponseType,
): readonly string[] {
  const asked = parseScope(value);
  if (asked.length === 0) return defaultScope(client);
  const due = asked.filter((name) => name !== 'offline_access' || mayBeOffline(asked, client.grant_types, responseType));
  assertScopesAllowed(due, client, ports.scopes);
  if (due.some(isOperatorScope)) {
    throw new OAuthError('invalid_scope', 'scope_not_allowed', { description: 'a scope is not for people to give' });
  }
  return due;
}

/** Without a use for it, offline_access is passed over (OpenID Connect Core §11). */
function mayBeOffline(asked: readonly string[], grantTypes: readonly string[], responseType: ResponseType | undefined): boolean {
  return asked.includes('openid') && grantTypes.includes('refresh_token') && responseType?.code !== false;
}

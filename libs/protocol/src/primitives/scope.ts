import { OAuthError } from '@authority/errors';
import type { Client } from '../model/client.ts';
import type { Scopes } from '../ports.ts';

/** scope-token of RFC 6749 §3.3: printable ASCII without space, `"` and `\`. */
const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** The tokens of a scope parameter in order, each once; none for an absent one. */
export function parseScope(value: string | undefined): readonly string[] {
  if (value === undefined) return [];
  const tokens = value.split(' ');
  if (!tokens.every((token) => scopeToken.test(token))) {
    throw new OAuthError('invalid_scope', 'parameter_invalid', { description: 'the scope is malformed' });
  }
  return tokens.length > 1 ? [...new Set(tokens)] : tokens;
}

export function isScopeToken(value: string): boolean {
  return scopeToken.test(value);
}

/** Scopes that mean something only where a person takes part (OpenID Connect Core §5.4, §11). */
const personal: ReadonlySet<string> = new Set(['openid', 'profile', 'email', 'address', 'phone', 'offline_access']);

export const standardScopes: readonly string[] = [...personal];

export function isPersonal(scope: string): boolean {
  return personal.has(scope);
}

/** Scopes of the operator's API. Never given by registration, consent, wildcard or default (contract.md). */
export function isOperatorScope(scope: string): boolean {
  return scope.startsWith('authority.');
}

const defaults = new WeakMap<Client, readonly string[]>();

/**
 * The scope of a request that names none (RFC 6749 §3.3, "pre-defined default value"): what the client is registered
 * for, without what must be asked for by name.
 */
export function defaultScope(client: Client): readonly string[] {
  let scopes = defaults.get(client);
  if (!scopes) {
    scopes = client.scopes.filter((scope) => !personal.has(scope) && !isOperatorScope(scope));
    defaults.set(client, scopes);
  }
  return scopes;
}

/** Every scope is one that this server knows and the client is registered for (RFC 6749 §3.3, §4.1.2.1). */
export function assertScopesAllowed(asked: readonly string[], client: Client, scopes: Scopes): void {
  for (const scope of asked) {
    if (client.scopes.includes(scope)) continue;
    throw new OAuthError('invalid_scope', scopes.isKnown(scope) ? 'scope_not_allowed' : 'scope_unknown', {
      description: 'a scope is unknown or not allowed to this client',
    });
  }
}

/** A narrower scope of what was granted (RFC 6749 §6); the grant's own when none is asked. */
export function narrowScope(asked: readonly string[], granted: readonly string[]): readonly string[] {
  if (asked.length === 0) return granted;
  if (!asked.every((scope) => granted.includes(scope))) {
    throw new OAuthError('invalid_scope', 'scope_exceeds_grant', {
      description: 'the scope exceeds what was granted',
    });
  }
  return asked;
}

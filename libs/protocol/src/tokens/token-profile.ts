import { OAuthError } from '@authority/errors';
import type { Authorization } from '../model/authorization.ts';
import type { SigningAlgorithm } from '../model/client.ts';
import type { AccessTokenFormat, Resource } from '../model/resource.ts';
import type { ProtocolPorts, Resources } from '../ports.ts';
import { isPersonal } from '../primitives/scope.ts';
import { isPairwise } from './pairwise.ts';

/** What an access token is like: the resources that it is for say so, else the client, else the server. */
export interface TokenProfile {
  format: AccessTokenFormat;
  alg: SigningAlgorithm;
  /** Seconds. */
  lifetime: number;
  scopes: readonly string[];
}

/** Access tokens live a day at most: revocation entries are kept for that long (house.md, "One revocation set"). */
const longestLife = 86_400;
/** Every verifier of RFC 9068 that is worth its name has it, and a token is a quarter as long as with RS256. */
const defaultAlgorithm: SigningAlgorithm = 'ES256';

export function tokenProfile(
  { client, scopes }: Pick<Authorization, 'client' | 'scopes'>,
  audience: string | readonly string[],
  { resources, policy, issuer }: Pick<ProtocolPorts, 'resources' | 'policy' | 'issuer'>,
): TokenProfile {
  const life = client.accessTokenLifetime ?? policy.accessTokenLifetime();
  // Whoever only verifies a JWT with a pairwise subject cannot see that its person or session has ended: sealed, it is asked for.
  const format = client.accessTokenFormat ?? (isPairwise(client) ? 'opaque' : 'jwt');
  const found = typeof audience === 'string' ? describedOne(audience, resources) : described(audience, resources);
  const [first] = found;
  if (!first) return { format, alg: defaultAlgorithm, lifetime: Math.min(life, longestLife), scopes };

  return {
    // One that wants what it says kept from others decides for all of them.
    format: found.some((one) => one.accessTokenFormat === 'opaque') ? 'opaque' : (first.accessTokenFormat ?? format),
    alg: first.accessTokenSigningAlg ?? defaultAlgorithm,
    // The shortest of those that say one.
    lifetime: Math.min(longestLife, ...lifetimesOf(found, life)),
    scopes: areAllDescribed(audience, found, issuer) ? scopesThere(scopes, found) : scopes,
  };
}

const none: readonly Resource[] = [];

/** The hot path, a token for this server itself or for a resource without a row: one look, nothing made. */
function describedOne(name: string, resources: Resources): readonly Resource[] {
  const found = resources.find(name);
  return found ? [found] : none;
}

function described(names: readonly string[], resources: Resources): readonly Resource[] {
  return names.map((name) => resources.find(name)).filter((resource) => resource !== undefined);
}

function areAllDescribed(audience: string | readonly string[], found: readonly Resource[], issuer: string): boolean {
  return typeof audience === 'string' || audience.filter((name) => name !== issuer).length === found.length;
}

/** As the mint will see it, so that nobody consents to what no token can be made of. */
export function assertScopesMeanSomething(
  scopes: readonly string[],
  names: readonly string[],
  { resources, issuer }: Pick<ProtocolPorts, 'resources' | 'issuer'>,
): void {
  const found = described(names, resources);
  if (found.length > 0 && areAllDescribed(names, found, issuer)) scopesThere(scopes, found);
}

function lifetimesOf(found: readonly Resource[], life: number): readonly number[] {
  const said = found.map(({ accessTokenLifetime }) => accessTokenLifetime).filter((one) => one !== undefined);
  return said.length === 0 ? [life] : said;
}

/**
 * The scopes that mean something at the resources (RFC 8707 §2.2, RFC 9068 §3). Those of OpenID Connect stay: they mean
 * something at UserInfo alone, which asks for its own audience.
 */
function scopesThere(scopes: readonly string[], found: readonly Resource[]): readonly string[] {
  if (found.some((resource) => resource.scopes.length === 0)) return scopes;
  const known = new Set(found.flatMap((resource) => resource.scopes.map(({ name }) => name)));
  const kept = scopes.filter((scope) => isPersonal(scope) || known.has(scope));
  if (kept.length === 0 && scopes.length > 0) {
    throw new OAuthError('invalid_scope', 'scope_not_of_resource', { description: 'none of the scopes means anything at the resource' });
  }
  return kept;
}

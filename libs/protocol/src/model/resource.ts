import type { SigningAlgorithm } from './client.ts';

/**
 * A protected resource that this server gives access tokens for, as an operator describes it (RFC 8707). A resource needs no
 * row to be asked for where a client is registered as it; the row says what its tokens are like.
 */
export interface Resource {
  /** Its identifier, an absolute URI without fragment (RFC 8707 §2). */
  resource: string;
  /** Display name, for the consent page. */
  resource_name?: string;
  /** Scopes that mean something there; empty: any that the client may ask for. */
  scopes: readonly ResourceScope[];
  /** Absent: as the client's. */
  accessTokenFormat?: AccessTokenFormat;
  /** Seconds, at most a day; absent: the client's, else the server's. */
  accessTokenLifetime?: number;
  /** Absent: ES256. Opaque tokens are sealed instead. */
  accessTokenSigningAlg?: SigningAlgorithm;
  /** May stand beside other shared resources in one access token. Each of them can then use the token at the others. */
  shared: boolean;
  /** Clients that may ask for it besides those that name it themselves; `*`: every client. */
  allowedClients: readonly string[];
}

/** A scope with its words for the consent page; empty words: the scope's own. */
export interface ResourceScope {
  name: string;
  description: string;
}

/** `jwt`: RFC 9068, read by anyone; `opaque`: sealed, read by this server alone (RFC 7662). */
export type AccessTokenFormat = 'jwt' | 'opaque';

/** Scopes of resources that every client may ask for: an operator has said so of each. */
export function openScopesOf(resources: Iterable<Resource>): readonly string[] {
  const open = [...resources].filter(({ allowedClients }) => allowedClients.includes('*'));
  return [...new Set(open.flatMap(({ scopes }) => scopes.map(({ name }) => name)))];
}

/** Whether the operator lets this client ask for the resource. The client's own fields may allow it as well. */
export function isOpenTo(resource: Resource, client_id: string): boolean {
  return resource.allowedClients.includes('*') || resource.allowedClients.includes(client_id);
}

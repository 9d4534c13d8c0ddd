import type { GuardRequest } from './request.ts';

/** What the guard is told. */
export interface GuardOptions {
  /** Whose access tokens: the issuer identifier of the authorization server. */
  issuer: string;
  /** The identifier of this API (RFC 8707): tokens must name it in `aud`. */
  audience: string;
  /** The API's own client at the server; needed for opaque tokens only, which are introspected (RFC 7662). */
  client?: { client_id: string; client_secret: string };
  /** Milliseconds for which an introspection answer is kept. */
  introspectionCacheMs?: number;
  /** How revoked tokens are recognized; false: not at all, they count until they expire. */
  revocation?: RevocationOptions | false;
  dpop?: DpopOptions;
  /** What clients call this API, where a proxy stands before it; the origin of `audience` otherwise. */
  publicUrl?: string;
  /** The certificate of the connection, DER (RFC 8705); taken from the TLS socket otherwise. */
  clientCertificate?: (request: GuardRequest) => Uint8Array | undefined;
  /** Algorithms that may sign access tokens; all of them are asymmetric. */
  algorithms?: readonly string[];
  /** Seconds by which clocks may differ. */
  clockTolerance?: number;
  /** What the metadata of this API says (RFC 9728 §2). */
  scopesSupported?: readonly string[];
  resourceName?: string;
  resourceDocumentation?: string;
  /** Told of what goes wrong in the background; nothing is thrown there. */
  onError?: (error: unknown) => void;
  /** Instead of the platform's, for a proxy of your own. */
  fetch?: typeof fetch;
}

export interface RevocationOptions {
  /** How often the list is asked for. */
  pollMs?: number;
  /** How long the guard goes by a list that it could not renew. */
  staleAfterMs?: number;
  /** What happens after that. `refuse`: nobody can know what was revoked, so nothing is let through. */
  whenStale?: 'refuse' | 'accept';
}

export interface DpopOptions {
  /** Only tokens that are bound to a key are taken. */
  required?: boolean;
  /** Proofs must carry a nonce of this API (RFC 9449 §9). Several processes need the same secret, 32 bytes or more. */
  nonceSecret?: Uint8Array;
  /** Seconds for which a proof counts, before and after. */
  proofLife?: number;
  /** Where proofs that were seen are kept; in this process's memory otherwise. */
  replayMemory?: ReplayMemory;
}

/** Remembers proofs so that each counts once (RFC 9449 §11.1). */
export interface ReplayMemory {
  /** Atomic: true for the first caller only, until then (Unix ms). */
  markOnce(key: string, expiresAt: number): boolean | Promise<boolean>;
}

/** What a request needs beyond a good token. */
export interface Needs {
  /** Scopes, space separated; all of them. */
  scope?: string;
  /** One of these authentication contexts (RFC 9470 §3). */
  acr_values?: readonly string[];
  /** The person signed in at most so many seconds ago (RFC 9470 §3). */
  max_age?: number;
}

/** Options with everything that was left out. */
export interface Settled extends GuardOptions {
  introspectionCacheMs: number;
  revocation: Required<RevocationOptions> | false;
  publicUrl: string;
  algorithms: readonly string[];
  clockTolerance: number;
  onError: (error: unknown) => void;
  fetch: typeof fetch;
}

const algorithms = ['ES256', 'PS256', 'RS256', 'EdDSA'];

export function settle(options: GuardOptions): Settled {
  for (const name of ['issuer', 'audience'] as const) {
    if (!URL.canParse(options[name])) throw new TypeError(`createGuard: ${name} must be a URI`);
  }
  const symmetric = options.algorithms?.find((alg) => !/^(?:ES|RS|PS|Ed)/.test(alg));
  // RFC 8725 §3.1: a public key must never be taken for a shared secret.
  if (symmetric !== undefined) throw new TypeError(`createGuard: ${symmetric} does not sign access tokens`);
  const secret = options.dpop?.nonceSecret;
  if (secret !== undefined && secret.byteLength < 32) throw new TypeError('createGuard: dpop.nonceSecret needs 32 bytes');
  const publicUrl = options.publicUrl ?? originOf(options.audience);
  return {
    ...options,
    introspectionCacheMs: options.introspectionCacheMs ?? 1000,
    revocation: options.revocation === false ? false : { pollMs: 500, staleAfterMs: 5000, whenStale: 'refuse', ...options.revocation },
    publicUrl: publicUrl.replace(/\/$/, ''),
    algorithms: options.algorithms ?? algorithms,
    clockTolerance: options.clockTolerance ?? 5,
    onError: options.onError ?? (() => {}),
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
  };
}

/** Empty for identifiers that are no addresses (urn:…): such an API needs `publicUrl` for proofs and metadata. */
function originOf(audience: string): string {
  const { protocol, origin } = new URL(audience);
  return protocol === 'https:' || protocol === 'http:' ? origin : '';
}

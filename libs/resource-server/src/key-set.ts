import { type CryptoKey, createLocalJWKSet, type FlattenedJWSInput, type JWK, type JWSHeaderParameters } from 'jose';
import type { AuthorizationServer } from './authorization-server.ts';
import { getJson } from './http-client.ts';
import { isObject, type JsonObject } from './json.ts';

type Find = (header: JWSHeaderParameters, token: FlattenedJWSInput) => Promise<CryptoKey>;

/** Keys are published before they sign, and kept as long as their tokens live: a minute is soon enough for both. */
const renewalMs = 60_000;
/** How often strangers can make the guard ask for keys that nobody has. */
const cooldownMs = 5000;

/** The server's keys (RFC 7517 §5), renewed in the background of use; an unknown `kid` asks again, not more often than that. */
export class KeySet {
  private find: Find | undefined;
  private kids: ReadonlySet<string> = new Set();
  private askedAt = 0;
  private asking: Promise<void> | undefined;

  constructor(
    private readonly server: AuthorizationServer,
    private readonly via: typeof fetch,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** The key that a header names; throws jose's error when there is none, and the network's when it never had any. */
  readonly key: Find = async (header, token) => {
    const age = Date.now() - this.askedAt;
    const isUnknown = header.kid === undefined || !this.kids.has(header.kid);
    if (!this.find || (isUnknown && age > cooldownMs)) await this.renew();
    else if (age > renewalMs) void this.renew().catch(this.onError);
    if (!this.find) throw new Error('there are no keys yet');
    return await this.find(header, token);
  };

  private renew(): Promise<void> {
    this.asking ??= this.ask().finally(() => {
      this.asking = undefined;
    });
    return this.asking;
  }

  private async ask(): Promise<void> {
    if (this.find && Date.now() - this.askedAt <= cooldownMs) return;
    this.askedAt = Date.now();
    try {
      const { jwks_uri } = await this.server.addresses();
      const keys = keysOf(await getJson(jwks_uri, this.via));
      this.kids = new Set(keys.map(({ kid }) => kid).filter((kid) => kid !== undefined));
      this.find = createLocalJWKSet({ keys });
    } catch (error) {
      // Those from before stay good: the signature is what counts.
      if (!this.find) throw error;
      this.onError(error);
    }
  }
}

function keysOf({ keys }: JsonObject): JWK[] {
  if (!Array.isArray(keys)) throw new Error('no JWK Set');
  return keys.filter(isObject).filter((key): key is JsonObject & JWK => typeof key['kty'] === 'string');
}

import { OAuthError } from '@authority/errors';
import { type JwksCache, OutboundError } from '@authority/outbound';
import type { Client, ClientKeys } from '@authority/protocol';

/** JWK Sets of clients: what they registered, or what they publish at their jwks_uri (RFC 7591 §2). */
export class OutboundClientKeys implements ClientKeys {
  constructor(private readonly cache: JwksCache) {}

  async find(client: Client, refresh: boolean): Promise<{ keys: readonly Record<string, unknown>[] }> {
    if (client.jwks !== undefined) return client.jwks;
    if (client.jwks_uri === undefined) return { keys: [] };
    try {
      const { keys } = await this.cache.get(client.jwks_uri, { refresh });
      return { keys: keys.map((key) => ({ ...key })) };
    } catch (cause) {
      if (!(cause instanceof OutboundError)) throw cause;
      throw new OAuthError('invalid_client', 'client_keys_unavailable', { cause });
    }
  }
}

import { getJson } from './http-client.ts';
import { textOf } from './json.ts';

/** Where the authorization server has what the guard needs (RFC 8414 §2). */
export interface ServerAddresses {
  jwks_uri: string;
  introspection_endpoint: string | undefined;
  revocation_list_uri: string | undefined;
}

/** How long before a failed discovery is tried again. */
const cooldownMs = 1000;

/** Finds the server's addresses once (RFC 8414 §3), and asks again until that worked. */
export class AuthorizationServer {
  private found: ServerAddresses | undefined;
  private asking: Promise<ServerAddresses> | undefined;
  private askedAt = 0;

  constructor(
    private readonly issuer: string,
    private readonly via: typeof fetch,
  ) {}

  async addresses(): Promise<ServerAddresses> {
    if (this.found) return this.found;
    if (!this.asking || Date.now() - this.askedAt > cooldownMs) {
      this.askedAt = Date.now();
      this.asking = this.ask();
      this.asking.catch(() => {}); // whoever awaits it is told
    }
    this.found = await this.asking;
    return this.found;
  }

  private async ask(): Promise<ServerAddresses> {
    const { origin, pathname } = new URL(this.issuer);
    const path = pathname === '/' ? '' : pathname;
    const metadata = await getJson(`${origin}/.well-known/oauth-authorization-server${path}`, this.via).catch(() =>
      getJson(`${this.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, this.via),
    );
    // RFC 8414 §3.3: metadata of another issuer must not be used.
    if (metadata['issuer'] !== this.issuer) throw new Error(`the metadata of ${this.issuer} is of another issuer`);
    const jwks_uri = textOf(metadata, 'jwks_uri');
    if (jwks_uri === undefined) throw new Error(`the metadata of ${this.issuer} has no jwks_uri`);
    return {
      jwks_uri,
      introspection_endpoint: textOf(metadata, 'introspection_endpoint'),
      revocation_list_uri: textOf(metadata, 'authority_revocation_list_uri'),
    };
  }
}

import type { TrustedIssuer, TrustedIssuers } from '@authority/protocol';

export class FakeTrustedIssuers implements TrustedIssuers {
  /** By `iss`. */
  readonly all = new Map<string, TrustedIssuer>();
  /** By jwks_uri. */
  readonly published = new Map<string, { keys: readonly Record<string, unknown>[] }>();

  find(issuer: string): TrustedIssuer | undefined {
    return this.all.get(issuer);
  }

  async keys(issuer: TrustedIssuer, refresh: boolean): Promise<{ keys: readonly Record<string, unknown>[] }> {
    if (issuer.jwks) return issuer.jwks;
    const found = this.published.get(issuer.jwks_uri ?? '');
    return refresh && found ? found : { keys: [] };
  }
}

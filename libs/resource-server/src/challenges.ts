import { proofAlgorithms } from './dpop.ts';
import type { Settled } from './options.ts';
import { type Attributes, challenge, Refusal } from './refusal.ts';

type Scheme = 'Bearer' | 'DPoP';

/** Refusals with their challenges (RFC 6750 §3, RFC 9449 §7.1, RFC 9728 §5.1). */
export class Challenges {
  constructor(
    private readonly options: Settled,
    private readonly metadataUrl: string | undefined,
  ) {}

  /** RFC 6750 §3.1: who brought no token learns only how to bring one. */
  tokenMissing(): Refusal {
    const schemes: Scheme[] = this.options.dpop?.required ? ['DPoP'] : this.options.dpop ? ['Bearer', 'DPoP'] : ['Bearer'];
    const headers = { 'www-authenticate': schemes.map((scheme) => this.header(scheme, {})) };
    return new Refusal(401, undefined, 'an access token is needed', headers);
  }

  invalidToken(scheme: Scheme, description: string): Refusal {
    return this.refusal(401, scheme, 'invalid_token', description);
  }

  refusal(status: 401 | 403, scheme: Scheme, error: string, description: string, more: Attributes = {}, headers = {}): Refusal {
    const value = this.header(scheme, { error, error_description: description, ...more });
    return new Refusal(status, error, description, { 'www-authenticate': value, ...headers });
  }

  private header(scheme: Scheme, attributes: Attributes): string {
    return challenge(scheme, {
      ...attributes,
      resource_metadata: this.metadataUrl,
      ...(scheme === 'DPoP' && { algs: proofAlgorithms.join(' ') }),
    });
  }
}

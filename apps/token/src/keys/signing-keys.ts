import { constants, sign, verify } from 'node:crypto';
import type { SigningAlgorithm, SigningKeys } from '@authority/protocol';
import { signingAlgorithms } from './key-material.ts';
import type { KeyRing, RingKey } from './key-ring.ts';

const digests: Readonly<Record<SigningAlgorithm, string | null>> = { ES256: 'sha256', RS256: 'sha256', EdDSA: null, PS256: 'sha256' };

/** RFC 7518 §3.4: r and s side by side; §3.5: a salt as long as the digest. */
const ecdsa = { dsaEncoding: 'ieee-p1363' } as const;
const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST } as const;
const optionsOf = (alg: string) => (alg === 'PS256' ? pss : ecdsa);

/** Tokens are shown again and again while they live: so many verified ones are remembered. */
const mostVerified = 4096;

/** Signs with the current key of an algorithm, verifies with any (RFC 7515). Synchronous: 30 µs for ES256. */
export class RingSigningKeys implements SigningKeys {
  /** Encoded headers by key and typ: a handful, built once each. */
  private readonly headers = new Map<string, string>();
  /** By typ and token; a signature that was right stays right until the keys change. Oldest first. */
  private readonly verified = new Map<string, Record<string, unknown>>();
  private verifiedRevision = -1;
  private published: { revision: number; keys: readonly Record<string, unknown>[] } | undefined;

  constructor(private readonly ring: KeyRing) {}

  sign(alg: SigningAlgorithm, typ: string, payload: Record<string, unknown>): string {
    const key = this.ring.current('signing', alg);
    const input = `${this.headerFor(key, typ)}.${Buffer.from(JSON.stringify(payload)).toString('base64url')}`;
    const { privateKey } = pairOf(key);
    const signature = sign(digests[alg], Buffer.from(input), { key: privateKey, ...optionsOf(alg) });
    return `${input}.${signature.toString('base64url')}`;
  }

  verify(jws: string, typ: string): Record<string, unknown> | undefined {
    if (this.verifiedRevision !== this.ring.revision) {
      this.verified.clear();
      this.verifiedRevision = this.ring.revision;
    }
    const name = `${typ} ${jws}`;
    const known = this.verified.get(name) ?? this.verifyNew(jws, typ);
    if (known !== undefined) this.remember(name, known);
    return known;
  }

  private remember(name: string, payload: Record<string, unknown>): void {
    if (this.verified.has(name)) return;
    this.verified.set(name, Object.freeze(payload));
    if (this.verified.size <= mostVerified) return;
    const [oldest] = this.verified.keys();
    if (oldest !== undefined) this.verified.delete(oldest);
  }

  private verifyNew(jws: string, typ: string): Record<string, unknown> | undefined {
    const [header, payload, signature, more] = jws.split('.');
    if (header === undefined || payload === undefined || signature === undefined || more !== undefined) return undefined;
    const key = this.keyOf(header, typ);
    if (key === undefined) return undefined;

    const signed = Buffer.from(signature, 'base64url');
    // One spelling only: base64url with other padding bits would be a second token with the same meaning.
    if (signed.toString('base64url') !== signature) return undefined;
    const options = { key: pairOf(key).publicKey, ...optionsOf(key.alg) };
    const isOurs = verify(digests[key.alg as SigningAlgorithm], Buffer.from(`${header}.${payload}`), options, signed);
    return isOurs ? parseObject(payload) : undefined;
  }

  algorithms(): readonly SigningAlgorithm[] {
    return signingAlgorithms;
  }

  jwks(): { keys: readonly Record<string, unknown>[] } {
    if (this.published?.revision !== this.ring.revision) {
      const keys = this.ring.all().filter((key) => key.use === 'signing');
      this.published = {
        revision: this.ring.revision,
        keys: keys.map((key) => ({ ...key.public_jwk, kid: key.key_id, alg: key.alg, use: 'sig' })),
      };
    }
    return { keys: this.published.keys };
  }

  private headerFor({ alg, key_id }: RingKey, typ: string): string {
    const name = `${key_id}/${typ}`;
    let header = this.headers.get(name);
    if (header === undefined) {
      header = Buffer.from(JSON.stringify({ alg, typ, kid: key_id })).toString('base64url');
      this.headers.set(name, header);
    }
    return header;
  }

  /** The key is chosen by kid and must be of the algorithm that the header names (RFC 8725 §3.1). */
  private keyOf(encoded: string, typ: string): RingKey | undefined {
    const header = parseObject(encoded);
    if (header === undefined || header.typ !== typ || typeof header.kid !== 'string' || 'crit' in header) return undefined;
    const key = this.ring.find(header.kid);
    return key?.use === 'signing' && key.alg === header.alg ? key : undefined;
  }
}

function pairOf(key: RingKey): NonNullable<RingKey['pair']> {
  if (key.pair === undefined) throw new Error(`key ${key.key_id} does not sign`);
  return key.pair;
}

function parseObject(encoded: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8'));
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined; // checked on the line above
  } catch {
    return undefined;
  }
}

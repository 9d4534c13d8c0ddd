import { createHash, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';

/** What a test changes in a proof; undefined takes a member away. */
export interface ProofChanges {
  claims?: Readonly<Record<string, unknown>>;
  header?: Readonly<Record<string, unknown>>;
  /** Signs instead of the proof's own key. */
  by?: DpopKey;
}

const makers = {
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: () => generateKeyPairSync('ed25519'),
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
} as const;

/** A client's key for DPoP proofs (RFC 9449 §4). */
export class DpopKey {
  readonly privateKey: KeyObject;
  readonly jwk: Readonly<Record<string, unknown>>;
  readonly alg: keyof typeof makers;

  constructor(alg: keyof typeof makers = 'ES256') {
    const { privateKey, publicKey } = makers[alg]();
    this.privateKey = privateKey;
    this.jwk = { ...publicKey.export({ format: 'jwk' }) };
    this.alg = alg;
  }

  /** RFC 7638 §3: the required members in the order of their names. */
  get jkt(): string {
    const names = Object.keys(this.jwk).toSorted();
    return hash(JSON.stringify(Object.fromEntries(names.map((name) => [name, this.jwk[name]]))));
  }

  /** A proof that would pass for this request (RFC 9449 §4.2), but for the changes. */
  proof(htm: string, htu: string, { claims = {}, header = {}, by = this }: ProofChanges = {}): string {
    const iat = Math.floor(Date.now() / 1000);
    const input = [
      { typ: 'dpop+jwt', alg: this.alg, jwk: this.jwk, ...header },
      { jti: randomUUID(), htm, htu, iat, ...claims },
    ].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
    return `${input.join('.')}.${by.sign(input.join('.'))}`;
  }

  sign(input: string): string {
    const digest = this.alg === 'EdDSA' ? null : 'sha256';
    return sign(digest, Buffer.from(input), { key: this.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url');
  }
}

/** `ath` of an access token (RFC 9449 §4.2). */
export function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

import { constants, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import type { SigningAlgorithm, SigningKeys } from '@authority/protocol';
import { testKeys } from './protocol-keys.ts';

export class FakeSigningKeys implements SigningKeys {
  readonly #private: Record<SigningAlgorithm, KeyObject>;

  constructor(keys: Record<Exclude<SigningAlgorithm, 'PS256'>, object> = testKeys) {
    this.#private = {
      ES256: createPrivateKey({ key: { ...keys.ES256 }, format: 'jwk' }),
      RS256: createPrivateKey({ key: { ...keys.RS256 }, format: 'jwk' }),
      PS256: createPrivateKey({ key: { ...keys.RS256 }, format: 'jwk' }),
      EdDSA: createPrivateKey({ key: { ...keys.EdDSA }, format: 'jwk' }),
    };
  }

  sign(alg: SigningAlgorithm, typ: string, payload: Record<string, unknown>): string {
    const input = `${encode({ alg, typ, kid: `test-${alg}` })}.${encode(payload)}`;
    const signature = sign(digestOf(alg), Buffer.from(input), { key: this.#private[alg], ...optionsOf(alg) });
    return `${input}.${signature.toString('base64url')}`;
  }

  verify(jws: string, typ: string): Record<string, unknown> | undefined {
    const [header, payload, signature, ...more] = jws.split('.');
    if (header === undefined || payload === undefined || signature === undefined || more.length > 0) return undefined;
    const { alg, typ: found, kid } = decode(header);
    const key = this.algorithms().find((one) => one === alg && kid === `test-${one}`);
    if (!key || found !== typ) return undefined;
    const publicKey = { key: createPublicKey(this.#private[key]), ...optionsOf(key) };
    const valid = verify(digestOf(key), Buffer.from(`${header}.${payload}`), publicKey, Buffer.from(signature, 'base64url'));
    return valid ? decode(payload) : undefined;
  }

  algorithms(): readonly SigningAlgorithm[] {
    return ['ES256', 'RS256', 'EdDSA', 'PS256'];
  }

  jwks(): { keys: readonly Record<string, unknown>[] } {
    const keys = this.algorithms().map((alg) => ({
      ...createPublicKey(this.#private[alg]).export({ format: 'jwk' }),
      ...{ kid: `test-${alg}`, alg, use: 'sig' },
    }));
    return { keys };
  }
}

function optionsOf(alg: SigningAlgorithm) {
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST } as const;
  return alg === 'PS256' ? pss : ({ dsaEncoding: 'ieee-p1363' } as const);
}

function digestOf(alg: SigningAlgorithm): string | null {
  return alg === 'EdDSA' ? null : 'sha256';
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(part: string): Record<string, unknown> {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString());
  } catch {
    return {};
  }
}

import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';

/** What a wrapped key is bound to: moved to another row, it does not open. */
export interface KeyIdentity {
  key_id: string;
  use: string;
  alg: string;
}

const version = 1;
const secretIdLength = 8;
const nonceLength = 12;
const tagLength = 16;

/**
 * Wraps keys at rest with AES-256-GCM under the system secrets, newest first: the first wraps, all unwrap.
 * Layout: version (1), id of the secret (8), nonce (12), ciphertext, tag (16).
 */
export class KeyWrapping {
  private readonly secrets: readonly { id: Buffer; key: Buffer }[];

  /** `owner`: the service. Two that were given one secret still cannot open each other's keys. */
  constructor(owner: string, systemSecrets: readonly Uint8Array[]) {
    if (systemSecrets.length === 0) throw new Error('at least one system secret is needed to wrap keys');
    this.secrets = systemSecrets.map((secret) => wrappingKey(owner, secret));
  }

  wrap(plain: Uint8Array, identity: KeyIdentity): Buffer {
    const [{ id, key }] = this.secrets as [{ id: Buffer; key: Buffer }]; // the constructor refuses an empty list
    const nonce = randomBytes(nonceLength);
    const cipher = createCipheriv('aes-256-gcm', key, nonce);
    cipher.setAAD(boundTo(identity));
    const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
    return Buffer.concat([Buffer.of(version), id, nonce, sealed, cipher.getAuthTag()]);
  }

  /** Undefined when none of the secrets opens it. */
  unwrap(wrapped: Uint8Array, identity: KeyIdentity): Buffer | undefined {
    const bytes = Buffer.from(wrapped);
    const known = this.secrets.find(({ id }) => id.equals(secretIdOf(bytes)));
    const start = 1 + secretIdLength;
    if (bytes[0] !== version || known === undefined || bytes.length < start + nonceLength + tagLength) return undefined;
    const decipher = createDecipheriv('aes-256-gcm', known.key, bytes.subarray(start, start + nonceLength));
    decipher.setAAD(boundTo(identity));
    decipher.setAuthTag(bytes.subarray(-tagLength));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(start + nonceLength, -tagLength)), decipher.final()]);
    } catch {
      return undefined;
    }
  }

  isUnderNewest(wrapped: Uint8Array): boolean {
    return this.secrets[0]?.id.equals(secretIdOf(Buffer.from(wrapped))) ?? false;
  }
}

/** The only thing that is ever derived from a system secret, so that the secret can be rotated (style.md 20). */
function wrappingKey(owner: string, secret: Uint8Array): { id: Buffer; key: Buffer } {
  const key = Buffer.from(hkdfSync('sha256', secret, '', `authority ${owner} key wrapping 1`, 32));
  return { key, id: createHash('sha256').update('id').update(key).digest().subarray(0, secretIdLength) };
}

function secretIdOf(wrapped: Buffer): Buffer {
  return wrapped.subarray(1, 1 + secretIdLength);
}

function boundTo({ key_id, use, alg }: KeyIdentity): Buffer {
  return Buffer.from(JSON.stringify([key_id, use, alg]));
}

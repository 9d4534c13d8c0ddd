import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import type { CodeEnvelope } from '@authority/protocol';
import type { KeyRing } from './key-ring.ts';

const version = 1;
const saltLength = 16;
const tagLength = 16;
const longestCode = 8192;
/** Each code has an AES key of its own, so that a fixed nonce is used once and no count of codes wears the key out. */
const nonce = Buffer.alloc(12);

/** Codes as sealed envelopes: version (1), length of the key id (1), key id, salt (16), ciphertext, tag (16); base64url. */
export class CodeSeal {
  constructor(private readonly ring: KeyRing) {}

  seal(envelope: CodeEnvelope): string {
    const { key_id, secret } = this.ring.current('sealing', 'A256GCM');
    const name = Buffer.from(key_id);
    const header = Buffer.concat([Buffer.of(version, name.length), name, randomBytes(saltLength)]);
    const cipher = createCipheriv('aes-256-gcm', codeKey(secret, header), nonce);
    const sealed = Buffer.concat([cipher.update(JSON.stringify(envelope)), cipher.final()]);
    return Buffer.concat([header, sealed, cipher.getAuthTag()]).toString('base64url');
  }

  open(value: string): CodeEnvelope | undefined {
    if (value.length > longestCode) return undefined;
    const bytes = Buffer.from(value, 'base64url');
    // One spelling only, or one code would have two marks.
    if (bytes.toString('base64url') !== value) return undefined;
    const headerLength = 2 + (bytes[1] ?? 0) + saltLength;
    if (bytes[0] !== version || bytes.length <= headerLength + tagLength) return undefined;
    const key = this.ring.find(bytes.toString('utf8', 2, headerLength - saltLength));
    if (key?.use !== 'sealing') return undefined;
    return opened(codeKey(key.secret, bytes.subarray(0, headerLength)), bytes.subarray(headerLength));
  }
}

/** The whole header is in the key: what is changed in it opens nothing. */
function codeKey(secret: Buffer | undefined, header: Buffer): Buffer {
  if (secret === undefined) throw new Error('a sealing key without its secret');
  return createHmac('sha256', secret).update('authority code 1\0').update(header).digest();
}

function opened(key: Buffer, sealed: Buffer): CodeEnvelope | undefined {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce);
  decipher.setAuthTag(sealed.subarray(-tagLength));
  try {
    const text = decipher.update(sealed.subarray(0, -tagLength), undefined, 'utf8') + decipher.final('utf8');
    const envelope = JSON.parse(text) as CodeEnvelope; // authentic: only this service can have sealed it
    return envelope.version === 1 ? envelope : undefined;
  } catch {
    return undefined;
  }
}

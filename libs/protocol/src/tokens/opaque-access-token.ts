import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { ProtocolPorts } from '../ports.ts';
import { decode, encode } from '../primitives/base64url.ts';

/** Kind and version: "authority access 1". In front, so that scanners for leaked secrets know it. */
const prefix = 'aa1_';
/** 192 random bits: each token has a key of its own, so a fixed nonce is used once and no count of tokens wears the key out. */
const saltLength = 24;
const tagLength = 16;
const nonce = Buffer.alloc(12);
const longest = 8192;

type SealPorts = Pick<ProtocolPorts, 'issuer' | 'sealingKeys'>;

/**
 * An access token that only this server reads (RFC 6749 §1.4, "an identifier … or self-contain the authorization
 * information"): prefix, then base64url of key id (length first), salt, ciphertext and tag. What the JWT would say is
 * encrypted under a key derived from a wrapped server key, the salt and the issuer; no row is needed.
 */
export function sealAccessToken(claims: Readonly<Record<string, unknown>>, ports: SealPorts & Pick<ProtocolPorts, 'random'>): string {
  const keyId = Buffer.from(ports.sealingKeys.currentKeyId(), 'latin1');
  const header = Buffer.concat([Buffer.of(keyId.length), keyId, ports.random.bytes(saltLength)]);
  const key = tokenKey(header, ports);
  if (!key) throw new Error('the current sealing key is gone');
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(header);
  // The issuer is in the key.
  const { iss: _, ...rest } = claims;
  const sealed = Buffer.concat([cipher.update(JSON.stringify(rest)), cipher.final()]);
  return prefix + encode(Buffer.concat([header, sealed, cipher.getAuthTag()]));
}

/** What a sealed token says; undefined for anything that this server did not seal, whatever is wrong with it. */
export function openAccessToken(token: string, ports: SealPorts): Record<string, unknown> | undefined {
  if (!isOpaqueAccessToken(token) || token.length > longest) return undefined;
  const decoded = decode(token.slice(prefix.length));
  if (!decoded) return undefined;
  const bytes = Buffer.from(decoded);
  const headerLength = 1 + (bytes[0] ?? 0) + saltLength;
  if (bytes.length <= headerLength + tagLength) return undefined;
  const header = bytes.subarray(0, headerLength);
  const key = tokenKey(header, ports);
  const text = key && decrypted(key, header, bytes.subarray(headerLength));
  // Authentic: only this server can have sealed it.
  return text === undefined ? undefined : { iss: ports.issuer, ...JSON.parse(text) };
}

export function isOpaqueAccessToken(token: string): boolean {
  return token.startsWith(prefix);
}

/** The issuer is in the key: a server key that two installations share would not join them. */
function tokenKey(header: Buffer, { sealingKeys, issuer }: SealPorts): Uint8Array | undefined {
  const keyIdLength = header.length - 1 - saltLength;
  const info = `authority access token 1\0${issuer}`;
  return sealingKeys.deriveKey(header.toString('latin1', 1, 1 + keyIdLength), header.subarray(1 + keyIdLength), info);
}

function decrypted(key: Uint8Array, header: Buffer, sealed: Buffer): string | undefined {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagLength });
  decipher.setAAD(header);
  decipher.setAuthTag(sealed.subarray(-tagLength));
  try {
    return decipher.update(sealed.subarray(0, -tagLength), undefined, 'utf8') + decipher.final('utf8');
  } catch {
    return undefined;
  }
}

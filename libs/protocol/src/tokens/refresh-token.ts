import type { RefreshTokenParts } from '../model/authorization.ts';
import type { ProtocolPorts } from '../ports.ts';
import { decode, encode } from '../primitives/base64url.ts';
import { equalBytes } from '../primitives/constant-time.ts';

/** Kind and version: "authority refresh 1". In front, so that scanners for leaked secrets know it. */
const prefix = 'ar1_';
const handleLength = 16;
const macLength = 32;
const dayMs = 86_400_000;

/** The generation of a grant's first refresh token. */
export const firstGeneration = 0;

/** Day of a grant's absolute end, by which its row and its refresh tokens are kept together. */
export function partitionOf(grantExpiresAt: number): number {
  return Math.floor(grantExpiresAt / dayMs);
}

/**
 * A refresh token: prefix, then base64url of key id (length first), partition, handle, generation and a MAC over these and
 * the issuer (house.md, "Refresh"). Every replica derives the same token from the same row.
 */
export function formatRefreshToken(parts: RefreshTokenParts, ports: Pick<ProtocolPorts, 'issuer' | 'refreshTokenMac'>): string {
  const body = encodeBody(parts);
  const mac = ports.refreshTokenMac.mac(parts.keyId, message(body, ports.issuer));
  if (!mac) throw new Error(`the MAC key ${parts.keyId} of a live grant is gone`);
  return prefix + encode(Buffer.concat([body, mac.subarray(0, macLength)]));
}

export type ReadRefreshToken = RefreshTokenParts | 'malformed' | 'key_unknown';

/** Takes a refresh token apart when its MAC is ours; nothing in it is believed before. Memory and CPU alone. */
export function readRefreshToken(token: string, ports: Pick<ProtocolPorts, 'issuer' | 'refreshTokenMac'>): ReadRefreshToken {
  if (!isRefreshToken(token) || token.length > 256) return 'malformed';
  const bytes = decode(token.slice(prefix.length));
  const keyIdLength = bytes?.[0];
  if (!bytes || keyIdLength === undefined) return 'malformed';
  const bodyLength = 1 + keyIdLength + 4 + handleLength + 4;
  if (keyIdLength === 0 || bytes.byteLength !== bodyLength + macLength) return 'malformed';

  const body = Buffer.from(bytes.subarray(0, bodyLength));
  const keyId = body.toString('latin1', 1, 1 + keyIdLength);
  const mac = ports.refreshTokenMac.mac(keyId, message(body, ports.issuer));
  if (!mac) return 'key_unknown';
  if (!equalBytes(mac.subarray(0, macLength), bytes.subarray(bodyLength))) return 'malformed';

  const at = 1 + keyIdLength;
  return {
    keyId,
    partition: body.readUInt32BE(at),
    handle: new Uint8Array(body.subarray(at + 4, at + 4 + handleLength)),
    generation: body.readUInt32BE(at + 4 + handleLength),
  };
}

export function isRefreshToken(token: string): boolean {
  return token.startsWith(prefix);
}

function encodeBody({ keyId, partition, handle, generation }: RefreshTokenParts): Buffer {
  if (keyId.length === 0 || keyId.length > 64 || handle.byteLength !== handleLength) throw new Error('refresh token parts are malformed');
  const body = Buffer.alloc(1 + keyId.length + 4 + handleLength + 4);
  let at = body.writeUInt8(keyId.length, 0);
  at += body.write(keyId, at, 'latin1');
  at = body.writeUInt32BE(partition, at);
  body.set(handle, at);
  body.writeUInt32BE(generation, at + handleLength);
  return body;
}

/** The issuer is not in the token, but under its MAC: a key that two installations share would not join them. */
function message(body: Buffer, issuer: string): Buffer {
  return Buffer.concat([Buffer.from(prefix, 'latin1'), body, Buffer.from(issuer, 'utf8')]);
}

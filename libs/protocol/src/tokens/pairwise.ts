import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Actor } from '../model/authorization.ts';
import type { Client } from '../model/client.ts';
import type { ProtocolPorts } from '../ports.ts';
import { decode, encode } from '../primitives/base64url.ts';
import { isPerson } from '../primitives/identifiers.ts';

export type PairwisePorts = Pick<ProtocolPorts, 'issuer' | 'pairwiseKey'>;

/** The kinds of subject that a client may know people by (OpenID Connect Core §8). Discovery lists them. */
export const subjectTypes = ['public', 'pairwise'] as const;

/**
 * The subject as a client knows it (OpenID Connect Core §8.1): everywhere else in this server a subject is the local one,
 * and this is asked where one leaves or comes back. Clients are subjects as well, and known to everybody by one name.
 */
export function subjectFor(client: Client, sub: string, ports: PairwisePorts): string {
  return isPairwise(client) && isPerson(sub) ? nameIn(client, 'subject', sub, ports) : sub;
}

/** The session as a client knows it: one `sid` for all would join what pairwise subjects keep apart. */
export function sessionFor(client: Client, sid: string, ports: PairwisePorts): string {
  return isPairwise(client) ? nameIn(client, 'session', sid, ports) : sid;
}

/** Everybody in a chain of actors (RFC 8693 §4.1), as a client knows them. */
export function actorFor(client: Client, actor: Actor, ports: PairwisePorts): Actor {
  const named = actor.iss === undefined ? { ...actor, sub: subjectFor(client, actor.sub, ports) } : actor;
  return actor.act ? { ...named, act: actorFor(client, actor.act, ports) } : named;
}

export function isPairwise({ subject_type }: Client): boolean {
  return subject_type === 'pairwise';
}

/** An HMAC under a key that is never replaced, so that the name is the same for ever. */
function nameIn(client: Client, kind: 'subject' | 'session', name: string, { issuer, pairwiseKey }: PairwisePorts): string {
  return encode(pairwiseKey.mac(`${kind}\0${issuer}\0${sectorOf(client)}\0${name}`));
}

/**
 * The sector (§8.1): the host of `sector_identifier_uri`, else that of the redirect URIs, which registration keeps to one. A
 * client without a host that somebody owns (a loopback address, a private-use scheme) is a sector of its own.
 */
function sectorOf({ sector_identifier_uri, redirect_uris, client_id }: Client): string {
  const uri = sector_identifier_uri ?? redirect_uris[0];
  const url = uri !== undefined && URL.canParse(uri) ? new URL(uri) : undefined;
  const host = url?.protocol === 'https:' ? url.hostname : '';
  return host === '' ? `\0${client_id}` : host;
}

/** Whom and which session an access token is really about; for this server alone. */
export interface LocalSubject {
  sub: string;
  sid?: string;
}

type SealPorts = Pick<ProtocolPorts, 'issuer' | 'sealingKeys'>;

/** 128 random bits: each seal has a key of its own, so a fixed nonce is used once. */
const saltLength = 16;
const tagLength = 16;
const nonce = Buffer.alloc(12);

/**
 * Seals the local subject into an access token whose `sub` is pairwise, so that revocation and UserInfo need no table. No
 * two seals are alike, so they join nothing; `jti` is under the seal, so it is good in its own token alone.
 */
export function sealSubject(subject: LocalSubject, jti: string, ports: SealPorts & Pick<ProtocolPorts, 'random'>): string {
  const keyId = Buffer.from(ports.sealingKeys.currentKeyId(), 'latin1');
  const header = Buffer.concat([Buffer.of(keyId.length), keyId, ports.random.bytes(saltLength)]);
  const key = sealKey(header, ports);
  if (!key) throw new Error('the current sealing key is gone');
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(jti));
  const sealed = Buffer.concat([cipher.update(JSON.stringify(subject)), cipher.final()]);
  return encode(Buffer.concat([header, sealed, cipher.getAuthTag()]));
}

/** Undefined for what this server did not seal into the token of this `jti`. */
export function openSubject(value: unknown, jti: string, ports: SealPorts): LocalSubject | undefined {
  const decoded = typeof value === 'string' ? decode(value) : undefined;
  if (!decoded) return undefined;
  const bytes = Buffer.from(decoded);
  const headerLength = 1 + (bytes[0] ?? 0) + saltLength;
  if (bytes.length <= headerLength + tagLength) return undefined;
  const key = sealKey(bytes.subarray(0, headerLength), ports);
  if (!key) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagLength });
  decipher.setAAD(Buffer.from(jti));
  decipher.setAuthTag(bytes.subarray(-tagLength));
  try {
    const text = decipher.update(bytes.subarray(headerLength, -tagLength), undefined, 'utf8') + decipher.final('utf8');
    return JSON.parse(text) as LocalSubject; // authentic: only this server can have sealed it
  } catch {
    return undefined;
  }
}

/** The whole header is in the key: what is changed in it opens nothing. */
function sealKey(header: Buffer, { sealingKeys, issuer }: SealPorts): Uint8Array | undefined {
  const keyIdLength = header.length - 1 - saltLength;
  const info = `authority access token subject 1\0${issuer}`;
  return sealingKeys.deriveKey(header.toString('latin1', 1, 1 + keyIdLength), header.subarray(1 + keyIdLength), info);
}

import { OAuthError } from '@authority/errors';
import { CompactEncrypt, type JWK } from 'jose';
import type { Client } from '../model/client.ts';
import type { ClientKeys } from '../ports.ts';

/** What a client registered for one kind of answer: `…_encrypted_response_alg` and `_enc`. */
export interface Encryption {
  alg: string;
  enc: string;
}

/** Whom something is encrypted for. */
export interface Recipient extends Encryption {
  /** A public JWK of the client. */
  key: Record<string, unknown>;
}

/** OpenID Connect Registration §2: the `enc` that an `alg` alone stands for. */
const usualContentEncryption = 'A128CBC-HS256';

/** Undefined when the client registered no `alg`: then nothing is encrypted. */
export function encryptionOf(alg: string | undefined, enc: string | undefined): Encryption | undefined {
  return alg === undefined ? undefined : { alg, enc: enc ?? usualContentEncryption };
}

/** The client's key for this algorithm, from `jwks` or `jwks_uri`; asked for before anything is used up that it could fail. */
export async function recipientFor(client: Client, encryption: Encryption, clientKeys: ClientKeys): Promise<Recipient> {
  for (const refresh of [false, true]) {
    const { keys } = await clientKeys.find(client, refresh);
    const key = keys.find((one) => isFor(one, encryption.alg));
    if (key) return { ...encryption, key };
    if (client.jwks_uri === undefined) break;
  }
  throw new OAuthError('invalid_client', 'client_encryption_key_missing', { description: 'the client has no key to encrypt for' });
}

/** RFC 7517 §4.2, §4.4: a key for signatures, or for another algorithm, is none. */
function isFor(key: Record<string, unknown>, alg: string): boolean {
  const types = alg.startsWith('RSA') ? ['RSA'] : ['EC', 'OKP'];
  if (!types.includes(String(key['kty'])) || key['crv'] === 'Ed25519' || key['crv'] === 'Ed448') return false;
  if (key['use'] !== undefined && key['use'] !== 'enc') return false;
  return key['alg'] === undefined || key['alg'] === alg;
}

/** A compact JWE (RFC 7516 §3.1); `cty` is `JWT` where what is inside is one (RFC 7519 §5.2). */
export async function encrypt(content: string, { alg, enc, key }: Recipient, cty?: 'JWT'): Promise<string> {
  // What the key is allowed to do is judged above, by `use`; key_ops of a public key say the same in other words.
  const { key_ops: _, use: __, ...members } = key;
  const header = { alg, enc, ...(typeof key['kid'] === 'string' && { kid: key['kid'] }), ...(cty && { cty }) };
  try {
    return await new CompactEncrypt(new TextEncoder().encode(content)).setProtectedHeader(header).encrypt(members as JWK); // jose judges it
  } catch (cause) {
    throw new OAuthError('invalid_client', 'client_encryption_key_missing', { description: 'the key of the client is not usable', cause });
  }
}

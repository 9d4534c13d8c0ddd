import { invalidMetadata, type Metadata, present } from './metadata.ts';

/**
 * How content keys reach the other side (RFC 7518 §4): by a public key alone. Not RSA1_5 and RSA-OAEP (RFC 8725 §3.2), not
 * the symmetric ones, whose key would be the client secret: kept is its HMAC.
 */
export const encryptionAlgorithms = ['RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A256KW'] as const;

/** RFC 7518 §5. */
export const contentEncryptionAlgorithms = ['A128GCM', 'A256GCM', 'A128CBC-HS256', 'A256CBC-HS512'] as const;

/** What is encrypted for the client: the name before `_encrypted_response_alg` and `_enc`. */
const responses = ['id_token', 'userinfo', 'introspection'] as const;

export type EncryptionMetadata = ReturnType<typeof readEncryption>;

/** Answers that are encrypted for the client (OpenID Connect Registration §2, RFC 9701 §6). */
export function readEncryption(metadata: Metadata) {
  const [id_token, userinfo, introspection] = responses.map((response) => readPair(metadata, `${response}_encrypted_response`));
  return present({
    id_token_encrypted_response_alg: id_token?.alg,
    id_token_encrypted_response_enc: id_token?.enc,
    userinfo_encrypted_response_alg: userinfo?.alg,
    userinfo_encrypted_response_enc: userinfo?.enc,
    introspection_encrypted_response_alg: introspection?.alg,
    introspection_encrypted_response_enc: introspection?.enc,
  });
}

/** `enc` is A128CBC-HS256 where `alg` is alone, and an error where `alg` is missing. */
export function readPair(metadata: Metadata, name: string) {
  const alg = metadata.optionalChoice(`${name}_alg`, encryptionAlgorithms);
  const enc = metadata.optionalChoice(`${name}_enc`, contentEncryptionAlgorithms);
  if (alg === undefined && enc !== undefined) throw invalidMetadata(`${name}_enc needs ${name}_alg`);
  return alg === undefined ? {} : { alg, enc: enc ?? 'A128CBC-HS256' };
}

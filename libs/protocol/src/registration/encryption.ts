import { contentEncryptionAlgorithms, encryptionAlgorithms } from '../encryption/algorithms.ts';
import { invalidMetadata, type Metadata, present } from './metadata.ts';

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

import { isObject } from '../primitives/jwt.ts';
import { isText } from '../primitives/parameters.ts';
import type { EncryptionMetadata } from './encryption.ts';
import { invalidMetadata, type Metadata } from './metadata.ts';

/** Members of a JWK that are secret (RFC 7518 §6): a client that sends one has lost its key. */
const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

const publicTypes: Record<string, readonly string[]> = { RSA: ['n', 'e'], EC: ['crv', 'x', 'y'], OKP: ['crv', 'x'] };

/** Methods that are checked against the client's keys (RFC 7523 §3, RFC 8705 §2.2.2). */
const methodsWithKeys: readonly string[] = ['private_key_jwt', 'self_signed_tls_client_auth'];

/** `jwks` or `jwks_uri`, never both (RFC 7591 §2); needed where the client signs, and where something is encrypted for it. */
export function readKeys(metadata: Metadata, method: string, encryption: EncryptionMetadata) {
  const jwks = metadata.object('jwks');
  const jwks_uri = metadata.webAddress('jwks_uri');
  if (jwks && jwks_uri !== undefined) throw invalidMetadata('jwks and jwks_uri are both given');
  const hasKeys = jwks !== undefined || jwks_uri !== undefined;
  if (methodsWithKeys.includes(method) && !hasKeys) throw invalidMetadata(`${method} needs jwks or jwks_uri`);
  const [encrypted] = Object.keys(encryption);
  if (encrypted !== undefined && !hasKeys) throw invalidMetadata(`${encrypted} needs jwks or jwks_uri`);
  if (jwks_uri !== undefined && !jwks_uri.startsWith('https://')) throw invalidMetadata('jwks_uri is not https');
  const keys = jwks && readKeySet(jwks);
  if (keys) assertEncryptionKeys(keys, encryption);
  return {
    ...(keys && { jwks: { keys } }),
    ...(jwks_uri === undefined ? undefined : { jwks_uri }),
  };
}

/** A key that fits each algorithm, and is not for signatures alone (RFC 7517 §4.2). */
function assertEncryptionKeys(keys: readonly Record<string, unknown>[], encryption: EncryptionMetadata): void {
  for (const [name, alg] of Object.entries(encryption)) {
    if (!name.endsWith('_alg')) continue;
    const types = alg.startsWith('RSA') ? ['RSA'] : ['EC', 'OKP'];
    const fits = keys.some(({ kty, use }) => types.includes(String(kty)) && use !== 'sig');
    if (!fits) throw invalidMetadata(`jwks has no key for ${name} ${alg}`);
  }
}

/** The keys of a JWK Set: public, and complete. */
export function readKeySet({ keys }: Record<string, unknown>): readonly Record<string, unknown>[] {
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > 20) throw invalidMetadata('jwks is not a JWK Set of 1 to 20 keys');
  return keys.map((key: unknown) => {
    if (!isObject(key)) throw invalidMetadata('a key of jwks is not a JSON object');
    if (secretMembers.some((member) => Object.hasOwn(key, member))) throw invalidMetadata('a key of jwks is not a public key');
    const members = typeof key['kty'] === 'string' ? publicTypes[key['kty']] : undefined;
    if (!members?.every((member) => typeof key[member] === 'string'))
      throw invalidMetadata('a key of jwks is not a complete RSA, EC or OKP key');
    return plainMembers(key);
  });
}

/** Members of a JWK are texts and lists of texts (RFC 7517 §4); others are not kept, nor what no store would take. */
function plainMembers(key: Record<string, unknown>): Record<string, unknown> {
  const plain = Object.entries(key).filter(([, value]) => [value].flat().every((one) => typeof one === 'string'));
  const texts = plain.flatMap(([name, value]) => [name, ...[value].flat()]);
  if (!texts.every((one) => typeof one === 'string' && isText(one))) {
    throw invalidMetadata('a key of jwks holds characters that are not allowed');
  }
  return Object.fromEntries(plain);
}

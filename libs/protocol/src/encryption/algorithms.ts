/**
 * How content keys reach the other side (RFC 7518 §4): by a public key alone. Not RSA1_5 and RSA-OAEP (RFC 8725 §3.2), not
 * the symmetric ones, whose key would be the client secret: kept is its HMAC. Discovery lists them.
 */
export const encryptionAlgorithms = ['RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A256KW'] as const;

/** RFC 7518 §5. Discovery lists them. */
export const contentEncryptionAlgorithms = ['A128GCM', 'A256GCM', 'A128CBC-HS256', 'A256CBC-HS512'] as const;

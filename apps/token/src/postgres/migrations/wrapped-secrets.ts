/** `wrapped`: a secret that assertions are verified with (client_secret_jwt), under the sealing key `key_id`. */
export const wrappedSecrets: readonly string[] = [
  `ALTER TABLE client_secrets DROP CONSTRAINT client_secrets_kind_check,
     ADD CONSTRAINT client_secrets_kind_check CHECK (kind IN ('hmac', 'argon2id', 'wrapped'))`,
];

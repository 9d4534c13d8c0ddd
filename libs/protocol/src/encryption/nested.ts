import type { Client } from '../model/client.ts';
import type { ProtocolPorts } from '../ports.ts';
import { type Encryption, encrypt, encryptionOf, type Recipient, recipientFor } from './encrypt.ts';

export type EncryptPorts = Pick<ProtocolPorts, 'clientKeys'>;

/** What this server encrypts for clients: the name before `_encrypted_response_alg` and `_enc`. */
type Answer = 'id_token' | 'userinfo' | 'introspection';

/** What the client registered for one kind of answer; undefined: it goes as it is. */
export function encryptionFor(client: Client, answer: Answer): Encryption | undefined {
  return encryptionOf(client[`${answer}_encrypted_response_alg`], client[`${answer}_encrypted_response_enc`]);
}

/**
 * The recipient of the client's ID Tokens, asked for before a code is used up; undefined where they are signed only. No
 * promise then, so that nothing that is not encrypted waits for this.
 */
export function idTokenRecipient(client: Client, { clientKeys }: EncryptPorts): Promise<Recipient> | undefined {
  const encryption = encryptionFor(client, 'id_token');
  return encryption && recipientFor(client, encryption, clientKeys);
}

/** A JWT that was signed, encrypted for its client (OpenID Connect Core §16.14: in this order). */
export function nest(jwt: string, recipient: Recipient): Promise<string> {
  return encrypt(jwt, recipient, 'JWT');
}

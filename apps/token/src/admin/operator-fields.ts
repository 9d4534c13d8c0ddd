import type { Client as ClientMessage } from '@authority/contracts/admin';
import { fieldInvalid } from '@authority/listing';
import { type Client, type Profile, profiles, type TokenExchangePolicy } from '@authority/protocol';

/* What only an operator says of a client, beyond its resources: read from the message, and shown in it. */

export function profileOf(word: string, field: string): Profile | undefined {
  if (word === '') return undefined;
  const profile = profiles.find((one) => one === word);
  if (profile === undefined) throw fieldInvalid(field, `must be empty or one of ${profiles.join(', ')}`);
  return profile;
}

export function accessTokenFormatOf({ access_token_format: word }: ClientMessage): Pick<Client, 'accessTokenFormat'> {
  if (word === '') return {};
  if (word === 'jwt' || word === 'opaque') return { accessTokenFormat: word };
  throw fieldInvalid('client.access_token_format', 'must be empty, jwt or opaque');
}

/** RFC 8693: none unless it is said whose tokens. */
export function tokenExchangeOf(message: ClientMessage): Pick<Client, 'tokenExchange'> {
  const { token_exchange_subjects: subjects, token_exchange_audiences: audiences } = message;
  const impersonation = message.token_exchange_impersonation;
  const delegation = message.token_exchange_delegation;
  if (subjects === '') {
    if (!impersonation && !delegation && audiences.length === 0) return {};
    throw fieldInvalid('client.token_exchange_subjects', 'must be own or any where something else is said of token exchange');
  }
  if (subjects !== 'own' && subjects !== 'any') throw fieldInvalid('client.token_exchange_subjects', 'must be empty, own or any');
  for (const [at, audience] of audiences.entries()) {
    if (audience === '' || audience.length > 1024)
      throw fieldInvalid(`client.token_exchange_audiences[${at}]`, 'must have 1 to 1024 characters');
  }
  return { tokenExchange: { subjects, impersonation, delegation, audiences } };
}

export function tokenExchangeMessage(policy: TokenExchangePolicy): Partial<ClientMessage> {
  return {
    token_exchange_subjects: policy.subjects,
    token_exchange_impersonation: policy.impersonation,
    token_exchange_delegation: policy.delegation,
    token_exchange_audiences: [...policy.audiences],
  };
}

/** Whose pages may call for the client, and whose assertions it may bring. */
export function trustOf({ allowed_origins, jwt_bearer_issuers }: ClientMessage): Pick<Client, 'allowedOrigins' | 'jwtBearerIssuers'> {
  for (const [at, origin] of allowed_origins.entries()) {
    const isOrigin = URL.canParse(origin) && /^https?:/.test(origin) && new URL(origin).origin === origin;
    if (!isOrigin)
      throw fieldInvalid(`client.allowed_origins[${at}]`, 'must be an origin: https://host, with the port where it is not 443');
  }
  for (const [at, issuer] of jwt_bearer_issuers.entries()) {
    if (issuer === '' || issuer.length > 1024) throw fieldInvalid(`client.jwt_bearer_issuers[${at}]`, 'must have 1 to 1024 characters');
  }
  return {
    ...(allowed_origins.length > 0 && { allowedOrigins: allowed_origins }),
    ...(jwt_bearer_issuers.length > 0 && { jwtBearerIssuers: jwt_bearer_issuers }),
  };
}

import type { Schema } from './operation.ts';

const text: Schema = { type: 'string' };
const texts: Schema = { type: 'array', items: text };
const uri: Schema = { type: 'string', pattern: '^https?://' };
const flag: Schema = { type: 'boolean' };
/** RFC 6749 appendix A: %x20-21 / %x23-5B / %x5D-7E. */
const quotable = '^[\\x20\\x21\\x23-\\x5b\\x5d-\\x7e]*$';

/** `components.schemas`. Where the protocol lets clients add to an object, so does its schema. */
export const schemas: Readonly<Record<string, Schema>> = {
  Error: {
    description: 'RFC 6749 §5.2.',
    type: 'object',
    required: ['error'],
    properties: { error: { ...text, pattern: '^[a-z_]+$' }, error_description: { ...text, pattern: quotable } },
    additionalProperties: false,
  },
  TokenResponse: {
    description: 'RFC 6749 §5.1, OpenID Connect Core §3.1.3.3, RFC 8693 §2.2.1.',
    type: 'object',
    required: ['access_token', 'token_type', 'expires_in'],
    properties: {
      access_token: text,
      token_type: { enum: ['Bearer', 'DPoP', 'N_A'] },
      expires_in: { type: 'integer', minimum: 0 },
      refresh_token: text,
      scope: text,
      id_token: text,
      issued_token_type: text,
    },
    additionalProperties: false,
  },
  PushedAuthorizationResponse: {
    description: 'RFC 9126 §2.2.',
    type: 'object',
    required: ['request_uri', 'expires_in'],
    properties: { request_uri: { ...text, pattern: '^urn:ietf:params:oauth:request_uri:' }, expires_in: { type: 'integer', minimum: 1 } },
    additionalProperties: false,
  },
  DeviceAuthorizationResponse: {
    description: 'RFC 8628 §3.2.',
    type: 'object',
    required: ['device_code', 'user_code', 'verification_uri', 'expires_in'],
    properties: {
      device_code: text,
      user_code: text,
      verification_uri: uri,
      verification_uri_complete: uri,
      expires_in: { type: 'integer', minimum: 1 },
      interval: { type: 'integer', minimum: 1 },
    },
  },
  IntrospectionResponse: {
    description: 'RFC 7662 §2.2. Of a token that is not active, and of one that is not for the caller, nothing else is said.',
    type: 'object',
    required: ['active'],
    properties: { active: flag, scope: text, client_id: text, sub: text, iss: uri, exp: { type: 'integer' }, iat: { type: 'integer' } },
    if: { properties: { active: { const: false } } },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { maxProperties: 1 },
    else: { required: ['client_id', 'exp', 'iss', 'sub'] },
  },
  UserInfo: {
    description: 'OpenID Connect Core §5.3.2: the claims of the granted scopes, and those asked for by name.',
    type: 'object',
    required: ['sub'],
    properties: { sub: text, name: text, email: text, email_verified: flag },
  },
  JwkSet: {
    description: 'RFC 7517 §5.',
    type: 'object',
    required: ['keys'],
    properties: { keys: { type: 'array', items: { type: 'object', required: ['kty', 'kid', 'use'], not: { required: ['d'] } } } },
  },
  ServerMetadata: {
    description: 'OpenID Connect Discovery §3, RFC 8414 §2.',
    type: 'object',
    required: [
      ...['issuer', 'authorization_endpoint', 'token_endpoint', 'jwks_uri', 'response_types_supported', 'subject_types_supported'],
      'id_token_signing_alg_values_supported',
    ],
    properties: { issuer: uri, authorization_endpoint: uri, token_endpoint: uri, jwks_uri: uri, response_types_supported: texts },
    patternProperties: { _endpoint$: uri, _supported$: { type: ['array', 'boolean'] } },
  },
  ClientMetadata: {
    description: 'RFC 7591 §2, OpenID Connect Registration §2.',
    type: 'object',
    properties: {
      client_name: text,
      redirect_uris: texts,
      grant_types: texts,
      response_types: texts,
      token_endpoint_auth_method: text,
      scope: text,
      jwks: { type: 'object' },
      jwks_uri: uri,
      post_logout_redirect_uris: texts,
      backchannel_logout_uri: uri,
      frontchannel_logout_uri: uri,
    },
  },
  ClientInformation: {
    description: 'RFC 7591 §3.2.1, RFC 7592 §3.',
    allOf: [{ $ref: '#/components/schemas/ClientMetadata' }],
    type: 'object',
    required: ['client_id'],
    properties: {
      client_id: text,
      client_secret: text,
      client_secret_expires_at: { type: 'integer' },
      client_id_issued_at: { type: 'integer' },
      registration_access_token: text,
      registration_client_uri: uri,
    },
  },
};

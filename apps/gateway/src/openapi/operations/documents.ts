import { empty, json, type Operation, type Operations, ref, refused, type Response, unauthenticated, unchanged } from '../operation.ts';

const of = (operationId: string, summary: string, description: string, type: string, schema: object): Operation => ({
  ...{ tags: ['Documents'], operationId, summary, description },
  responses: { 200: { description: 'The document.', content: { [type]: { schema: { ...schema } } } }, 304: unchanged },
});

const tags = ['Registration'];
const parameters = [{ name: 'client_id', in: 'path', required: true, schema: { type: 'string' } }];
const metadata = { required: true, content: { 'application/json': { schema: ref('ClientMetadata') } } };
const information = (description: string): Response => json(description, 'ClientInformation');
const managed = { tags, parameters, security: [{ registrationAccessToken: [] }] };

/** What everybody may read. */
export const documentOperations: Operations = {
  'GET /.well-known/openid-configuration': of(
    ...(['openidConfiguration', 'What this server can do', 'OpenID Connect Discovery §4.', 'application/json'] as const),
    ref('ServerMetadata'),
  ),
  'GET /.well-known/oauth-authorization-server': of(
    ...(['serverMetadata', 'The same', 'RFC 8414 §3.', 'application/json'] as const),
    ref('ServerMetadata'),
  ),
  'GET /.well-known/jwks.json': of('keys', 'The public keys', 'RFC 7517 §5.', 'application/jwk-set+json', ref('JwkSet')),
  'GET /.well-known/revocations': of(
    ...(['revocations', 'What has been revoked', 'A signed list, for whoever verifies access tokens without asking.'] as const),
    'application/jwt',
    { type: 'string' },
  ),
  'GET /.well-known/revocations/recent': of(
    ...(['recentRevocations', 'What has been revoked of late', 'The same of the last two minutes, for whoever asks often.'] as const),
    'application/jwt',
    { type: 'string' },
  ),
  'GET /openapi.json': of('openApi', 'This description', 'OpenAPI 3.1.', 'application/json', {
    type: 'object',
    required: ['openapi', 'info', 'paths'],
  }),
};

/** RFC 7591, RFC 7592. */
export const registrationOperations: Operations = {
  'POST /oauth2/register': {
    ...{ tags, operationId: 'register', summary: 'Registers a client', security: [{ initialAccessToken: [] }, {}] },
    description: 'RFC 7591 §3.1. Whether an initial access token is needed is the operator’s decision.',
    requestBody: metadata,
    responses: { 201: information('The client as it was registered.'), 400: refused, 401: unauthenticated },
  },
  'GET /oauth2/register/:client_id': {
    ...{ ...managed, operationId: 'readRegistration', summary: 'The registration', description: 'RFC 7592 §2.1.' },
    responses: { 200: information('The client.'), 401: unauthenticated },
  },
  'PUT /oauth2/register/:client_id': {
    ...{ ...managed, operationId: 'updateRegistration', summary: 'Replaces the registration', description: 'RFC 7592 §2.2.' },
    requestBody: metadata,
    responses: { 200: information('The client.'), 400: refused, 401: unauthenticated },
  },
  'DELETE /oauth2/register/:client_id': {
    ...{ ...managed, operationId: 'deleteRegistration', summary: 'Ends the client', description: 'RFC 7592 §2.3.' },
    responses: { 204: empty('It is gone, with all its grants.'), 401: unauthenticated },
  },
};

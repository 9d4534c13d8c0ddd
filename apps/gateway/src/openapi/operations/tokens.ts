import { clientParameters, clientSecurity, empty, form, json, type Operations, ref, refused, unauthenticated } from '../operation.ts';

const tags = ['Tokens'];
const bearer = [{ accessToken: [] }];

const userInfo = {
  tags,
  summary: 'The claims of a person',
  description: 'OpenID Connect Core §5.3. The token has the scope openid, and this server as an audience.',
  security: bearer,
  responses: {
    200: {
      ...json('The claims; a JWT where the client registered for it.', 'UserInfo'),
      content: { 'application/json': { schema: ref('UserInfo') }, 'application/jwt': { schema: { type: 'string' } } },
    },
    401: unauthenticated,
    403: json('The token lacks the scope openid.', 'Error'),
  },
} as const;

/** What is done with tokens. */
export const tokenOperations: Operations = {
  'POST /oauth2/token': {
    ...{ tags, operationId: 'token', summary: 'Tokens for a grant', security: clientSecurity },
    description: 'RFC 6749 §3.2; the grant types are in the metadata.',
    requestBody: form(
      ['grant_type'],
      {
        grant_type: 'authorization_code, refresh_token, client_credentials, …',
        code: 'The authorization code.',
        redirect_uri: 'As in the authorization request.',
        code_verifier: 'RFC 7636 §4.5.',
        refresh_token: 'RFC 6749 §6.',
        scope: 'The scope, or a narrower one.',
        resource: 'RFC 8707 §2.2.',
        device_code: 'RFC 8628 §3.4.',
        ...clientParameters,
      },
      ['resource'],
    ),
    responses: { 200: json('The tokens (RFC 6749 §5.1).', 'TokenResponse'), 400: refused, 401: unauthenticated },
  },
  'POST /oauth2/introspect': {
    ...{ tags, operationId: 'introspect', summary: 'Whether a token is active', security: clientSecurity },
    description:
      'RFC 7662 §2, for confidential clients: resource servers, and clients about their own tokens. With `Accept: application/token-introspection+jwt` the answer is signed (RFC 9701).',
    requestBody: form(['token'], { token: 'The token.', token_type_hint: 'Not needed.', ...clientParameters }),
    responses: {
      200: {
        ...json('What is known of the token.', 'IntrospectionResponse'),
        content: {
          'application/json': { schema: ref('IntrospectionResponse') },
          'application/token-introspection+jwt': { schema: { type: 'string' } },
        },
      },
      400: refused,
      401: unauthenticated,
    },
  },
  'POST /oauth2/revoke': {
    ...{ tags, operationId: 'revoke', summary: 'Ends a token', security: clientSecurity },
    description: 'RFC 7009 §2. With a refresh token everything of its grant ends.',
    requestBody: form(['token'], { token: 'The token.', token_type_hint: 'Not needed.', ...clientParameters }),
    responses: { 200: empty('It has ended, or was none (RFC 7009 §2.2).'), 400: refused, 401: unauthenticated },
  },
  'GET /oauth2/userinfo': { operationId: 'userInfo', ...userInfo },
  'POST /oauth2/userinfo': {
    ...userInfo,
    operationId: 'userInfoByPost',
    requestBody: { ...form([], { access_token: 'RFC 6750 §2.2, instead of the header.' }), required: false },
    responses: { ...userInfo.responses, 400: { ...refused, headers: { 'WWW-Authenticate': { schema: { type: 'string' } } } } },
  },
};

import {
  clientParameters,
  clientSecurity,
  form,
  json,
  type Operations,
  page,
  query,
  refused,
  seeOther,
  unauthenticated,
} from '../operation.ts';

const tags = ['Authorization'];

/** RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1. */
const request = {
  client_id: 'The client.',
  response_type: 'What the answer brings; see the metadata.',
  redirect_uri: 'Where the answer goes; registered, compared exactly.',
  scope: 'What is asked, by spaces.',
  state: 'Comes back as it was.',
  response_mode: 'How the answer travels.',
  nonce: 'Comes back in the ID Token.',
  prompt: 'none, login, consent, select_account, create.',
  max_age: 'How old a sign-in may be, in seconds.',
  acr_values: 'Authentication classes, preferred first.',
  login_hint: 'Whom the sign-in page begins with.',
  id_token_hint: 'Who should be signed in.',
  ui_locales: 'Languages, preferred first.',
  claims: 'OpenID Connect Core §5.5.',
  code_challenge: 'RFC 7636 §4.3.',
  code_challenge_method: 'S256.',
  resource: 'RFC 8707 §2.1.',
  request: 'A request object (RFC 9101).',
  request_uri: 'One that was pushed (RFC 9126 §4), or registered.',
  dpop_jkt: 'RFC 9449 §10.',
} as const;

const logout = {
  id_token_hint: 'An ID Token of the session; without it the person is asked.',
  client_id: 'The client, where there is no hint.',
  post_logout_redirect_uri: 'Where the browser goes; registered, compared exactly.',
  state: 'Goes along.',
  logout_hint: 'Is not used.',
  ui_locales: 'Languages, preferred first.',
} as const;

const authorize = {
  tags,
  summary: 'Asks a person for an authorization',
  description: 'RFC 6749 §3.1, OpenID Connect Core §3.1.2. For browsers.',
  responses: {
    200: page('The answer, as a form that goes to the client (Form Post).'),
    303: seeOther('On to a page of ours, or with the answer to the client.'),
    400: page('Client or redirect URI are wrong: the person is told, and goes nowhere (RFC 6749 §4.1.2.1).'),
  },
} as const;

const endSession = {
  tags: ['Sign-out'],
  summary: 'Signs a person out',
  description: 'OpenID Connect RP-Initiated Logout §2. For browsers.',
  responses: {
    200: page('The person is asked, or signed out.'),
    303: seeOther('On to post_logout_redirect_uri.'),
    400: page('The address is not registered, or the request is malformed.'),
  },
} as const;

/** Where a grant begins, and where a session ends. */
export const authorizationOperations: Operations = {
  'GET /oauth2/authorize': { ...authorize, operationId: 'authorize', parameters: query(['client_id'], request) },
  'POST /oauth2/authorize': { ...authorize, operationId: 'authorizeByPost', requestBody: form(['client_id'], request, ['resource']) },
  'POST /oauth2/par': {
    ...{ tags, operationId: 'pushAuthorizationRequest', summary: 'Leaves an authorization request here', security: clientSecurity },
    description: 'RFC 9126 §2.1.',
    requestBody: form([], { ...request, ...clientParameters }, ['resource']),
    responses: { 201: json('What to begin it with.', 'PushedAuthorizationResponse'), 400: refused, 401: unauthenticated },
  },
  'POST /oauth2/device_authorization': {
    ...{ tags, operationId: 'authorizeDevice', summary: 'Codes for a device without a browser', security: clientSecurity },
    description: 'RFC 8628 §3.1.',
    requestBody: form([], { scope: request.scope, resource: request.resource, ...clientParameters }, ['resource']),
    responses: { 200: json('The codes.', 'DeviceAuthorizationResponse'), 400: refused, 401: unauthenticated },
  },
  'GET /oauth2/logout': { ...endSession, operationId: 'endSession', parameters: query([], logout) },
  'POST /oauth2/logout': { ...endSession, operationId: 'endSessionByPost', requestBody: { ...form([], logout), required: false } },
  'GET /oauth2/check-session': {
    ...{ tags: ['Sign-out'], operationId: 'checkSession', summary: 'The frame that pages ask whether a session changed' },
    description: 'OpenID Connect Session Management §4.2; off unless an operator wants it.',
    responses: { 200: page('The frame.'), 404: json('It is off.', 'Error') },
  },
};

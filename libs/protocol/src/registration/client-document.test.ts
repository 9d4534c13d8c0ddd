import { createPublicKey } from 'node:crypto';
import {
  answerOf,
  authorizationRequest,
  authorize,
  browser,
  exchange,
  pageOf,
  parametersOf,
  protocolFakes,
  redirect_uri,
  signIn,
  testKeys,
  verifier,
} from '@authority/testing/protocol';
import fc from 'fast-check';
import { OAuthError } from '@authority/errors';
import { expect, test } from 'vitest';
import { documentAddressFault, isDocumentAddress } from '../primitives/document-address.ts';
import { clientOfDocument } from './client-document.ts';

const client_id = 'https://mcp.example.test/client.json';
const terms = { scopes: [], openScopes: [], profile: undefined };
const publicKey = createPublicKey({ key: { ...testKeys.clientES256 }, format: 'jwk' }).export({ format: 'jwk' });
const document = (changes: object = {}): object => ({
  client_id,
  client_name: 'Editor',
  redirect_uris: [redirect_uri],
  token_endpoint_auth_method: 'none',
  ...changes,
});

test.each([
  'https://example.test',
  'https://example.test/',
  'https://example.test/a/../b',
  'https://example.test/a/./b',
  'https://example.test/%2e%2e/b',
  'https://example.test/a#b',
  'https://user@example.test/a',
  'https://user:pass@example.test/a',
  'https://EXAMPLE.test/a',
  'https://example.test./a',
  'https://example.test/a?b',
  'https://example.test\\a',
  'https://2130706433/a',
  `https://example.test/${'a'.repeat(512)}`,
])('Client ID Metadata Document §3: %s is no address of a client', (address) => {
  expect(documentAddressFault(address)).toBeDefined();
});

test('Client ID Metadata Document §3: https with a path, a port allowed; nothing else is taken for an address', () => {
  expect(documentAddressFault(client_id)).toBeUndefined();
  expect(documentAddressFault('https://example.test:8443/a/b')).toBeUndefined();
  for (const id of ['c_abc', 'http://example.test/a', 'HTTPS://example.test/a']) expect(isDocumentAddress(id)).toBe(false);
});

test('Client ID Metadata Document §4: the document makes a client, without anything that only an operator says', () => {
  expect(clientOfDocument(client_id, document({ operator: true, consentSkipped: true, disabled: true }), terms)).toMatchObject({
    client_id,
    client_name: 'Editor',
    redirect_uris: [redirect_uri],
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code'],
    response_types: ['code'],
    ...{ operator: false, consentSkipped: false, disabled: false, pkceOptional: false, allowedResources: [] },
  });
  const signing = { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [publicKey] } };
  expect(clientOfDocument(client_id, document(signing), terms)).toMatchObject(signing);
});

test.each<[string, unknown]>([
  ['a list', []],
  ['another client_id', document({ client_id: 'https://mcp.example.test/other.json' })],
  ['no client_id', document({ client_id: undefined })],
  ['the client_id in another spelling', document({ client_id: 'https://mcp.example.test:443/client.json' })],
  ['a client_secret', document({ client_secret: 'x' })],
  ['client_secret_expires_at', document({ client_secret_expires_at: 0 })],
  ['client_secret_basic', document({ token_endpoint_auth_method: 'client_secret_basic' })],
  ['client_secret_post', document({ token_endpoint_auth_method: 'client_secret_post' })],
  ['client_secret_jwt', document({ token_endpoint_auth_method: 'client_secret_jwt' })],
  ['private_key_jwt without keys', document({ token_endpoint_auth_method: 'private_key_jwt' })],
  ['no redirect URI', document({ redirect_uris: [] })],
  ['a redirect URI that runs', document({ redirect_uris: ['javascript:alert(1)'] })],
  ['no PKCE', document({ require_pkce: false })],
  ['nothing but a grant without people', document({ grant_types: ['client_credentials'] })],
])('Client ID Metadata Document §4: a document with %s is refused', (_what, value) => {
  expect(() => clientOfDocument(client_id, value, terms)).toThrow(
    expect.objectContaining({ error: 'invalid_client', reason: 'client_document_invalid' }),
  );
});

test('Client ID Metadata Document §4: what is for other servers, and what would send requests from here, is passed over', () => {
  const made = clientOfDocument(
    client_id,
    document({
      ...{ grant_types: ['authorization_code', 'refresh_token', 'password', 'urn:other'], response_types: ['code', 'token'] },
      ...{ scope: 'openid mcp:tools authority.admin', backchannel_logout_uri: 'https://victim.example.test/x' },
      request_uris: ['https://victim.example.test/r'],
    }),
    { ...terms, scopes: ['openid', 'mcp:tools'] },
  );
  expect(made).toMatchObject({
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    scopes: ['openid', 'mcp:tools'],
  });
  for (const name of ['backchannel_logout_uri', 'request_uris']) expect(made).not.toHaveProperty(name);
});

test('Client ID Metadata Document §4: a document without scope may ask for all that such clients may', () => {
  const made = clientOfDocument(client_id, document(), { ...terms, openScopes: ['mcp:tools', 'authority.admin'] });
  expect(made.scopes).toEqual(['openid', 'profile', 'email', 'address', 'phone', 'offline_access', 'mcp:tools']);
});

test('RFC 8252 §7.3: a document with a redirect to the device is a native application’s unless it says otherwise', () => {
  const uris = ['https://app.example.test/cb', 'http://127.0.0.1/cb'];
  expect(clientOfDocument(client_id, document({ redirect_uris: uris }), terms).application_type).toBe('native');
  expect(clientOfDocument(client_id, document(), terms).application_type).toBe('web');
});

test('Client ID Metadata Document §4: whatever JSON comes makes a client or is refused', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom('redirect_uris', 'grant_types', 'scope', 'jwks', '__proto__'), fc.jsonValue()), (more) => {
      try {
        clientOfDocument(client_id, { ...more, client_id }, terms);
      } catch (error) {
        expect(error).toBeInstanceOf(OAuthError);
      }
    }),
    { numRuns: 200 },
  );
});

test('Client ID Metadata Document §6.4: the person is asked every time, then the code is redeemed without a registration', async () => {
  const fakes = protocolFakes();
  fakes.clients.documents.set(client_id, clientOfDocument(client_id, document(), terms));
  const session = signIn(fakes);
  const begin = async () => {
    const begun = await authorize(fakes, { parameters: parametersOf(authorizationRequest({ client_id })), session });
    const page = pageOf(begun);
    expect(page.kind).toBe('consent');
    // Each step may come to a replica that has not seen the client.
    fakes.clients.all.delete(client_id);
    return authorize(fakes, { interaction: page.handle, browser, session, decision: 'allow' });
  };
  await begin();
  const { values } = answerOf(await begin());
  fakes.clients.all.delete(client_id);
  const form = { grant_type: 'authorization_code', code: values['code'], redirect_uri, client_id, code_verifier: verifier };
  await expect(exchange(fakes, form, '')).resolves.toMatchObject({ token_type: 'Bearer' });
});

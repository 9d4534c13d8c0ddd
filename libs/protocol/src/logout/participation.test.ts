import {
  answerOf,
  authorizationRequest,
  authorize,
  client,
  parametersOf,
  protocolFakes,
  secret,
  signIn,
} from '@authority/testing/protocol';
import { expect, test } from 'vitest';
import { responseTypeRegistry } from '../authorize/response-types.ts';

async function answered(response_type: string, changes = {}) {
  const fakes = protocolFakes();
  const response_types = responseTypeRegistry.map(({ name }) => name);
  fakes.clients.add(client({ response_types, grant_types: ['authorization_code', 'implicit'], consentSkipped: true, ...changes }), secret);
  const parameters = parametersOf(authorizationRequest({ response_type, nonce: 'n', scope: 'openid' }));
  answerOf(await authorize(fakes, { parameters, session: signIn(fakes) }));
  return [...fakes.sessionClients.all.values()].flatMap((ids) => [...ids]);
}

const listens = { backchannel_logout_uri: 'https://app.example.test/logout' };

test.each([
  ['code', []],
  ['code token', []],
  ['id_token', ['app']],
  ['code id_token', ['app']],
  ['id_token token', ['app']],
])('Back-Channel Logout §2.6: with %s the clients to be noted are %j: a code is found by its grant', async (response_type, noted) => {
  expect(await answered(response_type, listens)).toEqual(noted);
});

test('Back-Channel Logout §2.6: a client that wants to hear nothing leaves nothing', async () => {
  expect(await answered('id_token')).toEqual([]);
  expect(await answered('id_token', { frontchannel_logout_uri: 'https://app.example.test/frame' })).toEqual(['app']);
});

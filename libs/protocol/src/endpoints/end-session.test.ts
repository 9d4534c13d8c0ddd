import {
  client,
  obtainTokens,
  type Pairs,
  parametersOf,
  type ProtocolFakes,
  protocolFakes,
  secret,
  signIn,
} from '@authority/testing/protocol';
import { expect, test } from 'vitest';
import { createEndSessionEndpoint } from './end-session.ts';

const bye = 'https://app.example.test/bye';

function setup(): ProtocolFakes {
  const fakes = protocolFakes();
  fakes.clients.add(client(), secret);
  fakes.clients.add(client({ client_id: 'other', post_logout_redirect_uris: ['https://other.example.test/'] }), secret);
  return fakes;
}

function endSession(fakes: ProtocolFakes, pairs: Pairs, session = '', confirmed = false) {
  return createEndSessionEndpoint(fakes).endSession({ parameters: parametersOf(pairs), session, confirmed }, fakes.clock.now);
}

test('RP-Initiated Logout §2: nobody is kept from signing out because a client’s metadata cannot be had', async () => {
  const fakes = setup();
  const answer = await endSession(fakes, { client_id: 'https://gone.example.test/client.json' }, signIn(fakes));
  expect(answer).toMatchObject({ confirm: true, redirect_uri: '', signed_in: true });
});

test('RP-Initiated Logout §2: with an ID Token of this session nobody is asked', async () => {
  const fakes = setup();
  const session = signIn(fakes);
  const { id_token } = await obtainTokens(fakes, {}, session);
  fakes.clock.advance(4_000_000);
  const answer = await endSession(fakes, { id_token_hint: id_token, post_logout_redirect_uri: bye, state: 's' }, session);
  expect(answer).toEqual({
    confirm: false,
    redirect_uri: bye,
    parameters: [{ name: 'state', value: 's' }],
    client: expect.objectContaining({ client_id: 'app' }),
    signed_in: true,
    frontchannel_logout_uris: [],
  });
});

test('RP-Initiated Logout §2: the person is asked when the hint is absent, not ours or of another session', async () => {
  const fakes = setup();
  const session = signIn(fakes);
  const { id_token, access_token } = await obtainTokens(fakes, {}, session);
  const claims = JSON.parse(Buffer.from(id_token.split('.')[1] ?? '', 'base64url').toString());
  const elsewhere = fakes.signingKeys.sign('RS256', 'JWT', { ...claims, iss: 'https://other.example.test' });
  const ours = await obtainTokens(fakes, {}, signIn(fakes));
  for (const hint of [undefined, 'x', access_token, `${id_token}x`, elsewhere, ours.id_token]) {
    expect(await endSession(fakes, { id_token_hint: hint }, session)).toMatchObject({ confirm: true, signed_in: true });
    expect(await endSession(fakes, { id_token_hint: hint }, session, true)).toMatchObject({ confirm: false });
  }
});

test('RP-Initiated Logout §2: whoever is signed out already is not asked, and goes where the client wants', async () => {
  const fakes = setup();
  const { id_token } = await obtainTokens(fakes);
  const answer = await endSession(fakes, { id_token_hint: id_token, post_logout_redirect_uri: bye });
  expect(answer).toMatchObject({ confirm: false, signed_in: false, redirect_uri: bye, parameters: [] });
  const ended = signIn(fakes, { expiresAt: fakes.clock.now });
  expect(await endSession(fakes, {}, ended)).toMatchObject({ confirm: false, signed_in: false });
});

test.each([
  'https://evil.example.test/',
  `${bye}/`,
  `${bye}?x`,
  'https://other.example.test/',
  'https://app.example.test@evil.example.test/bye',
])('RP-Initiated Logout §3: the browser is not sent to %s', async (post_logout_redirect_uri) => {
  const refused = endSession(setup(), { client_id: 'app', post_logout_redirect_uri });
  await expect(refused).rejects.toMatchObject({ error: 'invalid_request', reason: 'post_logout_redirect_uri_foreign' });
});

test('RP-Initiated Logout §3: without a client there is no redirect', async () => {
  const fakes = setup();
  for (const pairs of [{}, { client_id: 'nobody' }, { id_token_hint: 'x' }]) {
    expect(await endSession(fakes, { ...pairs, post_logout_redirect_uri: bye, state: 's' })).toMatchObject({
      redirect_uri: '',
      parameters: [],
    });
  }
});

test('RP-Initiated Logout §2: client_id and the hint mean the same client', async () => {
  const fakes = setup();
  const { id_token } = await obtainTokens(fakes);
  const refused = endSession(fakes, { id_token_hint: id_token, client_id: 'other' });
  await expect(refused).rejects.toMatchObject({ error: 'invalid_request', reason: 'id_token_hint_invalid' });
  expect(await endSession(fakes, { id_token_hint: id_token, client_id: 'app', post_logout_redirect_uri: bye })).toMatchObject({
    redirect_uri: bye,
  });
});

test('RP-Initiated Logout §2: client_id alone allows the redirect, after the person was asked', async () => {
  const fakes = setup();
  const session = signIn(fakes);
  expect(await endSession(fakes, { client_id: 'app', post_logout_redirect_uri: bye }, session)).toMatchObject({
    confirm: true,
    redirect_uri: bye,
  });
});

test('RFC 6749 §3.1: a repeated parameter is refused at logout as well', async () => {
  const refused = endSession(setup(), { state: ['a', 'b'] });
  await expect(refused).rejects.toMatchObject({ error: 'invalid_request', reason: 'parameter_repeated' });
});

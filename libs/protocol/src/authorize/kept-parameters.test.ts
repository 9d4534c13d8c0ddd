import {
  answerOf,
  authorizationRequest,
  authorize,
  basic,
  client,
  endpointRequest,
  pageOf,
  type Pairs,
  parametersOf,
  protocolFakes,
  secret,
  signIn,
  testIssuer,
} from '@authority/testing/protocol';
import { expect, test } from 'vitest';
import { createPushedAuthorizationEndpoint } from '../endpoints/pushed-authorization.ts';

function setup() {
  const fakes = protocolFakes();
  fakes.clients.add(client({ consentSkipped: true }), secret);
  return fakes;
}

const junk: Pairs = { utm_source: 'x'.repeat(60_000), csrf_token: 'x' };
/** All that is meaningless alone but counts in a request. */
const known: Pairs = {
  ...{ scope: 'openid', nonce: 'n', max_age: '60', login_hint: 'ada', ui_locales: 'de', acr_values: 'a', prompt: 'login' },
  ...{ claims: '{"userinfo":{"email":null}}', response_mode: 'form_post', dpop_jkt: 'A'.repeat(43), resource: testIssuer },
};

test('RFC 6749 §3.1: of a request that waits for a person only what this server knows is kept', async () => {
  const fakes = setup();
  const { handle } = pageOf(await authorize(fakes, { parameters: parametersOf(authorizationRequest({ ...known, ...junk })) }));
  const kept = (await fakes.authorizationRequests.find(handle))?.parameters;
  expect(kept).toEqual(parametersOf(authorizationRequest(known)));
});

test('RFC 9126 §2.1: so is that of a pushed request', async () => {
  const fakes = setup();
  const asked = endpointRequest(authorizationRequest({ ...known, ...junk }), basic('app', secret));
  const { request_uri } = await createPushedAuthorizationEndpoint(fakes).push(asked, fakes.clock.now);
  const kept = await fakes.pushedRequests.find(request_uri.split(':').at(-1) ?? '');
  expect(kept?.request.parameters).toEqual(parametersOf(authorizationRequest(known)));
});

test('house.md: a request that is longer than any is not kept, whoever sends it; one that needs no page is answered', async () => {
  const fakes = setup();
  const long = parametersOf(authorizationRequest({ state: 's'.repeat(17_000) }));
  for (const cross_site of [true, false]) {
    const { values } = answerOf(await authorize(fakes, { parameters: long, cross_site }));
    expect(values).toMatchObject({ error: 'invalid_request', error_description: 'the request is too long' });
  }
  expect(answerOf(await authorize(fakes, { parameters: long, session: signIn(fakes) })).values).toMatchObject({ code: 'code-1' });
});

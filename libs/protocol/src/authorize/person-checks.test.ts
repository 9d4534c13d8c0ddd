import {
  answerOf,
  authorizationRequest,
  authorize,
  claimsOf,
  client,
  codeRequest,
  exchange,
  type Pairs,
  pageOf,
  parametersOf,
  type ProtocolFakes,
  protocolFakes,
  secret,
  signIn,
} from '@authority/testing/protocol';
import { expect, test } from 'vitest';

/** Consent is not what these are about. */
function setup(changes = {}): ProtocolFakes {
  const fakes = protocolFakes();
  fakes.clients.add(client({ consentSkipped: true, ...changes }), secret);
  return fakes;
}

const request = (fakes: ProtocolFakes, changes: Pairs, session = '') =>
  authorize(fakes, { parameters: parametersOf(authorizationRequest(changes)), session });

/** The person signs in on the page, a second later. */
async function answerPage(fakes: ProtocolFakes, handle: string, changes = {}) {
  fakes.clock.advance(1000);
  return authorize(fakes, { interaction: handle, session: signIn(fakes, changes) });
}

test('OpenID Connect Core §3.1.2.6: prompt=none never shows a page', async () => {
  const fakes = setup();
  const old = signIn(fakes, { authTimeMs: fakes.clock.now - 100_000 });
  const told = async (changes: Pairs, session = '') => answerOf(await request(fakes, { prompt: 'none', ...changes }, session)).values;
  expect(await told({})).toMatchObject({ error: 'login_required', state: 'the state' });
  expect(await told({ max_age: '10' }, old)).toMatchObject({ error: 'login_required' });
  expect(await told({ max_age: '0' }, old)).toMatchObject({ error: 'login_required' });
  expect(await told({}, old)).toHaveProperty('code');
  fakes.clients.add(client(), secret);
  expect(await told({}, old)).toMatchObject({ error: 'consent_required' });
  expect(fakes.authorizationRequests.pending.size).toBe(0);
});

test('OpenID Connect Core §3.1.2.1: prompt=login asks although somebody is signed in, once', async () => {
  const fakes = setup();
  const session = signIn(fakes);
  const login = pageOf(await request(fakes, { prompt: 'login' }, session));
  expect(login).toMatchObject({ kind: 'login', details: { reauthenticate: true } });
  fakes.clock.advance(1000);
  expect(pageOf(await authorize(fakes, { interaction: login.handle, session })).kind).toBe('login');
  expect(answerOf(await answerPage(fakes, login.handle)).values).toHaveProperty('code');
});

test('OpenID Connect Core §3.1.2.1: prompt=login consent asks for both, in this order', async () => {
  const fakes = setup({ consentSkipped: false });
  const session = signIn(fakes);
  const login = pageOf(await request(fakes, { prompt: 'consent login' }, session));
  expect(login.kind).toBe('login');
  expect(pageOf(await answerPage(fakes, login.handle)).kind).toBe('consent');
});

test('OpenID Connect Core §3.1.2.1: prompt=select_account is answered by a sign-in or by going on', async () => {
  const fakes = setup({ consentSkipped: false });
  const session = signIn(fakes);
  const choice = pageOf(await request(fakes, { prompt: 'select_account' }, session));
  expect(choice.kind).toBe('select_account');
  fakes.clock.advance(1000);
  // Allow belongs to the consent page: it does not choose.
  expect(pageOf(await authorize(fakes, { interaction: choice.handle, session, decision: 'allow' })).kind).toBe('select_account');
  expect(pageOf(await authorize(fakes, { interaction: choice.handle, session, decision: 'continue' })).kind).toBe('consent');
  // The same form a second time is no consent.
  expect(pageOf(await authorize(fakes, { interaction: choice.handle, session, decision: 'continue' })).kind).toBe('consent');
  const other = pageOf(await request(fakes, { prompt: 'select_account' }, session));
  expect(pageOf(await answerPage(fakes, other.handle)).kind).toBe('consent');
});

test('Initiating User Registration §4.1: prompt=create asks for an account first', async () => {
  const fakes = setup();
  const page = pageOf(await request(fakes, { prompt: 'create' }, signIn(fakes)));
  expect(page.kind).toBe('registration');
  expect(answerOf(await answerPage(fakes, page.handle)).values).toHaveProperty('code');
});

test.each<[string, Pairs, object, number, string]>([
  ['younger than max_age', { max_age: '100' }, {}, 100_000, 'respond'],
  ['older than max_age', { max_age: '100' }, {}, 100_001, 'login'],
  ['older than default_max_age', {}, { default_max_age: 100 }, 100_001, 'login'],
  ['younger than max_age, older than default_max_age', { max_age: '1000' }, { default_max_age: 1 }, 100_001, 'respond'],
  ['of this moment for max_age=0', { max_age: '0' }, {}, 0, 'login'],
])('OpenID Connect Core §3.1.2.1: a sign-in that is %s', async (_what, changes, registered, age, next) => {
  const fakes = setup(registered);
  const session = signIn(fakes, { authTimeMs: fakes.clock.now - age });
  const outcome = await request(fakes, changes, session);
  expect(outcome.$case === 'interaction' ? outcome.value.kind : outcome.$case).toBe(next);
});

test('OpenID Connect Core §3.1.2.1: max_age=0 is met by signing in for the request', async () => {
  const fakes = setup();
  const { handle } = pageOf(await request(fakes, { max_age: '0' }, signIn(fakes)));
  const { values } = answerOf(await answerPage(fakes, handle));
  const { id_token } = await exchange(fakes, codeRequest(values['code'] ?? ''));
  expect(claimsOf(id_token)).toMatchObject({ auth_time: fakes.clock.now / 1000 });
});

const pwd = 'urn:authority:pwd';
const mfa = 'urn:authority:mfa';

test('OpenID Connect Core §5.5.1.1: a voluntary acr is asked for once, then the answer says what was reached', async () => {
  const fakes = setup();
  const login = pageOf(await request(fakes, { acr_values: mfa }, signIn(fakes)));
  expect(login).toMatchObject({ kind: 'login', details: { reauthenticate: true, acr_values: [mfa] } });
  const { values } = answerOf(await answerPage(fakes, login.handle));
  const { id_token } = await exchange(fakes, codeRequest(values['code'] ?? ''));
  expect(claimsOf(id_token)).toMatchObject({ acr: pwd });
});

test('OpenID Connect Core §3.1.2.1: an acr that nobody can reach, or one with prompt=none, is passed over', async () => {
  const fakes = setup();
  const session = signIn(fakes);
  expect(answerOf(await request(fakes, { acr_values: 'urn:other' }, session)).values).toHaveProperty('code');
  expect(answerOf(await request(fakes, { acr_values: mfa, prompt: 'none' }, session)).values).toHaveProperty('code');
});

test('OpenID Connect Core §5.5.1.1: a stronger sign-in reaches a weaker context, and the token says the one asked for', async () => {
  const fakes = setup();
  const { values } = answerOf(await request(fakes, { acr_values: pwd }, signIn(fakes, { acr: mfa })));
  const { id_token } = await exchange(fakes, codeRequest(values['code'] ?? ''));
  expect(claimsOf(id_token)).toMatchObject({ acr: pwd });
});

test('OpenID Connect Registration §2: default_acr_values count where the request names none', async () => {
  const fakes = setup({ default_acr_values: [mfa] });
  expect(pageOf(await request(fakes, {}, signIn(fakes))).kind).toBe('login');
  expect(answerOf(await request(fakes, { acr_values: pwd }, signIn(fakes))).values).toHaveProperty('code');
});

test('OpenID Connect Core §5.5.1.1: an essential acr that is not reached is an error', async () => {
  const essential = (values: string[]) => JSON.stringify({ id_token: { acr: { essential: true, values } } });
  const unmet = { error: 'unmet_authentication_requirements' };
  const fakes = setup();
  const session = signIn(fakes);
  expect(answerOf(await request(fakes, { claims: essential(['urn:other']) }, session)).values).toMatchObject(unmet);
  const login = pageOf(await request(fakes, { claims: essential([mfa]) }, session));
  expect(answerOf(await answerPage(fakes, login.handle))).toMatchObject({ values: unmet, reason: 'acr_not_reached' });
  const strong = pageOf(await request(fakes, { claims: essential([mfa]) }, session));
  expect(answerOf(await answerPage(fakes, strong.handle, { acr: mfa })).values).toHaveProperty('code');
  expect(answerOf(await request(fakes, { claims: essential([mfa]), prompt: 'none' }, session)).values).toMatchObject({
    error: 'login_required',
  });
  expect(answerOf(await request(fakes, { claims: '{"id_token":{"acr":{"values":["urn:other"]}}}' }, session)).values).toHaveProperty(
    'code',
  );
  expect(answerOf(await request(fakes, { claims: '{"id_token":{"acr":null,"email":null}}' }, session)).values).toHaveProperty('code');
});

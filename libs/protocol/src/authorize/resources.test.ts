import {
  answerOf,
  authorizationRequest,
  authorize,
  claimsOf,
  client,
  codeRequest,
  exchange,
  obtainCode,
  obtainTokens,
  pageOf,
  type Pairs,
  parametersOf,
  type ProtocolFakes,
  protocolFakes,
  secret,
  signIn,
} from '@authority/testing/protocol';
import { expect, test } from 'vitest';

const [orders, mail] = ['https://orders.example.test', 'https://mail.example.test'];
const both = { resource: [orders, mail] };

function setup(changes = {}): ProtocolFakes {
  const fakes = protocolFakes();
  const response_types = ['code', 'token', 'code id_token'];
  const grant_types = ['authorization_code', 'implicit', 'refresh_token'];
  fakes.clients.add(client({ allowedResources: [orders, mail], response_types, grant_types, ...changes }), secret);
  for (const resource of [orders, mail]) fakes.clients.resources.add(resource);
  return fakes;
}

const request = (fakes: ProtocolFakes, changes: Pairs, session = '') =>
  authorize(fakes, { parameters: parametersOf(authorizationRequest(changes)), session });

test('RFC 8707 §2.1: several resources are asked for at once, shown, and allowed one by one', async () => {
  const fakes = setup();
  const session = signIn(fakes);
  const page = pageOf(await request(fakes, both, session));
  expect(page).toMatchObject({ kind: 'consent', details: { resources: [orders, mail] } });
  await authorize(fakes, { interaction: page.handle, session, decision: 'allow' });
  for (const resource of [orders, mail, [mail, orders]]) {
    expect(answerOf(await request(fakes, { resource }, session)).values).toHaveProperty('code');
  }
  expect(pageOf(await request(fakes, {}, session)).kind).toBe('consent');
});

test('RFC 8707 §2.1: what was allowed at one resource is asked for where another is beside it', async () => {
  const fakes = setup();
  const session = signIn(fakes);
  await obtainCode(fakes, { resource: orders }, session);
  const { kind, details } = pageOf(await request(fakes, both, session));
  expect(kind).toBe('consent');
  expect(details.scopes.every(({ granted_before }) => !granted_before)).toBe(true);
});

test('RFC 8707 §2.2: an access token is for one of them; refresh tokens reach each', async () => {
  const fakes = setup();
  const asked = { ...both, scope: 'openid offline_access orders.read' };
  const narrowed = await exchange(fakes, codeRequest(await obtainCode(fakes, asked), { resource: mail }));
  expect(claimsOf(narrowed.access_token)['aud']).toBe(mail);
  const { refresh_token } = narrowed;
  for (const resource of [orders, mail]) {
    const later = await exchange(fakes, { grant_type: 'refresh_token', refresh_token, resource });
    expect(claimsOf(later.access_token)['aud']).toBe(resource);
  }
  const wide = exchange(fakes, { grant_type: 'refresh_token', refresh_token, ...both });
  await expect(wide).rejects.toMatchObject({ error: 'invalid_target', reason: 'resource_not_shared' });
  expect(claimsOf((await obtainTokens(fakes, asked)).access_token)['aud']).toBe(orders);
});

test('RFC 8707 §2.1: an access token of the browser is for one resource', async () => {
  const fakes = setup({ consentSkipped: true });
  const session = signIn(fakes);
  const nonce = 'n';
  expect(answerOf(await request(fakes, { ...both, response_type: 'token' }, session))).toMatchObject({
    values: { error: 'invalid_target' },
    reason: 'resource_not_shared',
    response_mode: 'fragment',
  });
  const one = answerOf(await request(fakes, { resource: mail, response_type: 'token' }, session));
  expect(claimsOf(one.values['access_token'] ?? '')['aud']).toBe(mail);
  expect(answerOf(await request(fakes, { ...both, nonce, response_type: 'code id_token' }, session)).values).toHaveProperty('code');
});

test('RFC 8707 §2.1: one that is not allowed spoils the request, and so do too many', async () => {
  const fakes = setup();
  const told = async (resource: string[]) => answerOf(await request(fakes, { resource })).values;
  expect(await told([orders, 'https://nobody.example.test'])).toMatchObject({ error: 'invalid_target' });
  fakes.clients.add(client({ allowedResources: [orders] }), secret);
  expect(await told([orders, mail])).toMatchObject({ error: 'invalid_target' });
  expect(await told(Array.from({ length: 17 }, (_, at) => `https://${at}.example.test`))).toMatchObject({ error: 'invalid_target' });
});

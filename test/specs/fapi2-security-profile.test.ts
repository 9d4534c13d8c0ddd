import { type Answer, Operator, Person, post, randomText, request, startOneProcess, type Suite } from '@authority/testing/suite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Bank, registration } from './fapi2/bank.ts';

/*
 * FAPI 2.0 Security Profile (Final): what no client can be under it, and the whole server under it. The modules of the
 * OpenID Foundation's plan are in oidf/fapi2.test.ts.
 */

let suite: Suite;
let operator: Operator;
let bank: Bank;

beforeAll(async () => {
  suite = await startOneProcess();
  operator = new Operator(suite);
  const person = new Person(suite.issuer, `fapi-${randomText().slice(0, 8)}@example.test`, randomText());
  await person.register();
  bank = await Bank.register(suite, operator, person);
});
afterAll(async () => {
  operator?.close();
  await suite?.stop();
});

const outcome = async (answer: Promise<Answer>): Promise<string> => {
  const { status, json } = await answer;
  return `${status} ${json()['error'] ?? 'ok'}`;
};
describe('FAPI 2.0 Security Profile', () => {
  test.each<[string, object]>([
    ['a secret', { token_endpoint_auth_method: 'client_secret_basic' }],
    ['no credential', { token_endpoint_auth_method: 'none' }],
    ['the implicit grant', { grant_types: ['authorization_code', 'implicit'], response_types: ['code', 'code id_token'] }],
    ['RS256 ID Tokens', { id_token_signed_response_alg: 'RS256' }],
    ['http', { redirect_uris: ['http://127.0.0.1/cb'] }],
    ['rotation', { refresh_token_rotation: 'always' }],
    ['no PKCE', { pkce_optional: true }],
  ])('FAPI 2.0 §5.3.2: a client with %s is not registered', async (_what, changes) => {
    await expect(Bank.register(suite, operator, bank.person, changes)).rejects.toThrow(/fapi2-security|none of/);
  });

  test('FAPI 2.0 §5.3.2: for the whole server discovery tells what is left, others are refused, operators can take it back', async () => {
    const plain = await operator.createClient({ ...registration, profile: '', token_endpoint_auth_method: 'none' });
    await operator.setSetting('token.profile', 'fapi2-security');
    const metadata = async () => (await request(bank.at('/.well-known/openid-configuration'))).json();
    await expect.poll(async () => (await metadata())['require_pushed_authorization_requests'], { timeout: 5_000 }).toBe(true);
    const told = await metadata();
    expect(told).toMatchObject({ response_types_supported: ['code'] });
    for (const method of ['none', 'client_secret_basic', 'client_secret_post']) {
      expect(told['token_endpoint_auth_methods_supported']).not.toContain(method);
    }
    for (const name of ['id_token', 'token_endpoint_auth', 'dpop', 'request_object']) {
      const list = told[`${name}_signing_alg_values_supported`];
      for (const alg of ['RS256', 'HS256', 'none']) expect(list ?? []).not.toContain(alg);
    }
    const refused = post(bank.at('/oauth2/token'), { grant_type: 'refresh_token', refresh_token: 'x' }, { client_id: plain.client_id });
    expect(await outcome(refused)).toBe('401 invalid_client');
    expect((await bank.exchange(bank.redeem(await bank.code()))).status).toBe(200);
    await operator.setSetting('token.profile', 'none');
  });
});

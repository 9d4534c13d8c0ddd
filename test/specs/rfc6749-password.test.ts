import {
  type Answer,
  type CreatedClient,
  Operator,
  Person,
  post,
  RelyingParty,
  startOneProcess,
  type Suite,
  tokensOf,
} from '@authority/testing/suite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const password = 'correct horse battery staple';
let suite: Suite;
let operator: Operator;
let old: CreatedClient;
let web: CreatedClient;
let people = 0;

beforeAll(async () => {
  suite = await startOneProcess();
  operator = new Operator(suite);
  old = await operator.createClient({
    grant_types: ['password', 'refresh_token'],
    scope: 'openid email offline_access orders.read',
  });
  web = await operator.createClient({ grant_types: ['authorization_code'], redirect_uris: ['https://web.example/cb'] });
});
afterAll(async () => {
  operator?.close();
  await suite?.stop();
});

async function newPerson(): Promise<{ email: string; sub: string }> {
  people += 1;
  const email = `person${people}@example.com`;
  const { sub } = await operator.createIdentity({ email, password, name: 'Ada' });
  return { email, sub };
}

function ask(username: string, more: Readonly<Record<string, string>> = {}, client = old): Promise<Answer> {
  return post(`${suite.issuer}/oauth2/token`, { grant_type: 'password', username, password, ...more }, client);
}

const outcome = async (answer: Promise<Answer>): Promise<string> => {
  const { status, json } = await answer;
  return `${status} ${json()['error'] ?? 'token'}`;
};
const claims = (jwt: string): Record<string, unknown> => JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());

describe('RFC 6749 §4.3: the password grant', () => {
  test('RFC 6749 §4.3.3: tokens, with how and when the person proved who they are', async () => {
    const { email, sub } = await newPerson();
    const tokens = tokensOf(await ask(email, { scope: 'openid email offline_access' }));
    expect(claims(tokens.access_token)).toMatchObject({
      ...{ sub, client_id: old.client_id, amr: ['pwd'], acr: 'urn:authority:acr:password', auth_time: expect.any(Number) },
    });
    expect(claims(tokens.id_token)).toMatchObject({ sub, aud: old.client_id });
    const party = new RelyingParty(suite.issuer, old);
    expect((await party.userInfo(tokens.access_token)).json()).toMatchObject({ sub, email });
    const next = tokensOf(await party.refresh(tokens.refresh_token));
    expect(await party.isActive(next.access_token)).toBe(true);
    await party.revoke(tokens.refresh_token);
    expect(await party.isActive(tokens.access_token)).toBe(false);
  });

  test('RFC 9700 §2.4: a client that is not allowed it, and a dynamic one, cannot have it', async () => {
    const { email } = await newPerson();
    expect(await outcome(ask(email, {}, web))).toBe('400 unauthorized_client');
    const { value } = await operator.createRegistrationToken({ uses_limit: 1 });
    const register = await fetch(`${suite.issuer}/oauth2/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${value}` },
      body: JSON.stringify({ grant_types: ['password'] }),
    });
    expect(await register.json()).toMatchObject({ error: 'invalid_client_metadata' });
  });

  test('RFC 6749 §4.3.2: the client must authenticate', async () => {
    const { email } = await newPerson();
    const { client, ...stolen } = old;
    expect(client.client_id).toBe(stolen.client_id);
    expect(await outcome(ask(email, {}, { ...old, client_secret: 'wrong' }))).toBe('401 invalid_client');
    expect(await outcome(post(`${suite.issuer}/oauth2/token`, { grant_type: 'password', username: email, password }))).toBe(
      '401 invalid_client',
    );
  });

  test('RFC 6749 §5.2: wrong name, wrong password and disabled person answer alike', async () => {
    const { email, sub } = await newPerson();
    const wrong = await ask(email, { password: 'wrong' });
    const unknown = await ask('nobody@example.com');
    await operator.updateIdentity(sub, { disabled: true });
    const disabled = await ask(email);
    expect(wrong.status).toBe(400);
    expect(wrong.json()).toMatchObject({ error: 'invalid_grant' });
    expect(new Set([wrong.text, unknown.text, disabled.text]).size).toBe(1);
  });

  test('RFC 6749 §4.3.2: guesses are throttled together with those at the sign-in page, and told to wait', async () => {
    const { email } = await newPerson();
    const answers = await Promise.all(Array.from({ length: 30 }, (_, at) => ask(email, { password: `guess ${at}` })));
    const refused = answers.filter(({ status }) => status === 429);
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(10);
    expect(refused).toHaveLength(20);
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await outcome(ask(email))).toBe('429 temporarily_unavailable');
    const person = new Person(suite.issuer, email, password);
    const place = await person.visit(`${suite.issuer}/login`);
    const { page } = await person.submit(place, { email, password });
    expect(page?.status).toBe(429);
  });

  test('house.md: a new password ends what the grant has given', async () => {
    const { email, sub } = await newPerson();
    const tokens = tokensOf(await ask(email, { scope: 'orders.read' }));
    await operator.setPassword(sub, 'quite another long password');
    const party = new RelyingParty(suite.issuer, old);
    expect(await party.isActive(tokens.access_token)).toBe(false);
    expect(await outcome(party.refresh(tokens.refresh_token))).toBe('400 invalid_grant');
  });

  test('RFC 6749 §5.2: a scope beyond the client, and a parameter twice, are refused', async () => {
    const { email } = await newPerson();
    expect(await outcome(ask(email, { scope: 'authority.admin' }))).toBe('400 invalid_scope');
    const twice = `grant_type=password&username=${email}&password=a&password=b`;
    expect(await outcome(post(`${suite.issuer}/oauth2/token`, twice, old))).toBe('400 invalid_request');
  });
});

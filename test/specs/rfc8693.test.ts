import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Answer,
  type CreatedClient,
  DpopKey,
  Operator,
  Person,
  post,
  RelyingParty,
  startFiveProcesses,
  type Suite,
  tokensOf,
} from '@authority/testing/suite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const urn = 'urn:ietf:params:oauth:token-type:';
const grant_type = 'urn:ietf:params:oauth:grant-type:token-exchange';
const [api, backend] = ['https://api.example', 'https://backend.example'];
const everything = { token_exchange_subjects: 'any', token_exchange_impersonation: true, token_exchange_delegation: true };
const scope = 'openid orders.read orders.write';
/** By then every replica knows what was changed (house.md, "One revocation set"). */
const known = 700;
let suite: Suite;
let operator: Operator;
let [web, middle, far, other]: CreatedClient[] = [];
let ada: Person;

beforeAll(async () => {
  suite = await startFiveProcesses({ tokenReplicas: 2 });
  operator = new Operator(suite);
  const machine = { grant_types: ['client_credentials', grant_type], scope };
  web = await operator.createClient({
    ...{ grant_types: ['authorization_code', 'refresh_token', grant_type], redirect_uris: ['https://web.example/cb'] },
    ...{ scope, consent_skipped: true, allowed_resources: [api], ...everything, token_exchange_subjects: 'own' },
  });
  middle = await operator.createClient({ ...machine, ...everything, resource_identifier: api, allowed_resources: [backend] });
  far = await operator.createClient({ ...machine, resource_identifier: backend });
  other = await operator.createClient({
    ...machine,
    ...everything,
    resource_identifier: 'https://other.example',
    allowed_resources: [backend],
  });
  const email = 'ada@example.com';
  const password = 'correct horse battery staple';
  await operator.createIdentity({ email, password });
  await sleep(known);
  ada = new Person(suite.issuer, email, password);
});
afterAll(async () => {
  operator?.close();
  await suite?.stop();
});

const present = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error('it is not there');
  return value;
};
const tokens = (more: Readonly<Record<string, string>> = {}) =>
  new RelyingParty(suite.issuer, present(web), 'openid orders.read').tokens(ada, { resource: api, ...more });
const own = async (client: CreatedClient | undefined): Promise<string> => {
  const answer = await post(`${suite.issuer}/oauth2/token`, { grant_type: 'client_credentials', scope: 'orders.read' }, present(client));
  return tokensOf(answer).access_token;
};

function swap(subject_token: string, more: Readonly<Record<string, string>> = {}, by = middle): Promise<Answer> {
  const form = { grant_type, subject_token, subject_token_type: `${urn}access_token`, resource: backend, ...more };
  const entries = Object.entries(form).filter(([, value]) => value !== '');
  return post(`${suite.issuer}/oauth2/token`, entries, present(by));
}
const actor = (actor_token: string) => ({ actor_token, actor_token_type: `${urn}access_token` });
const outcome = async (answer: Promise<Answer>): Promise<string> => {
  const { status, json } = await answer;
  return `${status} ${json()['error'] ?? 'token'}`;
};
const claims = (jwt: string): Record<string, unknown> => JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());
const isActive = (token: string) => new RelyingParty(suite.issuer, present(far)).isActive(token);
/** Both replicas: what one ends the other knows within a second. */
const ends = (token: string) =>
  expect.poll(() => Promise.all([1, 2, 3, 4].map(() => isActive(token))), { timeout: 2000 }).not.toContain(true);

describe('RFC 8693: token exchange', () => {
  test('RFC 8693 §2.2.1: a token for the next API, in the name of the same person, narrower', async () => {
    const { access_token } = await tokens();
    const answer = await swap(access_token, { scope: 'orders.read' });
    expect(answer.json()).toMatchObject({ token_type: 'Bearer', issued_token_type: `${urn}access_token`, scope: 'orders.read' });
    expect(answer.json()).not.toHaveProperty('refresh_token');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const made = claims(tokensOf(answer).access_token);
    expect(made).toMatchObject({ sub: claims(access_token)['sub'], aud: backend, client_id: middle?.client_id });
    expect(made['exp']).toBe(claims(access_token)['exp']);
    expect(await isActive(tokensOf(answer).access_token)).toBe(true);
  });

  test('RFC 8693 §4.1: delegation says who acts, to the API and in introspection', async () => {
    const { access_token } = await tokens();
    const delegated = tokensOf(await swap(access_token, actor(await own(middle)))).access_token;
    const shown = await post(`${suite.issuer}/oauth2/introspect`, { token: delegated }, present(far));
    expect(shown.json()).toMatchObject({ active: true, sub: claims(access_token)['sub'], act: { sub: middle?.client_id } });
  });

  test('RFC 7009 §2.1: revoking the token that was given ends what it was exchanged for', async () => {
    const party = new RelyingParty(suite.issuer, present(web));
    const { access_token } = await tokens();
    const made = tokensOf(await swap(access_token)).access_token;
    await party.revoke(access_token);
    await ends(made);
    expect(await outcome(swap(access_token))).toBe('400 invalid_request');
  });

  test('house.md: so does signing out', async () => {
    const made = tokensOf(await swap((await tokens()).access_token)).access_token;
    const [session] = await operator.sessionsOf(String(claims(made)['sub']));
    await operator.endSession(present(session).sid);
    await ends(made);
  });

  test('house.md: and disabling the client that the first token was for', async () => {
    const middleman = await operator.createClient({ grant_types: ['client_credentials'], scope, allowed_resources: [api] });
    await sleep(known);
    const form = { grant_type: 'client_credentials', scope: 'orders.read', resource: api };
    const given = tokensOf(await post(`${suite.issuer}/oauth2/token`, form, middleman)).access_token;
    const made = tokensOf(await swap(given)).access_token;
    expect(await isActive(made)).toBe(true);
    await operator.updateClient(middleman.client_id, { disabled: true });
    await ends(made);
  });

  test('RFC 8693 §2.2.2: scope and target are never wider', async () => {
    const { access_token } = await tokens();
    expect(await outcome(swap(access_token, { scope: 'orders.read orders.write' }))).toBe('400 invalid_scope');
    expect(await outcome(swap(access_token, { resource: 'https://other.example' }))).toBe('400 invalid_target');
    expect(await outcome(swap(access_token, { resource: suite.issuer }))).toBe('400 invalid_target');
    expect(await outcome(swap(access_token, { resource: `${suite.issuer}/admin` }))).toBe('400 invalid_target');
    expect(await outcome(swap(access_token, { resource: '', audience: present(other).client_id }))).toBe('400 invalid_target');
  });

  test('RFC 8693 §5: off unless the client is allowed it, and only for tokens that were given to it', async () => {
    const { access_token } = await tokens();
    expect(await outcome(swap(access_token, {}, far))).toBe('400 unauthorized_client');
    expect(await outcome(swap(access_token, {}, other))).toBe('400 invalid_request');
    expect(await outcome(swap(await own(other), { resource: '' }, web))).toBe('400 invalid_request');
    expect(await outcome(swap(access_token, actor(await own(other))))).toBe('400 invalid_request');
    expect(await outcome(swap(access_token, {}, { ...present(middle), client_secret: 'wrong' }))).toBe('401 invalid_client');
  });

  test('RFC 8725 §3.11: no kind of token passes for another', async () => {
    const { access_token, id_token } = await tokens();
    const kinds = ['access_token', 'id_token', 'jwt', 'refresh_token', 'saml2'];
    const as = (token: string, kind: string) => outcome(swap(token, { subject_token_type: urn + kind }));
    for (const kind of kinds) expect(await as(id_token, kind)).toBe('400 invalid_request');
    for (const kind of kinds.slice(1)) expect(await as(access_token, kind)).toBe('400 invalid_request');
    for (const nonsense of ['x', 'a.b.c', `${access_token}x`, access_token.replace(/\.[^.]+$/, '.')]) {
      expect(await as(nonsense, 'access_token')).toBe('400 invalid_request');
    }
  });

  test('RFC 8693 §3: an ID Token is good for the client that it is for', async () => {
    const { id_token } = await tokens();
    const more = { subject_token_type: `${urn}id_token`, resource: api };
    const made = tokensOf(await swap(id_token, { ...more, scope: 'orders.read' }, web)).access_token;
    expect(claims(made)).toMatchObject({ sub: claims(id_token)['sub'], sid: claims(id_token)['sid'], aud: api });
  });

  test('RFC 8693 §3: an opaque access token is one as well', async () => {
    const machine = { grant_types: ['client_credentials'], scope, allowed_resources: [api] };
    const quiet = await operator.createClient({ ...machine, access_token_format: 'opaque' });
    await sleep(known);
    const form = { grant_type: 'client_credentials', scope: 'orders.read', resource: api };
    const opaque = tokensOf(await post(`${suite.issuer}/oauth2/token`, form, quiet)).access_token;
    expect(opaque).not.toContain('.');
    expect(claims(tokensOf(await swap(opaque)).access_token)).toMatchObject({ sub: quiet.client_id, aud: backend });
    expect(await outcome(swap(`${opaque.slice(0, -2)}AA`))).toBe('400 invalid_request');
  });

  test('RFC 9449 §7: a token that is bound to a key is exchanged by nobody who does not show the key', async () => {
    const [key, thief] = [new DpopKey(), new DpopKey()];
    const url = `${suite.issuer}/oauth2/token`;
    /** Once more with the nonce of the answer (RFC 9449 §8). */
    const prove = async (form: Readonly<Record<string, string>>, by: DpopKey, client: CreatedClient | undefined): Promise<Answer> => {
      const send = (nonce?: string) => post(url, form, present(client), { dpop: by.proof('POST', url, { claims: { nonce } }) });
      const first = await send();
      return first.json()['error'] === 'use_dpop_nonce' ? send(first.headers.get('dpop-nonce') ?? '') : first;
    };
    const bound = tokensOf(await prove({ grant_type: 'client_credentials', scope: 'orders.read' }, key, middle)).access_token;
    const form = { grant_type, subject_token: bound, subject_token_type: `${urn}access_token`, resource: backend };
    expect(await outcome(swap(bound))).toBe('400 invalid_request');
    expect(await outcome(prove(form, thief, middle))).toBe('400 invalid_request');
    const answer = await prove(form, key, middle);
    expect(answer.json()).toMatchObject({ token_type: 'DPoP', issued_token_type: `${urn}access_token` });
    expect(claims(tokensOf(answer).access_token)['cnf']).toEqual(claims(bound)['cnf']);
  });

  test('RFC 8693 §2.1: parameters', async () => {
    const { access_token } = await tokens();
    expect(await outcome(swap('', {}))).toBe('400 invalid_request');
    expect(await outcome(swap(access_token, { subject_token_type: '' }))).toBe('400 invalid_request');
    expect(await outcome(swap(access_token, { actor_token: access_token }))).toBe('400 invalid_request');
    expect(await outcome(swap(access_token, { actor_token_type: `${urn}access_token` }))).toBe('400 invalid_request');
    expect(await outcome(swap(access_token, { requested_token_type: `${urn}refresh_token` }))).toBe('400 invalid_request');
    expect(await outcome(swap(access_token, { requested_token_type: `${urn}access_token` }))).toBe('200 token');
  });
});

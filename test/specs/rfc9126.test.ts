import {
  type Answer,
  type CreatedClient,
  Operator,
  Person,
  post,
  RelyingParty,
  request,
  startOneProcess,
  type Suite,
  tokensOf,
} from '@authority/testing/suite';
import { decodeJwt } from 'jose';
import fc from 'fast-check';
import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const password = 'violet tractor hums 42 lullabies';
const redirect_uri = 'http://127.0.0.1:9/callback';

let suite: Suite;
let operator: Operator;
let app: CreatedClient;
let other: CreatedClient;
beforeAll(async () => {
  suite = await startOneProcess();
  operator = new Operator(suite);
  const common = { redirect_uris: [redirect_uri], grant_types: ['authorization_code'], scope: 'openid email', consent_skipped: true };
  app = await operator.createClient(common);
  other = await operator.createClient(common);
});
afterAll(async () => {
  operator?.close();
  await suite?.stop();
});

let people = 0;
async function newPerson(): Promise<Person & { sub: string }> {
  const email = `person-${++people}@example.com`;
  const { sub } = await operator.createIdentity({ email, password });
  return Object.assign(new Person(suite.issuer, email, password), { sub });
}

const party = (client: CreatedClient = app): RelyingParty => new RelyingParty(suite.issuer, client, 'openid email');
type Form = Readonly<Record<string, string>>;

/** The parameters of a request that would pass, with what its answer must match. */
function begin(client: CreatedClient = app) {
  const begun = party(client).begin();
  return { ...begun, form: Object.fromEntries(new URL(begun.url).searchParams) };
}

const push = (form: Form | readonly (readonly [string, string])[], client: CreatedClient = app): Promise<Answer> =>
  post(`${suite.issuer}/oauth2/par`, form, client);

async function pushed(form: Form, client: CreatedClient = app): Promise<string> {
  const answer = await push(form, client);
  expect([answer.status, answer.text]).toEqual([201, expect.any(String)]);
  return String(answer.json()['request_uri']);
}

const authorizeUrl = (request_uri: string, client_id = app.client_id, more: Form = {}): string =>
  `${suite.issuer}/oauth2/authorize?${new URLSearchParams({ client_id, request_uri, ...more })}`;

/** The error page that a person sees, by what it says. */
async function errorPage(url: string): Promise<string> {
  const { status, headers } = await request(url, { headers: { accept: 'text/html' } });
  return `${status}${headers.get('location') === null ? '' : ' redirected'}`;
}

const refusal = async (answer: Promise<Answer>): Promise<string> => {
  const { status, json } = await answer;
  return `${status} ${json()['error']}`;
};

describe('RFC 9126: pushed authorization requests', () => {
  test('§5: the metadata names the endpoint, and that nobody must use it', async () => {
    expect((await request(`${suite.issuer}/.well-known/openid-configuration`)).json()).toMatchObject({
      pushed_authorization_request_endpoint: `${suite.issuer}/oauth2/par`,
      require_pushed_authorization_requests: false,
    });
  });

  test('§2.2: 201, JSON that nobody caches, a name that nobody guesses, for a minute', async () => {
    const answer = await push(begin().form);
    expect(answer.status).toBe(201);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(answer.headers.get('cache-control')).toContain('no-store');
    const { request_uri, expires_in, ...more } = answer.json();
    expect(request_uri).toMatch(/^urn:ietf:params:oauth:request_uri:[\w.-]{43,}$/);
    expect([expires_in, more]).toEqual([60, {}]);
    expect((await push(begin().form)).json()['request_uri']).not.toBe(request_uri);
  });

  test('§4: oauth4webapi pushes, the person signs in, the client gets its tokens', async () => {
    const issuer = new URL(suite.issuer);
    const insecure = { [oauth.allowInsecureRequests]: true };
    const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
    const client = { client_id: app.client_id };
    const { form, verifier, state } = begin();
    const authentication = oauth.ClientSecretBasic(app.client_secret ?? '');
    const answer = await oauth.pushedAuthorizationRequest(server, client, authentication, new URLSearchParams(form), insecure);
    const { request_uri } = await oauth.processPushedAuthorizationResponse(server, client, answer);
    const person = await newPerson();
    const arrived = await person.authorize(authorizeUrl(request_uri));
    const parameters = oauth.validateAuthResponse(server, client, arrived, state);
    const redeemed = await party().redeem({ code: parameters.get('code') ?? '', verifier });
    expect(decodeJwt(tokensOf(redeemed).id_token)).toMatchObject({ sub: person.sub, aud: app.client_id });
  });

  test('§4: what stands beside request_uri does not count', async () => {
    const { form, state } = begin();
    const url = authorizeUrl(await pushed(form), app.client_id, { redirect_uri: 'https://evil.example/', state: 'evil', scope: 'openid' });
    const arrived = await (await newPerson()).authorize(url);
    expect(`${arrived.origin}${arrived.pathname}`).toBe(redirect_uri);
    expect(arrived.searchParams.get('state')).toBe(state);
  });

  test('fapi2-security-profile-final-par-attempt-reuse-request_uri: a request_uri gives one answer', async () => {
    const person = await newPerson();
    const url = authorizeUrl(await pushed(begin().form));
    expect((await person.authorize(url)).searchParams.get('code')).toBeTruthy();
    expect((await person.visit(url)).page?.status).toBe(400);
  });

  test('RFC 9126 §7.3: of many browsers that answer at once with one request_uri, one gets a code', async () => {
    const url = authorizeUrl(await pushed(begin().form));
    const everybody = await Promise.all(Array.from({ length: 5 }, newPerson));
    const ready = await Promise.all(everybody.map(async (person) => ({ person, place: await person.visit(url) })));
    const ends = await Promise.all(ready.map(({ person, place }) => person.signIn(place)));
    expect(ends.filter(({ url: end }) => end.searchParams.get('code') !== null)).toHaveLength(1);
    expect(ends.filter(({ page }) => page?.status === 400)).toHaveLength(4);
  });

  test('fapi2-security-profile-final-par-ensure-reused-request-uri-prior-to-auth-completion-succeeds', async () => {
    const person = await newPerson();
    const url = authorizeUrl(await pushed(begin().form));
    expect((await person.visit(url)).url.pathname).toBe('/login');
    expect((await person.authorize(url)).searchParams.get('code')).toBeTruthy();
  });

  test('fapi2-security-profile-final-par-attempt-to-use-request_uri-for-different-client', async () => {
    const request_uri = await pushed(begin().form);
    expect(await errorPage(authorizeUrl(request_uri, other.client_id))).toBe('400');
    const person = await newPerson();
    expect((await person.authorize(authorizeUrl(request_uri))).searchParams.get('code'), 'and it is not used up by that').toBeTruthy();
  });

  test('RFC 9126 §2.2: a request_uri that was made up, or changed, is an error page', async () => {
    const request_uri = await pushed(begin().form);
    const [id = ''] = request_uri.split('.');
    for (const forged of [
      id,
      `${id}.`,
      `${id}.${'A'.repeat(22)}`,
      `${request_uri}A`,
      `${request_uri}%00`,
      'urn:ietf:params:oauth:request_uri:',
    ]) {
      expect(await errorPage(authorizeUrl(forged))).toBe('400');
    }
    expect(await errorPage(`${suite.issuer}/oauth2/authorize?${new URLSearchParams({ request_uri })}`)).toBe('400');
  });

  const refused: readonly (readonly [string, (form: Form) => Form | readonly (readonly [string, string])[], string])[] = [
    [
      'fapi2-security-profile-final-par-authorization-request-containing-request_uri-form-param',
      (form) => ({ ...form, request_uri: 'urn:ietf:params:oauth:request_uri:x' }),
      'invalid_request',
    ],
    [
      'fapi2-security-profile-final-par-ensure-pkce-required',
      ({ code_challenge: _, code_challenge_method: __, ...form }) => form,
      'invalid_request',
    ],
    ['fapi2-security-profile-final-par-plain-pkce-rejected', (form) => ({ ...form, code_challenge_method: 'plain' }), 'invalid_request'],
    [
      'RFC 9126 §2.3: a redirect URI of somebody else',
      (form) => ({ ...form, redirect_uri: 'https://evil.example/callback' }),
      'invalid_request',
    ],
    ['RFC 9700 §2.1: a redirect URI that looks alike', (form) => ({ ...form, redirect_uri: `${redirect_uri}/` }), 'invalid_request'],
    ['RFC 9126 §2.3: a scope that nobody knows', (form) => ({ ...form, scope: 'openid nobody.knows' }), 'invalid_scope'],
    ['RFC 9126 §2.3: a response type that is not its', (form) => ({ ...form, response_type: 'token' }), 'unauthorized_client'],
    ['RFC 9126 §2.3: a repeated parameter', (form) => [...Object.entries(form), ['state', 'x']], 'invalid_request'],
    [
      'RFC 9126 §2.3: another client_id than the one that authenticates',
      (form) => ({ ...form, client_id: other.client_id }),
      'invalid_request',
    ],
    [
      'RFC 9101 §7: a request object that is none',
      (form) => ({ client_id: form['client_id'] ?? '', request: 'a.b.c' }),
      'invalid_request_object',
    ],
  ];
  test.each(refused)('%s is told at the push', async (_title, change, error) => {
    expect(await refusal(push(change(begin().form)))).toBe(`400 ${error}`);
  });

  test('RFC 9126 §2: the client authenticates as at the token endpoint', async () => {
    const { form } = begin();
    expect(await refusal(push(form, { ...app, client_secret: 'wrong' }))).toBe('401 invalid_client');
    expect(await refusal(post(`${suite.issuer}/oauth2/par`, form))).toBe('401 invalid_client');
    const open = await operator.createClient({
      redirect_uris: [redirect_uri],
      grant_types: ['authorization_code'],
      token_endpoint_auth_method: 'none',
      scope: 'openid email',
    });
    const { client_id: _, ...unnamed } = begin(open).form; // a public client is named by post() itself
    expect((await push(unnamed, open)).status).toBe(201);
  });

  test('fapi2-security-profile-final-par-attempt-invalid-http-method: 405; another content type is 400, a body too large 413', async () => {
    for (const method of ['GET', 'PUT', 'DELETE']) expect((await request(`${suite.issuer}/oauth2/par`, { method })).status).toBe(405);
    const json = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(begin().form) };
    expect(await refusal(request(`${suite.issuer}/oauth2/par`, json))).toBe('400 invalid_request');
    expect((await push({ ...begin().form, state: 'x'.repeat(70_000) })).status).toBe(413);
  });

  test('RFC 9126 §2.3: whatever is pushed, the answer is 201, 400 or 401', async () => {
    const name = fc.oneof(
      fc.constantFrom('request', 'request_uri', 'claims', 'nonce', 'max_age', 'resource', 'prompt', 'scope'),
      fc.string(),
    );
    const extra = fc.array(fc.tuple(name, fc.string({ unit: 'binary' })), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(extra, async (pairs) => {
        const asked = Object.entries(begin().form).filter(([known]) => !pairs.some(([one]) => one === known));
        const { status } = await push([...asked, ...pairs]);
        expect([201, 400, 401]).toContain(status);
      }),
      { numRuns: 60 },
    );
  });

  test('RFC 9126 §6: a client that must push is refused otherwise', async () => {
    const strict = await operator.createClient({
      redirect_uris: [redirect_uri],
      grant_types: ['authorization_code'],
      scope: 'openid email',
      consent_skipped: true,
      require_pushed_authorization_requests: true,
    });
    const { url, form } = begin(strict);
    const person = await newPerson();
    expect((await person.authorize(url)).searchParams.get('error')).toBe('invalid_request');
    expect((await person.authorize(authorizeUrl(await pushed(form, strict), strict.client_id))).searchParams.get('code')).toBeTruthy();
  });

  test('RFC 9126 §5: an operator can demand it of everybody; discovery says so within a second', async () => {
    const demanded = async () =>
      (await request(`${suite.issuer}/.well-known/openid-configuration`)).json()['require_pushed_authorization_requests'];
    await operator.setSetting('token.require_pushed_authorization_requests', true);
    try {
      await expect.poll(demanded, { timeout: 5_000 }).toBe(true);
      expect((await (await newPerson()).authorize(begin().url)).searchParams.get('error')).toBe('invalid_request');
    } finally {
      await operator.setSetting('token.require_pushed_authorization_requests', false);
    }
    await expect.poll(demanded, { timeout: 5_000 }).toBe(false);
  });

  test('fapi2-security-profile-final-par-attempt-to-use-expired-request_uri', async () => {
    await operator.setSetting('token.par_lifetime', 5);
    try {
      await expect.poll(async () => (await push(begin().form)).json()['expires_in'], { timeout: 5_000 }).toBe(5);
      const [left, begun] = [authorizeUrl(await pushed(begin().form)), authorizeUrl(await pushed(begin().form))];
      const person = await newPerson();
      const place = await person.visit(begun);
      await new Promise((resolve) => setTimeout(resolve, 5_500));
      expect(await errorPage(left)).toBe('400');
      expect((await person.signIn(place)).url.searchParams.get('code'), 'what was begun in time goes on').toBeTruthy();
    } finally {
      await operator.setSetting('token.par_lifetime', 60);
    }
  });
});

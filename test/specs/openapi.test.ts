import {
  type Answer,
  basic,
  bearer,
  type CreatedClient,
  Operator,
  Person,
  post,
  RelyingParty,
  request,
  startOneProcess,
  type Suite,
} from '@authority/testing/suite';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const password = 'violet tractor hums 42 lullabies';
const email = 'openapi@example.com';
const redirect_uri = 'http://127.0.0.1:9/callback';

interface Described {
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>>;
}
interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

let suite: Suite;
let operator: Operator;
let document: Document;
let web: CreatedClient;
let app: CreatedClient;
let api: CreatedClient;
/** `post /oauth2/token 200`: what has really been answered. */
const seen = new Set<string>();
const validators = new Map<string, ValidateFunction>();
const ajv = new Ajv2020({ strict: false, allErrors: true });

beforeAll(async () => {
  suite = await startOneProcess();
  operator = new Operator(suite);
  document = (await request(`${suite.issuer}/openapi.json`)).json() as unknown as Document;
  ajv.addSchema({ $id: 'openapi', components: document.components });
  await operator.createIdentity({ email, password });
  const person = { redirect_uris: [redirect_uri], scope: 'openid email offline_access orders.read' };
  const grant_types = ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'];
  web = await operator.createClient({
    redirect_uris: [redirect_uri],
    grant_types,
    scope: 'openid email offline_access',
    consent_skipped: true,
  });
  app = await operator.createClient({ ...person, scope: 'openid', userinfo_signed_response_alg: 'ES256' });
  api = await operator.createClient({
    grant_types: ['client_credentials'],
    response_types: [],
    introspection_signed_response_alg: 'ES256',
  });
});
afterAll(async () => {
  operator?.close();
  await suite?.stop();
});

/** The answer, which must be as the description says; the operation by the template of its path. */
async function described(method: string, path: string, answered: Promise<Answer>): Promise<Answer> {
  const answer = await answered;
  const operation = document.paths[path]?.[method];
  if (operation === undefined) throw new Error(`${method} ${path} is not described`);
  const name = `${method} ${path} ${answer.status}`;
  const response = operation.responses[answer.status];
  if (response === undefined) throw new Error(`${name} is not described: ${answer.text}`);
  seen.add(name);
  const type = (answer.headers.get('content-type') ?? '').split(';')[0] ?? '';
  const content = response.content;
  if (content === undefined) expect([name, answer.text]).toEqual([name, '']);
  else {
    expect([name, Object.keys(content)]).toEqual([name, expect.arrayContaining([type])]);
    const schema = content[type]?.schema ?? {};
    validate(name, schema, type.includes('json') ? answer.json() : answer.text);
  }
  return answer;
}

function validate(name: string, schema: object, value: unknown): void {
  const text = JSON.stringify(schema).replaceAll('"#/', '"openapi#/');
  const isValid = validators.get(text) ?? ajv.compile(JSON.parse(text));
  validators.set(text, isValid);
  expect([name, isValid(value), isValid.errors]).toEqual([name, true, null]);
}

const at = (path: string): string => `${suite.issuer}${path}`;
const form = (path: string, fields: Record<string, string>, client?: CreatedClient, headers = {}) =>
  described('post', path, post(at(path), fields, client, headers));
const get = (path: string, headers: Record<string, string> = {}, template = path) =>
  described('get', template, request(at(path), { headers }));
const sent = (method: string, path: string, template: string, token: string, body?: string) => {
  const headers = { 'content-type': 'application/json', ...(token !== '' && { authorization: `Bearer ${token}` }) };
  return described(method, template, request(at(path), { method: method.toUpperCase(), headers, ...(body !== undefined && { body }) }));
};
const nobody = (): CreatedClient => ({ ...web, client_secret: 'wrong' });

describe('OpenAPI 3.1', () => {
  test('the documents', async () => {
    expect(document.openapi).toBe('3.1.1');
    const documents = Object.keys(document.paths).filter((path) => path.startsWith('/.well-known/') || path === '/openapi.json');
    expect(documents.length).toBeGreaterThan(4);
    for (const path of documents) {
      const answer = await get(path);
      await get(path, { 'if-none-match': answer.headers.get('etag') ?? '' });
    }
  });

  test('authorize, in a browser', async () => {
    const party = new RelyingParty(suite.issuer, web, 'openid');
    const begun = party.begin();
    await get(begun.url.slice(suite.issuer.length), {}, '/oauth2/authorize');
    await get('/oauth2/authorize?client_id=nobody', {}, '/oauth2/authorize');
    const person = new Person(suite.issuer, email, password);
    await person.authorize(begun.url);
    const { url } = party.begin({ response_mode: 'form_post' });
    const cookie = person.cookies;
    await get(url.slice(suite.issuer.length), { cookie }, '/oauth2/authorize');
    const asked = Object.fromEntries(new URL(url).searchParams);
    await form('/oauth2/authorize', asked, undefined, { cookie });
    await form('/oauth2/authorize', { ...asked, response_mode: 'query' }, undefined, { cookie });
    await form('/oauth2/authorize', { client_id: 'nobody' });
  });

  test('token, UserInfo, introspection and revocation', async () => {
    const party = new RelyingParty(suite.issuer, web, 'openid email offline_access');
    const { code, verifier } = await party.code(new Person(suite.issuer, email, password));
    const redeemed = await form('/oauth2/token', { grant_type: 'authorization_code', code, redirect_uri, code_verifier: verifier }, web);
    const tokens = redeemed.json() as Record<string, string>;
    await form('/oauth2/token', { grant_type: 'refresh_token', refresh_token: tokens['refresh_token'] ?? '' }, web);
    await form('/oauth2/token', { grant_type: 'client_credentials' }, api);
    await form('/oauth2/token', { grant_type: 'refresh_token', refresh_token: 'x' }, web);
    await form('/oauth2/token', { grant_type: 'refresh_token' }, nobody());

    const authorization = `Bearer ${tokens['access_token']}`;
    await get('/oauth2/userinfo', { authorization });
    await get('/oauth2/userinfo');
    await form('/oauth2/userinfo', { access_token: tokens['access_token'] ?? '' });
    await form('/oauth2/userinfo', { access_token: tokens['access_token'] ?? '' }, undefined, { authorization });
    await form('/oauth2/userinfo', {});
    const signed = await new RelyingParty(suite.issuer, app, 'openid').tokens(new Person(suite.issuer, email, password));
    const about = await described('get', '/oauth2/userinfo', bearer(at('/oauth2/userinfo'), signed.access_token));
    expect(about.headers.get('content-type')).toContain('application/jwt');
    const machine = (await form('/oauth2/token', { grant_type: 'client_credentials' }, api)).json()['access_token'];
    await described('get', '/oauth2/userinfo', bearer(at('/oauth2/userinfo'), String(machine)));
    await form('/oauth2/userinfo', { access_token: String(machine) });

    await form('/oauth2/introspect', { token: tokens['access_token'] ?? '' }, web);
    await form('/oauth2/introspect', { token: 'x' }, web);
    const jwt = { accept: 'application/token-introspection+jwt' };
    const proven = await form('/oauth2/introspect', { token: String(machine) }, api, jwt);
    expect(proven.headers.get('content-type')).toContain('token-introspection+jwt');
    await form('/oauth2/introspect', {}, web);
    await form('/oauth2/introspect', { token: 'x' }, nobody());

    await form('/oauth2/revoke', { token: tokens['refresh_token'] ?? '' }, web);
    await form('/oauth2/revoke', {}, web);
    await form('/oauth2/revoke', { token: 'x' }, nobody());
  });

  test('pushed requests and devices', async () => {
    const asked = { response_type: 'code', redirect_uri, scope: 'openid', code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' };
    await form('/oauth2/par', asked, web);
    await form('/oauth2/par', { ...asked, response_type: 'nonsense' }, web);
    await form('/oauth2/par', asked, nobody());
    await form('/oauth2/device_authorization', { scope: 'openid' }, web);
    await form('/oauth2/device_authorization', { scope: 'openid' }, api);
    await form('/oauth2/device_authorization', { scope: 'openid' }, nobody());
  });

  test('registration and its management', async () => {
    const { value } = await operator.createRegistrationToken({ uses_limit: 5 });
    const metadata = JSON.stringify({ redirect_uris: ['https://app.example.com/cb'], client_name: 'Registered' });
    const registered = (await sent('post', '/oauth2/register', '/oauth2/register', value, metadata)).json() as Record<string, string>;
    await sent('post', '/oauth2/register', '/oauth2/register', value, '{"redirect_uris":"no"}');
    await sent('post', '/oauth2/register', '/oauth2/register', '', metadata);
    const path = `/oauth2/register/${registered['client_id']}`;
    const token = registered['registration_access_token'] ?? '';
    const one = '/oauth2/register/{client_id}';
    await sent('get', path, one, token);
    await sent('get', path, one, 'x');
    await sent(
      'put',
      path,
      one,
      token,
      JSON.stringify({ client_id: registered['client_id'], redirect_uris: ['https://app.example.com/cb'] }),
    );
    await sent('put', path, one, token, '{"redirect_uris":"no"}');
    await sent('put', path, one, 'x', metadata);
    await sent('delete', path, one, 'x');
    await sent('delete', path, one, token);
  });

  test('sign-out, and the frame', async () => {
    const back = await operator.createClient({ redirect_uris: [redirect_uri], post_logout_redirect_uris: [redirect_uri] });
    const { client_id } = back;
    const path = '/oauth2/logout';
    await get(path);
    await get(`${path}?client_id=${client_id}&post_logout_redirect_uri=${encodeURIComponent(redirect_uri)}`, {}, path);
    await get(`${path}?client_id=${client_id}&post_logout_redirect_uri=https://evil.example/`, {}, path);
    await form(path, {});
    await form(path, { client_id, post_logout_redirect_uri: redirect_uri });
    await form(path, { client_id, post_logout_redirect_uri: 'https://evil.example/' });
    await get('/oauth2/check-session');
    await operator.setSetting('token.session_management', true);
    await expect.poll(async () => (await request(at('/oauth2/check-session'))).status).toBe(200);
    await get('/oauth2/check-session');
  });

  test('whatever else is refused looks like the default', async () => {
    const schema = document.paths['/oauth2/token']?.['post']?.responses['default']?.content?.['application/json']?.schema ?? {};
    const large = await post(at('/oauth2/token'), { grant_type: 'x'.repeat(70_000) }, web);
    const method = await request(at('/oauth2/token'), { headers: { authorization: basic(web) } });
    expect([large.status, method.status]).toEqual([413, 405]);
    for (const answer of [large, method]) validate(`default ${answer.status}`, schema, answer.json());
  });

  test('every documented answer has been given by the server', () => {
    const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { responses }]) => Object.keys(responses).map((status) => `${method} ${path} ${status}`)),
    );
    expect(documented.filter((name) => !name.endsWith('default') && !seen.has(name))).toEqual([]);
  });
});

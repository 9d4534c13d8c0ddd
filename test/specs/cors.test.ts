import {
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
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const password = 'violet tractor hums 42 lullabies';
const origin = 'https://spa.example.com';
const listed = 'https://elsewhere.example.com';

let suite: Suite;
let operator: Operator;
let app: CreatedClient;
let server: CreatedClient;
beforeAll(async () => {
  suite = await startOneProcess();
  operator = new Operator(suite);
  const common = {
    redirect_uris: [`${origin}/callback`],
    grant_types: ['authorization_code', 'refresh_token'],
    scope: 'openid offline_access',
  };
  app = await operator.createClient({ ...common, token_endpoint_auth_method: 'none' });
  server = await operator.createClient({ ...common, allowed_origins: [listed] });
});
afterAll(async () => {
  operator?.close();
  await suite?.stop();
});

const allowed = ({ headers }: { headers: Headers }): string | null => headers.get('access-control-allow-origin');
const at = (path: string): string => `${suite.issuer}${path}`;
const preflight = (path: string, from: string, method = 'POST') =>
  request(at(path), {
    method: 'OPTIONS',
    headers: { origin: from, 'access-control-request-method': method, 'access-control-request-headers': 'authorization,content-type,dpop' },
  });

describe('Fetch §3.2 (CORS) per client origin', () => {
  test('a public client in a page redeems its code, refreshes, reads UserInfo and revokes', async () => {
    await operator.createIdentity({ email: 'spa@example.com', password });
    const party = new RelyingParty(suite.issuer, app, 'openid offline_access');
    const { code, verifier } = await party.code(new Person(suite.issuer, 'spa@example.com', password));
    const { redirect_uri, client_id } = app;
    const form = { grant_type: 'authorization_code', code, redirect_uri, client_id, code_verifier: verifier };
    const tokens = await post(at('/oauth2/token'), form, undefined, { origin });
    expect([tokens.status, allowed(tokens)]).toEqual([200, origin]);
    expect(tokens.headers.get('vary')).toBe('Origin');
    const { access_token, refresh_token } = tokens.json() as Record<string, string>;

    const about = await request(at('/oauth2/userinfo'), { headers: { origin, authorization: `Bearer ${access_token}` } });
    expect([about.status, allowed(about)]).toEqual([200, origin]);
    const read = await request(at('/oauth2/userinfo'), { headers: { origin: listed, authorization: `Bearer ${access_token}` } });
    expect([read.status, allowed(read)]).toEqual([200, null]);

    const refreshed = await post(
      at('/oauth2/token'),
      { grant_type: 'refresh_token', refresh_token: refresh_token ?? '', client_id },
      undefined,
      { origin },
    );
    expect([refreshed.status, allowed(refreshed)]).toEqual([200, origin]);
    const revoked = await post(at('/oauth2/revoke'), { token: String(refreshed.json()['refresh_token']), client_id }, undefined, {
      origin,
    });
    expect([revoked.status, allowed(revoked)]).toEqual([200, origin]);
  });

  test('a refusal may be read too: a page learns why', async () => {
    const refused = await post(at('/oauth2/token'), { grant_type: 'authorization_code', code: 'x', client_id: app.client_id }, undefined, {
      origin,
    });
    expect([refused.status, allowed(refused), refused.json()['error']]).toEqual([400, origin, 'invalid_grant']);
  });

  test('attack: a page of another origin reads no answer, whatever client it names', async () => {
    for (const from of [
      'https://evil.example',
      'null',
      `${origin}.evil.example`,
      'https://spa.example.com:8443',
      'http://spa.example.com',
      listed,
    ]) {
      const answer = await post(at('/oauth2/token'), { grant_type: 'authorization_code', code: 'x', client_id: app.client_id }, undefined, {
        origin: from,
      });
      expect([from, allowed(answer)]).toEqual([from, null]);
    }
  });

  test('attack: no cookie ever counts: answers are never for credentials, and the session cookie changes nothing', async () => {
    const person = new Person(suite.issuer, 'spa@example.com', password);
    await person.signIn();
    const headers = { origin, cookie: person.cookies };
    const answers = [
      await request(at('/oauth2/userinfo'), { headers }),
      await post(at('/oauth2/token'), { grant_type: 'refresh_token', refresh_token: 'x', client_id: app.client_id }, undefined, headers),
      await preflight('/oauth2/token', origin),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 400, 204]);
    for (const answer of answers) expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
  });

  test('a client with a secret is for servers: a page may read only where the operator listed its origin', async () => {
    const ask = (from: string) => post(at('/oauth2/token'), { grant_type: 'authorization_code', code: 'x' }, server, { origin: from });
    expect([allowed(await ask(origin)), allowed(await ask(listed))]).toEqual([null, listed]);
  });

  test('preflights: https and loopback origins, without asking whose; never null or plain http', async () => {
    const answer = await preflight('/oauth2/token', origin);
    expect([answer.status, allowed(answer)]).toEqual([204, origin]);
    expect(answer.headers.get('access-control-allow-headers')).toContain('DPoP');
    expect(allowed(await preflight('/oauth2/token', 'http://localhost:5173'))).toBe('http://localhost:5173');
    expect(allowed(await preflight('/oauth2/token', 'null'))).toBeNull();
    expect(allowed(await preflight('/oauth2/token', 'http://spa.example.com'))).toBeNull();
  });

  test('discovery and keys are for everybody; introspection and pages for nobody', async () => {
    for (const path of ['/.well-known/openid-configuration', '/.well-known/jwks.json']) {
      expect(allowed(await request(at(path), { headers: { origin: 'https://anybody.example' } }))).toBe('*');
    }
    expect(allowed(await post(at('/oauth2/introspect'), { token: 'x' }, server, { origin: listed }))).toBeNull();
    expect(allowed(await request(at('/login'), { headers: { origin } }))).toBeNull();
    expect((await preflight('/oauth2/introspect', listed)).status).toBe(405);
    expect((await bearer(at('/oauth2/userinfo'), 'x')).headers.get('vary')).toBeNull();
  });
});

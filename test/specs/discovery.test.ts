import { freePorts, Operator, Person, RelyingParty, request, startOneProcess, type Suite } from '@authority/testing/suite';
import { decodeJwt } from 'jose';
import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** An issuer with a path: everything lies below it (contract.md, "Settings"). */
let suite: Suite;
let origin: string;
beforeAll(async () => {
  const [port] = await freePorts(1);
  origin = `http://localhost:${port}`;
  suite = await startOneProcess({ env: { AUTHORITY_ISSUER: `${origin}/tenant`, AUTHORITY_HTTP_LISTEN: `127.0.0.1:${port}` } });
});
afterAll(() => suite?.stop());

const metadata = async (): Promise<Record<string, unknown>> => (await request(`${suite.issuer}/.well-known/openid-configuration`)).json();

describe('OpenID Connect Discovery 1.0 and RFC 8414', () => {
  test('RFC 8414 §3.1: with a path in the issuer the document is in both places, and is one', async () => {
    const places = [
      `${origin}/tenant/.well-known/openid-configuration`,
      `${origin}/.well-known/openid-configuration/tenant`,
      `${origin}/.well-known/oauth-authorization-server/tenant`,
    ];
    const answers = await Promise.all(places.map((place) => request(place)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers[0]?.headers.get('content-type')).toContain('application/json');
    expect((await request(`${origin}/.well-known/openid-configuration`)).status).toBe(404);
  });

  test('RFC 8414 §3.3, OpenID Connect Discovery §4.3: published clients accept the document', async () => {
    const issuer = new URL(suite.issuer);
    for (const algorithm of ['oidc', 'oauth2'] as const) {
      const answer = await oauth.discoveryRequest(issuer, { algorithm, [oauth.allowInsecureRequests]: true });
      expect((await oauth.processDiscoveryResponse(issuer, answer)).issuer).toBe(suite.issuer);
    }
  });

  test('OpenID Connect Discovery §3: what is required is there, and every endpoint that is named exists', async () => {
    const document = await metadata();
    for (const name of ['scopes_supported', 'response_types_supported', 'grant_types_supported', 'subject_types_supported']) {
      expect([name, Array.isArray(document[name])]).toEqual([name, true]);
    }
    expect(document).toMatchObject({
      response_types_supported: expect.arrayContaining(['code']),
      response_modes_supported: ['query', 'fragment', 'form_post'],
      code_challenge_methods_supported: ['S256'],
      id_token_signing_alg_values_supported: expect.arrayContaining(['RS256', 'ES256']),
      authorization_response_iss_parameter_supported: true,
    });
    const endpoints = Object.entries(document).filter(([name]) => name.endsWith('_endpoint') || name === 'jwks_uri');
    expect(endpoints.length).toBeGreaterThanOrEqual(8);
    for (const [name, url] of endpoints) {
      expect(String(url).startsWith(`${suite.issuer}/`)).toBe(true);
      const { status } = await request(String(url), { headers: { accept: 'application/json' } });
      expect([name, status]).not.toEqual([name, 404]);
    }
  });

  test('RFC 9110 §13.1.2: the documents have an entity tag, and an unchanged one is 304', async () => {
    for (const path of ['/.well-known/openid-configuration', '/.well-known/jwks.json']) {
      const etag = (await request(`${suite.issuer}${path}`)).headers.get('etag') ?? '';
      expect(etag).toMatch(/^(W\/)?".+"$/);
      expect((await request(`${suite.issuer}${path}`, { headers: { 'if-none-match': etag } })).status).toBe(304);
    }
  });

  test('RFC 7517 §5: the key set has public keys only, each with kid, alg and use', async () => {
    const { keys } = (await request(`${suite.issuer}/.well-known/jwks.json`)).json() as { keys: Record<string, string>[] };
    expect(new Set(keys.map(({ alg }) => alg))).toEqual(new Set(['ES256', 'RS256', 'EdDSA', 'PS256', 'RSA-OAEP-256', 'ECDH-ES']));
    for (const key of keys) {
      const encrypts = ['RSA-OAEP-256', 'ECDH-ES'].includes(key['alg'] ?? '');
      expect(key).toMatchObject({ kid: expect.any(String), use: encrypts ? 'enc' : 'sig' });
      for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) expect(key[secret]).toBeUndefined();
    }
    expect(new Set(keys.map(({ kid }) => kid)).size).toBe(keys.length);
  });

  test('OpenID Connect Core §3.1: the whole walk works below a path', async () => {
    const operator = new Operator(suite);
    const person = { email: 'path@example.com', password: 'violet tractor hums 42 lullabies' };
    const { sub } = await operator.createIdentity(person);
    const client = await operator.createClient({
      redirect_uris: ['http://127.0.0.1:9/callback'],
      grant_types: ['authorization_code'],
      response_types: ['code'],
      scope: 'openid email',
    });
    operator.close();
    const party = new RelyingParty(suite.issuer, client, 'openid email');
    const tokens = await party.tokens(new Person(suite.issuer, person.email, person.password));
    expect(decodeJwt(tokens.id_token)).toMatchObject({ iss: suite.issuer, sub, aud: client.client_id });
    expect((await party.userInfo(tokens.access_token)).json()).toMatchObject({ sub, email: person.email });
  });
});

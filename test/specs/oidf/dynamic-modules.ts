import { setTimeout as sleep } from 'node:timers/promises';
import { answered, authorityctl, type Person, request, tokensOf } from '@authority/testing/suite';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify, SignJWT, UnsecuredJWT } from 'jose';
import { expect } from 'vitest';
import {
  callback,
  clientKey,
  type DynamicClient,
  type DynamicRun,
  happy,
  happyFrom,
  idTokenOf,
  refusal,
  registered,
  requestOf,
  token,
  userInfo,
} from './dynamic-client.ts';

type Module = (run: DynamicRun) => Promise<void>;

/** CreateRandomRequestUriWithFragment. */
const requestPath = '/requests/one.jwt#a-fragment';

async function metadataOf({ suite }: DynamicRun): Promise<Record<string, unknown>> {
  return (await request(`${suite.issuer}/.well-known/openid-configuration`)).json();
}

/** An error page, and no redirect (RFC 6749 §4.1.2.1). */
async function isErrorPage({ signedIn }: DynamicRun, url: string): Promise<void> {
  const { page } = await signedIn.walk(url);
  expect(page?.status).toBe(400);
}

/** The pages that a new browser is shown on the way. */
async function pages(run: DynamicRun, client: DynamicClient): Promise<string> {
  const person: Person = run.ada();
  const login = await person.visit(requestOf(run, client).url);
  expect(login.url.pathname).toBe('/login');
  const consent = await person.signIn(login);
  expect(consent.url.pathname).toBe('/consent');
  return `${login.page?.text}${consent.page?.text}`;
}

/** RFC 7591 §2: an address for people to read, on a page before they allow anything. */
const showsLink =
  (name: 'policy_uri' | 'tos_uri'): Module =>
  async (run) => {
    const uri = `https://rp.example/${name}`;
    expect(await pages(run, await registered(run, { [name]: uri }))).toContain(`href="${uri}"`);
  };

const refreshing = { grant_types: ['authorization_code', 'refresh_token'] };
const offline = { scope: 'openid offline_access', prompt: 'consent' };

/** The refresh succeeds, and its ID Token says what the first did. */
async function refreshes(run: DynamicRun, client: DynamicClient, first: Awaited<ReturnType<typeof happy>>): Promise<void> {
  const { refresh_token } = first.tokens;
  expect(refresh_token).toMatch(/^[\x20-\x7e]+$/);
  const later = tokensOf(await token(run, client, { grant_type: 'refresh_token', refresh_token }));
  const { iss, sub, aud } = await idTokenOf(run, client, later.id_token);
  expect(first.idToken).toMatchObject({ iss, sub, aud });
  expect((await userInfo(run, later.access_token)).json()).toMatchObject({ sub });
}

const sector = (run: DynamicRun, uris: readonly string[]): object => {
  run.host.files.set('/redirect_uris.json', JSON.stringify(uris));
  return { subject_type: 'pairwise', sector_identifier_uri: `${run.host.origin}/redirect_uris.json` };
};

/** What is published: keys as RFC 7517 has them, public, each with a name of its own. */
async function publishedKids({ suite }: DynamicRun): Promise<string[]> {
  const { keys } = (await request(`${suite.issuer}/.well-known/jwks.json`)).json() as { keys: Record<string, string>[] }; // RFC 7517 §5
  for (const key of keys) {
    expect(key).toMatchObject({ kty: expect.any(String), kid: expect.any(String), use: expect.any(String) });
    expect(key).not.toHaveProperty('d');
  }
  const kids = keys.map(({ kid = '' }) => kid);
  expect(new Set(kids).size).toBe(kids.length);
  return kids;
}

/** Modules by the names of the conformance suite, in the order of its plan. */
export const dynamicModules: Readonly<Record<string, Module>> = {
  async 'oidcc-idtoken-rs256'(run) {
    const { tokens } = await happy(run, await registered(run, { id_token_signed_response_alg: 'RS256' }));
    expect(decodeProtectedHeader(tokens.id_token)).toMatchObject({ alg: 'RS256', kid: expect.any(String) });
  },
  async 'oidcc-idtoken-unsigned'(run) {
    expect((await metadataOf(run))['id_token_signing_alg_values_supported']).not.toContain('none');
    expect(await refusal(run, { id_token_signed_response_alg: 'none' })).toBe('invalid_client_metadata');
  },
  async 'oidcc-userinfo-rs256'(run) {
    expect((await metadataOf(run))['userinfo_signing_alg_values_supported']).toContain('RS256');
    const client = await registered(run, { userinfo_signed_response_alg: 'RS256' });
    const { tokens } = await happy(run, client);
    const answer = await userInfo(run, tokens.access_token);
    expect(answer.headers.get('content-type')).toContain('application/jwt');
    const keys = createRemoteJWKSet(new URL(`${run.suite.issuer}/.well-known/jwks.json`));
    const options = { issuer: run.suite.issuer, audience: client.client_id, algorithms: ['RS256'] };
    const { payload } = await jwtVerify(answer.text, keys, options);
    expect(payload.sub).toBe(run.sub);
    expect(payload).not.toHaveProperty('nonce');
  },
  async 'oidcc-ensure-redirect-uri-in-authorization-request'(run) {
    const client = await registered(run, { redirect_uris: [callback, `${callback}2`] });
    await isErrorPage(run, requestOf(run, client, { redirect_uri: '' }).url);
  },
  async 'oidcc-redirect-uri-query-OK'(run) {
    const { arrived } = await happy(run, await registered(run, { redirect_uris: [`${callback}?dummy1=lorem&dummy2=ipsum`] }));
    expect(arrived).toMatchObject({ dummy1: 'lorem', dummy2: 'ipsum' });
  },
  async 'oidcc-redirect-uri-query-mismatch'(run) {
    const client = await registered(run, { redirect_uris: [`${callback}?dummy1=lorem&dummy2=ipsum`] });
    await isErrorPage(run, requestOf(run, client, { redirect_uri: `${callback}?foo=bar` }).url);
  },
  async 'oidcc-redirect-uri-query-added'(run) {
    await isErrorPage(run, requestOf(run, await registered(run), { redirect_uri: `${callback}?dummy1=lorem&dummy2=ipsum` }).url);
  },
  async 'oidcc-redirect-uri-regfrag'(run) {
    expect(await refusal(run, { redirect_uris: [`${callback}#foobar`] })).toBe('invalid_redirect_uri');
  },
  async 'oidcc-discovery-endpoint-verification'(run) {
    const { issuer } = run.suite;
    expect(await metadataOf(run)).toMatchObject({
      ...{ issuer, registration_endpoint: `${issuer}/oauth2/register`, jwks_uri: `${issuer}/.well-known/jwks.json` },
      response_types_supported: expect.arrayContaining(['code', 'id_token', 'id_token token']),
      grant_types_supported: expect.arrayContaining(['authorization_code', 'implicit']),
      token_endpoint_auth_methods_supported: expect.arrayContaining(['private_key_jwt']),
      id_token_signing_alg_values_supported: expect.arrayContaining(['RS256']),
      ...{ scopes_supported: expect.arrayContaining(['openid']), subject_types_supported: expect.arrayContaining(['public']) },
      ...{ claims_supported: expect.arrayContaining(['sub']), claims_parameter_supported: true, request_uri_parameter_supported: true },
    });
    await publishedKids(run);
  },
  async 'oidcc-server'(run) {
    const { tokens, arrived } = await happy(run, await registered(run));
    expect(arrived['code']?.length).toBeGreaterThan(21);
    expect((await userInfo(run, tokens.access_token)).json()).toMatchObject({ sub: run.sub });
  },
  async 'oidcc-registration-logo-uri'(run) {
    const client = await registered(run, { logo_uri: `${run.host.origin}/logo.png` });
    expect(await pages(run, client)).not.toContain('logo.png');
  },
  'oidcc-registration-policy-uri': showsLink('policy_uri'),
  'oidcc-registration-tos-uri': showsLink('tos_uri'),
  async 'oidcc-registration-jwks-uri'(run) {
    const key = clientKey();
    run.host.files.set('/registered.json', JSON.stringify(key.jwks));
    await happy(run, await registered(run, { jwks_uri: `${run.host.origin}/registered.json` }, key));
  },
  async 'oidcc-registration-sector-uri'(run) {
    expect((await metadataOf(run))['subject_types_supported']).toContain('pairwise');
    const { idToken } = await happy(run, await registered(run, sector(run, [callback])));
    expect(idToken.sub).not.toBe(run.sub);
  },
  async 'oidcc-registration-sector-bad'(run) {
    expect(await refusal(run, sector(run, [`${callback}/other`]))).toBe('invalid_client_metadata');
  },
  async 'oidcc-server-rotate-keys'(run) {
    const before = await publishedKids(run);
    await run.operator.setSetting('token.key_activation_delay', 5);
    expect((await authorityctl(run.suite, ['keys', 'rotate', '--use', 'signing', '--alg', 'RS256'])).code).toBe(0);
    await expect.poll(() => publishedKids(run), { timeout: 5_000 }).toHaveLength(before.length + 1);
    expect(await publishedKids(run)).toEqual(expect.arrayContaining(before));
    const client = await registered(run);
    const signedBy = async () => decodeProtectedHeader((await happy(run, client)).tokens.id_token).kid ?? '';
    await expect.poll(async () => before.includes(await signedBy()), { timeout: 15_000, interval: 1_000 }).toBe(false);
  },
  async 'oidcc-refresh-token-rp-key-rotation'(run) {
    const key = clientKey();
    run.host.files.set('/rotated.json', JSON.stringify(key.jwks));
    const client = await registered(run, { ...refreshing, jwks_uri: `${run.host.origin}/rotated.json` }, key);
    const first = await happy(run, client, offline);
    const next = clientKey();
    run.host.files.set('/rotated.json', JSON.stringify(next.jwks));
    await sleep(31_000); // the suite waits for a minute, so that no bound on how often a jwks_uri is read is met
    await refreshes(run, { ...client, key: next }, first);
  },
  async 'oidcc-request-uri-unsigned'(run) {
    expect((await metadataOf(run))['request_object_signing_alg_values_supported']).not.toContain('none');
    const request_uri = `${run.host.origin}${requestPath}`;
    const client = await registered(run, { request_uris: [request_uri] });
    const { url, parameters } = requestOf(run, client);
    run.host.files.set(
      '/requests/one.jwt',
      new UnsecuredJWT(parameters).setIssuer(client.client_id).setAudience(run.suite.issuer).encode(),
    );
    const { values } = await answered(run.signedIn, `${url}&${new URLSearchParams({ request_uri })}`);
    expect(values).toMatchObject({ error: 'invalid_request_object' });
    expect(values).not.toHaveProperty('code');
    expect(run.host.asked).toContain('/requests/one.jwt');
  },
  async 'oidcc-request-uri-signed-rs256'(run) {
    expect((await metadataOf(run))['request_object_signing_alg_values_supported']).toContain('RS256');
    const request_uri = `${run.host.origin}${requestPath}`;
    const client = await registered(run, { request_uris: [request_uri], request_object_signing_alg: 'RS256' });
    const asked = requestOf(run, client);
    const object = new SignJWT(asked.parameters).setIssuer(client.client_id).setAudience(run.suite.issuer);
    run.host.files.set(
      '/requests/one.jwt',
      await object.setProtectedHeader({ alg: 'RS256', kid: client.key.kid }).sign(client.key.privateKey),
    );
    const beside = new URLSearchParams({ client_id: client.client_id, response_type: 'code', scope: 'openid', request_uri });
    await happyFrom(run, client, asked, `${run.suite.issuer}/oauth2/authorize?${beside}`);
  },
  async 'oidcc-ensure-request-object-with-redirect-uri'(run) {
    const client = await registered(run);
    const { parameters } = requestOf(run, client);
    const object = new UnsecuredJWT(parameters).setIssuer(client.client_id).setAudience(run.suite.issuer).encode();
    await isErrorPage(run, requestOf(run, client, { request: object, redirect_uri: `${callback}/foreign` }).url);
  },
  async 'oidcc-refresh-token'(run) {
    const client = await registered(run, refreshing);
    const first = await happy(run, client, offline);
    const other = await registered(run, refreshing);
    const foreign = await token(run, other, { grant_type: 'refresh_token', refresh_token: first.tokens.refresh_token });
    expect([foreign.status, foreign.json()['error']]).toEqual([400, 'invalid_grant']);
    await refreshes(run, client, first);
  },
  async 'oidcc-ensure-client-assertion-with-iss-aud-succeeds'(run) {
    await happy(run, await registered(run));
  },
};

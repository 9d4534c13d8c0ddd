import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KeyServiceService } from '@authority/contracts/admin';
import { type Answer, RelyingParty, request, root } from '@authority/testing/suite';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startWorld, type World } from '../front-channel/world.ts';
import type { Plan } from './plans.ts';
import { type Results, sectionOf } from './table.ts';

/*
 * The plan Dynamic of the OpenID Foundation's conformance suite: clients register themselves, with an initial access token.
 * docs/conformance-dynamic.md is written by this run (`vitest -u`).
 */
const callback = 'https://rp.example/callback';
let world: World;
let initial: string;
beforeAll(async () => {
  world = await startWorld();
  initial = (await world.operator.createRegistrationToken({ description: 'conformance' })).value;
});
afterAll(() => world?.stop());

type Metadata = Readonly<Record<string, unknown>>;

function register(metadata: Metadata): Promise<Answer> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${initial}` };
  const body = JSON.stringify({ redirect_uris: [callback], scope: 'openid email', ...metadata });
  return request(`${world.suite.issuer}/oauth2/register`, { method: 'POST', headers, body });
}

async function registered(metadata: Metadata = {}, redirect_uri = callback): Promise<RelyingParty> {
  const answer = await register(metadata);
  expect([answer.status, answer.text.includes('client_secret')]).toEqual([201, true]);
  const { client_id, client_secret } = answer.json() as Record<'client_id' | 'client_secret', string>; // RFC 7591 §3.2.1
  return new RelyingParty(world.suite.issuer, { client_id, client_secret, redirect_uri }, 'openid email');
}

/** What the browser is shown instead of an answer: never a redirect (RFC 6749 §4.1.2.1). */
async function isErrorPage(url: string): Promise<void> {
  const { page } = await world.ada().visit(url);
  expect(page?.status).toBe(400);
}

/** The consent page, where people see who asks. */
async function consentPage(metadata: Metadata): Promise<string> {
  const person = world.ada();
  await person.signIn();
  return (await person.visit((await registered(metadata)).begin().url)).page?.text ?? '';
}

const modules: Readonly<Record<string, () => Promise<void>>> = {
  async 'oidcc-idtoken-rs256'() {
    const { id_token } = await (await registered({ id_token_signed_response_alg: 'RS256' })).tokens(world.ada());
    expect(decodeProtectedHeader(id_token)).toMatchObject({ alg: 'RS256', kid: expect.any(String) });
  },
  async 'oidcc-idtoken-unsigned'() {
    expect((await register({ id_token_signed_response_alg: 'none' })).json()).toMatchObject({ error: 'invalid_client_metadata' });
  },
  async 'oidcc-userinfo-rs256'() {
    const party = await registered({ userinfo_signed_response_alg: 'RS256' });
    const answer = await party.userInfo((await party.tokens(world.ada())).access_token);
    expect(answer.headers.get('content-type')).toContain('application/jwt');
    const keys = createRemoteJWKSet(new URL(`${world.suite.issuer}/.well-known/jwks.json`));
    const { payload } = await jwtVerify(answer.text, keys, {
      issuer: world.suite.issuer,
      audience: party.client.client_id,
      algorithms: ['RS256'],
    });
    expect(payload).toMatchObject({ sub: world.sub });
  },
  async 'oidcc-ensure-redirect-uri-in-authorization-request'() {
    await isErrorPage((await registered()).begin({ redirect_uri: '' }).url);
  },
  async 'oidcc-redirect-uri-query-OK'() {
    const uri = `${callback}?foo=bar`;
    const arrived = await world.ada().authorize((await registered({ redirect_uris: [uri] }, uri)).begin().url);
    expect([arrived.searchParams.get('foo'), arrived.searchParams.has('code')]).toEqual(['bar', true]);
  },
  async 'oidcc-redirect-uri-query-mismatch'() {
    const party = await registered({ redirect_uris: [`${callback}?foo=bar`] });
    await isErrorPage(party.begin({ redirect_uri: `${callback}?foo=baz` }).url);
  },
  async 'oidcc-redirect-uri-query-added'() {
    await isErrorPage((await registered()).begin({ redirect_uri: `${callback}?foo=bar` }).url);
  },
  async 'oidcc-redirect-uri-regfrag'() {
    expect((await register({ redirect_uris: [`${callback}#foobar`] })).json()).toMatchObject({ error: 'invalid_redirect_uri' });
  },
  async 'oidcc-discovery-endpoint-verification'() {
    const metadata = (await request(`${world.suite.issuer}/.well-known/openid-configuration`)).json();
    expect(metadata).toMatchObject({ registration_endpoint: `${world.suite.issuer}/oauth2/register` });
    expect(metadata['response_types_supported']).toEqual(expect.arrayContaining(['code', 'id_token', 'id_token token']));
  },
  async 'oidcc-server'() {
    const party = await registered();
    const tokens = await party.tokens(world.ada());
    expect((await party.userInfo(tokens.access_token)).json()).toMatchObject({ sub: world.sub });
  },
  async 'oidcc-registration-logo-uri'() {
    const logo_uri = 'https://rp.example/logo.png';
    expect((await register({ logo_uri })).json()).toMatchObject({ logo_uri });
  },
  async 'oidcc-registration-policy-uri'() {
    expect(await consentPage({ policy_uri: 'https://rp.example/policy' })).toContain('href="https://rp.example/policy"');
  },
  async 'oidcc-registration-tos-uri'() {
    expect(await consentPage({ tos_uri: 'https://rp.example/tos' })).toContain('href="https://rp.example/tos"');
  },
  async 'oidcc-registration-sector-bad'() {
    const bad = { subject_type: 'pairwise', sector_identifier_uri: 'https://sector.invalid/uris.json' };
    expect((await register(bad)).json()).toMatchObject({ error: 'invalid_client_metadata' });
  },
  async 'oidcc-server-rotate-keys'() {
    const jwks = async (): Promise<string> => (await request(`${world.suite.issuer}/.well-known/jwks.json`)).text;
    const party = await registered();
    const before = decodeProtectedHeader((await party.tokens(world.ada())).id_token).kid ?? 'none';
    await world.operator.setSetting('token.key_activation_delay', 5);
    await world.operator.call(KeyServiceService.rotateKey, { use: 'signing', alg: 'RS256' });
    await sleep(7_000);
    const after = decodeProtectedHeader((await party.tokens(world.ada())).id_token).kid ?? 'none';
    expect(after).not.toBe(before);
    for (const kid of [before, after]) expect(await jwks()).toContain(`"${kid}"`);
  },
};

const results: Results = new Map();
const variants = [{ responseType: 'code', responseMode: 'default' }] as const;
const plan: Plan = { name: 'Dynamic', modules: Object.keys(modules).map((module) => ({ module, variants })) };

describe('OpenID Foundation, plan Dynamic', () => {
  test.each(Object.entries(modules))('%s', async (module, run) => {
    results.set(`Dynamic/${module}`, ['fail']);
    await run();
    results.set(`Dynamic/${module}`, ['pass']);
  });
});

test('docs/conformance-dynamic.md: the table says what this run has shown', async () => {
  const head = `# Conformance: dynamic registration

Written by \`test/specs/oidf/dynamic.test.ts\` (\`npx vitest run --project suite test/specs/oidf/dynamic -u\`); do not edit. As
[conformance.md](conformance.md), for the plan Dynamic. Clients register themselves with an initial access token, and authenticate by
\`client_secret_basic\`. A logo is kept and shown on no page: pages ask no other host for anything. The bad sector is one whose list cannot be
read.

Not here, because the client's side must be a public https host, which this machine is not: \`oidcc-registration-jwks-uri\`,
\`oidcc-registration-sector-uri\`, \`oidcc-refresh-token-rp-key-rotation\`, \`oidcc-request-uri-signed-rs256\`. What they ask for is tested with
fakes (\`libs/protocol\`, \`libs/outbound\`). \`oidcc-request-uri-unsigned\`, \`oidcc-ensure-request-object-with-redirect-uri\` and
\`oidcc-refresh-token\` are in [conformance.md](conformance.md); \`oidcc-ensure-client-assertion-with-iss-aud-succeeds\` is the first test of
\`test/specs/private-key-jwt.test.ts\`.
`;
  await expect(head + sectionOf(plan, results)).toMatchFileSnapshot(join(root, 'docs/conformance-dynamic.md'));
});

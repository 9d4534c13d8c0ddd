import { join } from 'node:path';
import { Operator, Person, randomText, startOneProcess, type Suite } from '@authority/testing/suite';
import { exportJWK, exportPKCS8, generateKeyPair } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dialogue } from './dialogue.ts';

const password = 'violet tractor hums 42 lullabies';
const redirect_uri = 'http://127.0.0.1:9/callback';
const scope = 'openid email offline_access';
const metadata = {
  ...{ redirect_uris: [redirect_uri], scope, response_types: ['code'] },
  grant_types: ['authorization_code', 'refresh_token'],
};

let suite: Suite;
let operator: Operator;
let person: Person;
beforeAll(async () => {
  suite = await startOneProcess();
  operator = new Operator(suite);
  await operator.createIdentity({ email: 'authlib@example.com', password });
  person = new Person(suite.issuer, 'authlib@example.com', password);
});
afterAll(async () => {
  operator?.close();
  await suite?.stop();
});

/** Debian's own Python, whose packages they are. */
const start = (): Dialogue =>
  new Dialogue('/usr/bin/python3', [join(import.meta.dirname, 'authlib-application.py')], { AUTHLIB_INSECURE_TRANSPORT: '1' });

async function walk(credential: Record<string, unknown>): Promise<Record<string, unknown>> {
  const program = start();
  const asked = { issuer: suite.issuer, redirect_uri, scope, verifier: randomText(), nonce: randomText() };
  program.send(JSON.stringify({ ...asked, ...credential }));
  const { url } = JSON.parse(await program.line()) as { url: string }; // authlib-application.py
  program.send(JSON.stringify({ url: (await person.authorize(url)).href }));
  return JSON.parse(await program.line()) as Record<string, unknown>;
}

const signedIn = {
  claims: { iss: expect.any(String), nonce: expect.any(String) },
  user: { email: 'authlib@example.com' },
  introspected: { active: true },
  revoked: 200,
  gone: { active: false },
};

test('python3-authlib: code with PKCE, ID Token, UserInfo, refresh, introspection and revocation, by HTTP Basic', async () => {
  const { client_id, client_secret } = await operator.createClient(metadata);
  expect(await walk({ client_id, client_secret })).toMatchObject(signedIn);
});

test('python3-authlib: the same by private_key_jwt; its assertions are for the token endpoint, so the client is marked as old', async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256', use: 'sig' }] });
  const { client_id } = await operator.createClient({
    ...metadata,
    ...{ token_endpoint_auth_method: 'private_key_jwt', jwks, legacy_assertion_audience: true },
  });
  expect(await walk({ client_id, key: await exportPKCS8(privateKey) })).toMatchObject(signedIn);
});

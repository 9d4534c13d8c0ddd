import { randomUUID } from 'node:crypto';
import { Client, TrustedIssuer, TrustedIssuerServiceService } from '@authority/contracts/admin';
import { Operator, Person, post, RelyingParty, request, startOneProcess, type Suite } from '@authority/testing/suite';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTrap, type Trap } from './trap.ts';

let suite: Suite;
let operator: Operator;
let trap: Trap;
let hosts: string[];

beforeAll(async () => {
  suite = await startOneProcess();
  operator = new Operator(suite);
  const { publicKey } = await generateKeyPair('ES256', { extractable: true });
  trap = await startTrap(JSON.stringify({ keys: [await exportJWK(publicKey)] }));
  const { port } = new URL(trap.url);
  const spelled = ['127.0.0.1', 'localhost', 'LOCALHOST.', '127.1', '2130706433', '0x7f000001', '0177.0.0.1', '0.0.0.0', '0'];
  const six = ['[::1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[0:0:0:0:0:0:0:1]', '[64:ff9b::7f00:1]'];
  hosts = [...spelled, ...six].map((host) => `https://${host}:${port}`);
});
afterAll(async () => {
  operator?.close();
  await trap?.close();
  await suite?.stop();
});

const token = (): string => `${suite.issuer}/oauth2/token`;
/** Registration may refuse the address, or take it and never ask it: both are safe. */
const registered = async (client: Partial<Client>) => operator.createClient(client).catch(() => undefined);
const assertion = async (claims: Record<string, unknown>): Promise<string> => {
  const { privateKey } = await generateKeyPair('ES256');
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ aud: suite.issuer, jti: randomUUID(), iat: now, exp: now + 60, ...claims })
    .setProtectedHeader({ alg: 'ES256' })
    .sign(privateKey);
};

describe('RFC 7591 §5, RFC 9700 §4: no address that somebody registered leads into the house', () => {
  test('jwks_uri of a client', async () => {
    for (const host of hosts) {
      const client = await registered({
        ...{ grant_types: ['client_credentials'], token_endpoint_auth_method: 'private_key_jwt' },
        jwks_uri: `${host}/jwks_uri`,
      });
      if (!client) continue;
      const client_assertion = await assertion({ iss: client.client_id, sub: client.client_id });
      const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
      const answer = await post(token(), { grant_type: 'client_credentials', client_assertion_type, client_assertion });
      expect([answer.status, answer.json()['error']], host).toEqual([401, 'invalid_client']);
      // What went wrong out there is not told: it would map the network.
      expect(answer.text).not.toMatch(/refused|timeout|address|certificate|ECONN|private/i);
    }
  });

  test('jwks_uri of a trusted issuer', async () => {
    for (const [at, host] of hosts.entries()) {
      const issuer = `https://issuer-${at}.example`;
      const trusted_issuer = TrustedIssuer.fromPartial({ issuer, jwks_uri: `${host}/trusted`, scope: 'a' });
      await operator.call(TrustedIssuerServiceService.createTrustedIssuer, { trusted_issuer }).catch(() => undefined);
      const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
      const client = await operator.createClient({ grant_types: [grant_type], scope: 'a', jwt_bearer_issuers: [issuer] });
      const answer = await post(token(), { grant_type, assertion: await assertion({ iss: issuer, sub: 'ada' }) }, client);
      expect([answer.status, answer.json()['error']], host).toEqual([400, 'invalid_grant']);
    }
  });

  test('sector_identifier_uri, by an operator and by dynamic registration', async () => {
    for (const host of hosts) {
      await registered({ redirect_uris: ['https://app.example/cb'], subject_type: 'pairwise', sector_identifier_uri: `${host}/sector` });
      const { value } = await operator.createRegistrationToken({ uses_limit: 1 });
      const body = { redirect_uris: ['https://app.example/cb'], subject_type: 'pairwise', sector_identifier_uri: `${host}/sector` };
      const answer = await request(`${suite.issuer}/oauth2/register`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${value}` },
        body: JSON.stringify(body),
      });
      expect(answer.status, host).toBe(400);
    }
  });

  test('request_uris, registered or not', async () => {
    for (const host of hosts) {
      const client = await registered({ redirect_uris: ['https://app.example/cb'], scope: 'openid', request_uris: [`${host}/request`] });
      const { client_id } = client ?? (await operator.createClient({ redirect_uris: ['https://app.example/cb'], scope: 'openid' }));
      const query = new URLSearchParams({ client_id, response_type: 'code', scope: 'openid', request_uri: `${host}/request` });
      const answer = await request(`${suite.issuer}/oauth2/authorize?${query}`, { headers: { accept: 'text/html' } });
      expect(answer.status, host).toBeLessThan(500);
      expect(answer.headers.get('location') ?? '').not.toContain('code=');
    }
  });

  test('a client_id that is an address (Client ID Metadata Documents)', async () => {
    await operator.setSetting('token.client_documents', 'any');
    for (const host of hosts) {
      const client_id = `${host}/client.json`;
      const query = new URLSearchParams({ client_id, response_type: 'code', scope: 'openid', redirect_uri: `${host}/cb` });
      const answer = await request(`${suite.issuer}/oauth2/authorize?${query}`, { headers: { accept: 'text/html' } });
      expect([answer.status, answer.headers.get('location')], host).toEqual([400, null]);
      const asked = await post(token(), { grant_type: 'authorization_code', code: 'x', client_id });
      expect(asked.status, host).toBeLessThan(500);
    }
  });

  test('backchannel_logout_uri, and what is only shown or visited by browsers', async () => {
    const person = new Person(suite.issuer, 'ada@example.com', 'correct horse battery staple');
    const { sub } = await operator.createIdentity({ email: person.email, password: person.password });
    for (const host of hosts.slice(0, 4)) {
      const shown = { logo_uri: `${host}/logo`, client_uri: `${host}/client`, policy_uri: `${host}/policy`, tos_uri: `${host}/tos` };
      const client = await registered({
        ...{ redirect_uris: ['https://app.example/cb'], scope: 'openid', ...shown, initiate_login_uri: `${host}/initiate` },
        ...{ backchannel_logout_uri: `${host}/back`, frontchannel_logout_uri: `${host}/front` },
      });
      if (client) await new RelyingParty(suite.issuer, client, 'openid').tokens(person);
    }
    for (const { sid } of await operator.sessionsOf(sub)) await operator.endSession(sid);
    await expect.poll(async () => (await operator.sessionsOf(sub)).length, { timeout: 5000 }).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 3000));
  });

  test('nobody was asked, and nothing was a fault', () => {
    expect(trap.asked).toEqual([]);
    expect(
      suite
        .output()
        .split('\n')
        .filter((line) => line.includes('"level":"error"')),
    ).toEqual([]);
  });
});

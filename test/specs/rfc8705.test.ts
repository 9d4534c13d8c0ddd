import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  commonName,
  DpopKey,
  freePorts,
  Operator,
  Person,
  post,
  randomText,
  RelyingParty,
  request,
  startOneProcess,
  type Suite,
  TestCertificate,
} from '@authority/testing/suite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const authority = new TestCertificate({ isAuthority: true, subject: [[[commonName, 'the authority']]] });
const server = new TestCertificate({
  issuer: authority,
  subject: [[[commonName, 'localhost']]],
  alternativeNames: [[2, 'localhost']],
  extendedKeyUsage: '1.3.6.1.5.5.7.3.1',
});
const subject: readonly (readonly (readonly [string, string])[])[] = [[['2.5.4.10', 'Example']], [[commonName, 'machine']]];
const mine = new TestCertificate({ issuer: authority, subject, alternativeNames: [[2, 'machine.example.test']] });
const another = new TestCertificate({ issuer: authority, subject: [[[commonName, 'somebody']]] });
/** The right subject by nobody's authority. */
const forged = new TestCertificate({ subject, alternativeNames: [[2, 'machine.example.test']] });
const selfSigned = new TestCertificate();

const folder = mkdtempSync(join(tmpdir(), 'authority-8705-'));
const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text, { mode: 0o600 });
  return join(folder, name);
};
const authorityFile = write('ca.pem', authority.pem);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const machine = { grant_types: ['client_credentials'], token_endpoint_auth_method: 'tls_client_auth' };
const bound = { tls_client_certificate_bound_access_tokens: true };
const credentials = { grant_type: 'client_credentials' };
const thumbprintOf = ({ der }: TestCertificate): string => createHash('sha256').update(der).digest('base64url');
const claimsOf = (jwt: unknown): Record<string, unknown> =>
  JSON.parse(Buffer.from(String(jwt).split('.')[1] ?? '', 'base64url').toString());

describe('certificates straight from TLS', () => {
  let suite: Suite;
  let operator: Operator;
  let port: number;
  beforeAll(async () => {
    [port = 0] = await freePorts(1);
    // The suite's own helpers meet a certificate that nobody but this test knows.
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    suite = await startOneProcess({
      env: {
        AUTHORITY_ISSUER: `https://localhost:${port}`,
        AUTHORITY_HTTP_LISTEN: `127.0.0.1:${port}`,
        AUTHORITY_TLS_CERT_FILE: write('server.pem', server.pem),
        AUTHORITY_TLS_KEY_FILE: write('server.key', server.keyPem),
        AUTHORITY_TLS_CLIENT_CA_FILE: authorityFile,
        AUTHORITY_CLIENT_CERTIFICATE_HEADER: 'Client-Cert',
        AUTHORITY_TRUSTED_PROXIES: '192.0.2.1',
      },
    });
    operator = new Operator(suite);
  });
  afterAll(async () => {
    delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    operator?.close();
    await suite?.stop();
  });

  interface Answered {
    status: number;
    body: Record<string, unknown>;
    challenge: string;
  }

  /** A request on a connection of its own, with a certificate or without. */
  function ask(
    path: string,
    { by, form, headers = {} }: { by?: TestCertificate; form?: Record<string, string>; headers?: Record<string, string> },
  ) {
    return new Promise<Answered>((resolve, reject) => {
      const type = { 'content-type': 'application/x-www-form-urlencoded' };
      const options = { port, host: 'localhost', path, method: form ? 'POST' : 'GET', headers: { ...(form && type), ...headers } };
      const sent = httpsRequest(
        { ...options, agent: false, ca: authority.pem, rejectUnauthorized: true, ...(by && { cert: by.pem, key: by.keyPem }) },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString();
            resolve({
              status: response.statusCode ?? 0,
              body: text.startsWith('{') ? JSON.parse(text) : {},
              challenge: response.headers['www-authenticate'] ?? '',
            });
          });
        },
      );
      sent.on('error', reject);
      sent.end(form && new URLSearchParams(form).toString());
    });
  }

  const token = (client_id: string, by?: TestCertificate, headers = {}) =>
    ask('/oauth2/token', { ...(by && { by }), form: { ...credentials, client_id }, headers });

  test('RFC 8414 §2: discovery names the methods and the binding', async () => {
    const { body } = await ask('/.well-known/openid-configuration', {});
    expect(body).toMatchObject(bound);
    expect(body['token_endpoint_auth_methods_supported']).toEqual(
      expect.arrayContaining(['tls_client_auth', 'self_signed_tls_client_auth']),
    );
  });

  test('RFC 8705 §2.1: a certificate of the authority authenticates the client that registered its subject', async () => {
    for (const subjects of [{ tls_client_auth_subject_dn: 'CN=machine,O=Example' }, { tls_client_auth_san_dns: 'machine.example.test' }]) {
      const { client_id } = await operator.createClient({ ...machine, ...subjects });
      expect(await token(client_id, mine)).toMatchObject({ status: 200 });
      for (const by of [another, forged, selfSigned, undefined]) {
        expect(await token(client_id, by)).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
      }
    }
  });

  test('RFC 8705 §2.2: a certificate of the client’s own authenticates by its key', async () => {
    const jwks = JSON.stringify({ keys: [selfSigned.jwk] });
    const { client_id } = await operator.createClient({ ...machine, token_endpoint_auth_method: 'self_signed_tls_client_auth', jwks });
    expect(await token(client_id, selfSigned)).toMatchObject({ status: 200 });
    for (const by of [mine, forged, undefined]) expect(await token(client_id, by)).toMatchObject({ status: 401 });
  });

  test('RFC 8705 §2: a certificate lets in no client of another method', async () => {
    const { client_id } = await operator.createClient({ grant_types: ['client_credentials'] });
    expect(await token(client_id, mine)).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
  });

  test('RFC 8705 §3: the token is bound to the certificate, which introspection shows and UserInfo wants', async () => {
    const redirect_uri = 'http://127.0.0.1:9/callback';
    const app = await operator.createClient({
      ...{ client_name: 'App', redirect_uris: [redirect_uri], token_endpoint_auth_method: 'none', scope: 'openid email offline_access' },
      ...{ grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'], ...bound },
    });
    const person = new Person(suite.issuer, `tls-${randomText().slice(0, 8)}@example.test`, randomText());
    await person.register();
    const { code, verifier } = await new RelyingParty(suite.issuer, app).code(person);
    const form = { grant_type: 'authorization_code', code, redirect_uri, code_verifier: verifier, client_id: app.client_id };
    expect(await ask('/oauth2/token', { form })).toMatchObject({ status: 400 });
    const { body } = await ask('/oauth2/token', { form, by: selfSigned });
    expect(claimsOf(body['access_token'])['cnf']).toEqual({ 'x5t#S256': thumbprintOf(selfSigned) });

    const headers = { authorization: `Bearer ${body['access_token']}` };
    expect(await ask('/oauth2/userinfo', { headers, by: selfSigned })).toMatchObject({ status: 200, body: { email: person.email } });
    for (const by of [mine, undefined]) {
      const refused = await ask('/oauth2/userinfo', { headers, ...(by && { by }) });
      expect(refused).toMatchObject({ status: 401, challenge: expect.stringContaining('error="invalid_token"') });
    }
    const refresh = { grant_type: 'refresh_token', refresh_token: String(body['refresh_token']), client_id: app.client_id };
    expect(await ask('/oauth2/token', { form: refresh, by: mine })).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    expect(await ask('/oauth2/token', { form: refresh, by: selfSigned })).toMatchObject({ status: 200 });
  });

  test('RFC 9440 §4: the header from anybody but a trusted proxy is refused, with a certificate or without', async () => {
    const { client_id } = await operator.createClient({ ...machine, tls_client_auth_subject_dn: 'CN=machine,O=Example' });
    const spoofed = { 'client-cert': `:${mine.der.toString('base64')}:` };
    for (const by of [undefined, selfSigned, mine]) {
      expect(await token(client_id, by, spoofed)).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    }
    expect(suite.output()).toContain('client_certificate_header_foreign');
  });
});

describe('certificates from a trusted proxy', () => {
  let suite: Suite;
  let operator: Operator;
  beforeAll(async () => {
    suite = await startOneProcess({
      env: {
        AUTHORITY_TLS_CLIENT_CA_FILE: authorityFile,
        AUTHORITY_CLIENT_CERTIFICATE_HEADER: 'X-SSL-Client-Cert',
        AUTHORITY_TRUSTED_PROXIES: '127.0.0.1,::1',
        AUTHORITY_MTLS_ORIGIN: 'https://mtls.example.test',
      },
    });
    operator = new Operator(suite);
  });
  afterAll(async () => {
    operator?.close();
    await suite?.stop();
  });

  const token = (client_id: string, header?: string) =>
    post(
      `${suite.issuer}/oauth2/token`,
      { ...credentials, client_id },
      undefined,
      header === undefined ? {} : { 'x-ssl-client-cert': header },
    );
  const encoded = ({ pem }: TestCertificate): string => encodeURIComponent(pem);

  test('RFC 8705 §2.1: the certificate counts, and its chain is verified here and not taken from the proxy', async () => {
    const { client_id } = await operator.createClient({ ...machine, ...bound, tls_client_auth_subject_dn: 'CN=machine,O=Example' });
    const answer = await token(client_id, encoded(mine));
    expect(claimsOf(answer.json()['access_token'])['cnf']).toEqual({ 'x5t#S256': thumbprintOf(mine) });
    for (const header of [encoded(forged), encoded(another), '', undefined]) expect((await token(client_id, header)).status).toBe(401);
  });

  test('RFC 8705 §5: clients with certificates have an address of their own, and proofs may name it', async () => {
    const { mtls_endpoint_aliases: aliases } = (await request(`${suite.issuer}/.well-known/openid-configuration`)).json();
    const token_endpoint = 'https://mtls.example.test/oauth2/token';
    expect(aliases).toMatchObject({ token_endpoint });
    const { client_id } = await operator.createClient({ ...machine, tls_client_auth_subject_dn: 'CN=machine,O=Example' });
    const key = new DpopKey();
    const send = (host: string, htu: string, nonce?: string): Promise<IncomingMessage> =>
      new Promise((resolve, reject) => {
        const type = { 'content-type': 'application/x-www-form-urlencoded' };
        const headers = { ...type, host, 'x-ssl-client-cert': encoded(mine), dpop: key.proof('POST', htu, { claims: { nonce } }) };
        const sent = httpRequest(`${suite.issuer}/oauth2/token`, { method: 'POST', headers }, (response) => {
          response.resume().on('end', () => resolve(response));
        });
        sent.on('error', reject);
        sent.end(new URLSearchParams({ ...credentials, client_id }).toString());
      });
    const ask = async (host: string, htu: string) => {
      const first = await send(host, htu);
      return (await send(host, htu, first.headers['dpop-nonce']?.toString())).statusCode;
    };
    const usual = `${suite.issuer}/oauth2/token`;
    expect(await ask('mtls.example.test', token_endpoint)).toBe(200);
    expect(await ask(new URL(suite.issuer).host, usual)).toBe(200);
    expect(await ask('mtls.example.test', usual)).toBe(400);
    expect(await ask('elsewhere.example.test', 'https://elsewhere.example.test/oauth2/token')).toBe(400);
  });

  test('RFC 9440 §2: what is no certificate is refused, on every page as well', async () => {
    const { client_id } = await operator.createClient({ ...machine, tls_client_auth_subject_dn: 'CN=machine,O=Example' });
    for (const header of ['x', `${encoded(mine)}, ${encoded(mine)}`, '%', `:${mine.der.toString('base64')}:`]) {
      expect((await token(client_id, header)).status, header).toBe(400);
    }
    expect((await request(`${suite.issuer}/login`, { headers: { 'x-ssl-client-cert': 'x' } })).status).toBe(400);
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Answer, hash, Operator, Person, post, randomText, request, startOneProcess, type Suite } from '@authority/testing/suite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DocumentServer, startDocumentServer } from '../suite/mcp/mcp-server.ts';

/* draft-ietf-oauth-client-id-metadata-document: a client_id that is the address of the client's metadata. */

const redirect_uri = 'https://editor.example.com/callback';
let folder: string;
let allowed: DocumentServer;
let inner: DocumentServer;
let suite: Suite;
let operator: Operator;
let person: Person;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'authority-cimd-'));
  [allowed, inner] = await Promise.all([startDocumentServer(), startDocumentServer()]);
  const authority = join(folder, 'ca.pem');
  writeFileSync(authority, allowed.authority + inner.authority);
  const env = { AUTHORITY_OUTBOUND_ALLOW: new URL(allowed.origin).host, NODE_EXTRA_CA_CERTS: authority };
  suite = await startOneProcess({ env });
  operator = new Operator(suite);
  await operator.setSetting('token.client_documents', 'any');
  person = new Person(suite.issuer, `cimd-${randomText().slice(0, 8)}@example.test`, randomText());
  await person.register();
});
afterAll(async () => {
  operator?.close();
  await suite?.stop();
  await Promise.all([allowed?.close(), inner?.close()]);
  rmSync(folder, { recursive: true, force: true });
});

async function supported(): Promise<unknown> {
  return (await request(`${suite.issuer}/.well-known/openid-configuration`)).json()['client_id_metadata_document_supported'];
}

const document = (client_id: string, changes: object = {}) => ({
  ...{ client_id, client_name: 'Editor', redirect_uris: [redirect_uri], token_endpoint_auth_method: 'none' },
  ...{ grant_types: ['authorization_code', 'refresh_token'] },
  ...changes,
});

/** Publishes a document and answers the client_id that it is for. */
function publish(path: string, changes: object = {}): string {
  const client_id = `${allowed.origin}${path}`;
  allowed.documents.set(path, document(client_id, changes));
  return client_id;
}

const authorizeUrl = (client_id: string, verifier = randomText()): string => {
  const query = new URLSearchParams({
    ...{ response_type: 'code', client_id, redirect_uri, scope: 'openid offline_access', state: 's' },
    ...{ code_challenge: hash(verifier), code_challenge_method: 'S256' },
  });
  return `${suite.issuer}/oauth2/authorize?${query}`;
};

const redeem = async (client_id: string, redeemer = client_id): Promise<Answer> => {
  const verifier = randomText();
  const arrived = await person.authorize(authorizeUrl(client_id, verifier));
  const code = arrived.searchParams.get('code') ?? '';
  const form = { grant_type: 'authorization_code', code, redirect_uri, code_verifier: verifier, client_id: redeemer };
  return post(`${suite.issuer}/oauth2/token`, form);
};

describe('Client ID Metadata Document', () => {
  test('§5: discovery tells of it where operators want it', async () => {
    await expect.poll(supported, { timeout: 5_000 }).toBe(true);
  });

  test('§4: a client that nobody registered gets tokens, refreshes them and asks UserInfo', async () => {
    const client_id = publish('/editor.json');
    const answer = await redeem(client_id);
    expect(answer.status).toBe(200);
    const { access_token, refresh_token } = answer.json() as Record<string, string>;
    const refreshed = await post(`${suite.issuer}/oauth2/token`, {
      grant_type: 'refresh_token',
      refresh_token: refresh_token ?? '',
      client_id,
    });
    expect(refreshed.status).toBe(200);
    const about = await request(`${suite.issuer}/oauth2/userinfo`, { headers: { authorization: `Bearer ${access_token}` } });
    expect(about.status).toBe(200);
  });

  test('§6.4: the person is asked each time, and sees the host', async () => {
    const client_id = publish('/asked.json');
    for (let round = 0; round < 2; round += 1) {
      const { page, url } = await person.visit(authorizeUrl(client_id));
      expect(url.pathname).toBe('/consent');
      expect(page?.text).toContain(`Editor (${new URL(client_id).host})`);
      await person.authorize(authorizeUrl(client_id));
    }
  });

  test('RFC 6749 §4.1.3: a code of one document is nothing for another', async () => {
    const answer = await redeem(publish('/one.json'), publish('/two.json'));
    expect([answer.status, answer.json()['error']]).toEqual([400, 'invalid_grant']);
  });

  const later = (response: ServerResponse): void => void setTimeout(() => response.destroy(), 6_000);
  const json = { 'content-type': 'application/json' };
  test.each<[string, (client_id: string) => unknown]>([
    ['another client_id', () => document('https://other.example.com/client.json')],
    ['a secret', (client_id) => document(client_id, { client_secret: 'x' })],
    ['client_secret_post', (client_id) => document(client_id, { token_endpoint_auth_method: 'client_secret_post' })],
    ['a redirect', () => (response: ServerResponse) => void response.writeHead(302, { location: '/editor.json' }).end()],
    ['a page', () => (response: ServerResponse) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>')],
    ['more than 5 KiB', (client_id) => document(client_id, { padding: 'x'.repeat(6_000) })],
    ['half a document', () => (response: ServerResponse) => void response.writeHead(200, json).end('{"client_id"')],
    ['deep nesting', () => (response: ServerResponse) => void response.writeHead(200, json).end('['.repeat(5_000))],
    ['nothing in time', () => later],
  ])('§4, §6.6: %s is refused and redirects nobody', { timeout: 20_000 }, async (_what, make) => {
    const path = `/${randomText()}.json`;
    const client_id = `${allowed.origin}${path}`;
    allowed.documents.set(path, make(client_id));
    const { page, url } = await person.visit(authorizeUrl(client_id));
    expect([url.origin, page?.status]).toEqual([suite.issuer, 400]);
    const asked = await post(`${suite.issuer}/oauth2/token`, { grant_type: 'refresh_token', refresh_token: 'x', client_id });
    expect([asked.status, asked.json()['error']]).toEqual([401, 'invalid_client']);
  });

  test.each([
    'http://editor.example.com/client.json',
    'https://editor.example.com',
    'https://editor.example.com/',
    'https://editor.example.com/a/../b',
    'https://editor.example.com/a#b',
    'https://user:pass@editor.example.com/a',
    'https://editor.example.com/a?b=c',
  ])('§3: %s is no client_id', async (client_id) => {
    expect((await person.visit(authorizeUrl(client_id))).page?.status).toBe(400);
  });

  test('§6.5: an address inside is never asked, by whatever name', async () => {
    const { port } = new URL(inner.origin);
    inner.documents.set('/client.json', document(`${inner.origin}/client.json`));
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '169.254.169.254', '10.0.0.1']) {
      expect((await person.visit(authorizeUrl(`https://${host}:${port}/client.json`))).page?.status).toBe(400);
    }
    expect(inner.asked).toEqual([]);
  });

  test('RFC 9700 §4: what a document would make this server send is not sent', async () => {
    const victim = `${inner.origin}/victim`;
    await redeem(publish('/loud.json', { backchannel_logout_uri: victim, sector_identifier_uri: victim, request_uris: [victim] }));
    expect(inner.asked).toEqual([]);
  });

  test('contract.md: a host that is not on the list is not asked', async () => {
    const client_id = publish('/listed.json');
    await operator.setSetting('token.client_document_hosts', '*.example.com');
    await operator.setSetting('token.client_documents', 'allowlist');
    const before = allowed.asked.length;
    expect((await person.visit(authorizeUrl(client_id))).page?.status).toBe(400);
    expect(allowed.asked).toHaveLength(before);
    await operator.setSetting('token.client_documents', 'any');
  });
});

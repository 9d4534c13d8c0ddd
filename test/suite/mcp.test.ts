import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Resource, ResourceServiceService } from '@authority/contracts/admin';
import { Operator, Person, startOneProcess, type Suite } from '@authority/testing/suite';
import { type OAuthClientProvider, UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { OAuthClientInformationMixed, OAuthTokens } from '@modelcontextprotocol/sdk/shared/auth.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DocumentServer, type McpServer, startDocumentServer, startMcpServer } from './mcp/mcp-server.ts';

/* @modelcontextprotocol/sdk as it is, against the running server: it finds everything by itself. */

const email = 'mcp@example.com';
const password = 'violet tractor hums 42 lullabies';
const redirectUrl = 'http://127.0.0.1:33418/callback';

let folder: string;
let documents: DocumentServer;
let suite: Suite;
let operator: Operator;
let server: McpServer;
let sub: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'authority-mcp-'));
  documents = await startDocumentServer();
  const authority = join(folder, 'ca.pem');
  writeFileSync(authority, documents.authority);
  const env = { AUTHORITY_REGISTRATION: 'open', AUTHORITY_OUTBOUND_ALLOW: '127.0.0.1', NODE_EXTRA_CA_CERTS: authority };
  suite = await startOneProcess({ env });
  operator = new Operator(suite);
  ({ sub } = await operator.createIdentity({ email, password }));
  server = await startMcpServer(suite.issuer);
  const scopes = [{ name: 'mcp:tools', description: 'Use the tools' }];
  const resource = Resource.create({ resource: server.url, resource_name: 'Suite tools', scopes, allowed_clients: ['*'] });
  await operator.call(ResourceServiceService.createResource, { resource });
});
afterAll(async () => {
  await server?.close();
  operator?.close();
  await suite?.stop();
  await documents?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What an application keeps for the SDK. */
class Provider implements OAuthClientProvider {
  readonly redirectUrl = redirectUrl;
  readonly clientMetadata = { client_name: 'Editor', redirect_uris: [redirectUrl], token_endpoint_auth_method: 'none' };
  information: OAuthClientInformationMixed | undefined;
  went: URL | undefined;
  #tokens: OAuthTokens | undefined;
  #verifier = '';

  constructor(readonly clientMetadataUrl: string) {}

  clientInformation = (): OAuthClientInformationMixed | undefined => this.information;
  saveClientInformation = (information: OAuthClientInformationMixed): void => {
    this.information = information;
  };
  tokens = (): OAuthTokens | undefined => this.#tokens;
  saveTokens = (tokens: OAuthTokens): void => {
    this.#tokens = tokens;
  };
  redirectToAuthorization = (url: URL): void => {
    this.went = url;
  };
  saveCodeVerifier = (verifier: string): void => {
    this.#verifier = verifier;
  };
  codeVerifier = (): string => this.#verifier;
}

/** Connects, is sent to sign in, comes back with a code, connects again and calls the tool. */
async function walk(provider: Provider): Promise<unknown> {
  const transport = new StreamableHTTPClientTransport(new URL(server.url), { authProvider: provider });
  const about = { name: 'suite', version: '1' };
  await expect(new Client(about).connect(transport)).rejects.toBeInstanceOf(UnauthorizedError);
  const arrived = await new Person(suite.issuer, email, password).authorize(String(provider.went));
  expect(arrived.searchParams.get('iss')).toBe(suite.issuer);
  await transport.finishAuth(arrived.searchParams.get('code') ?? '');
  const client = new Client(about);
  await client.connect(new StreamableHTTPClientTransport(new URL(server.url), { authProvider: provider }));
  const { content } = await client.callTool({ name: 'whoami', arguments: {} });
  await client.close();
  return content;
}

describe('MCP authorization', () => {
  test('by dynamic registration, where the server takes no metadata documents', async () => {
    const provider = new Provider(`${documents.origin}/editor.json`);
    const content = await walk(provider);
    expect(provider.information?.client_id).toMatch(/^c_/);
    expect(content).toEqual([{ type: 'text', text: `${sub} by ${provider.information?.client_id}` }]);
    expect(documents.asked).toEqual([]);
  });

  test('by the address of its metadata, without a registration', async () => {
    await operator.setSetting('token.client_document_hosts', '127.0.0.1');
    await operator.setSetting('token.client_documents', 'allowlist');
    const client_id = `${documents.origin}/editor.json`;
    const provider = new Provider(client_id);
    documents.documents.set('/editor.json', { ...provider.clientMetadata, client_id });
    await expect.poll(async () => (await metadata())['client_id_metadata_document_supported'], { timeout: 5_000 }).toBe(true);
    expect(await walk(provider)).toEqual([{ type: 'text', text: `${sub} by ${client_id}` }]);
    expect(provider.information?.client_id).toBe(client_id);
    expect(documents.asked).toEqual(['/editor.json']);
  });

  test('Client ID Metadata Document §6.4: the page names the host beside the name that the client chose', async () => {
    const client_id = `${documents.origin}/editor.json`;
    const person = new Person(suite.issuer, email, password);
    const { page } = await person.signIn(await person.visit(authorizeUrl(client_id)));
    expect(page?.text).toContain(`Editor (${new URL(client_id).host})`);
  });

  test.each([
    ['a document that is not there', '/nothing.json'],
    ['another client’s document', '/copied.json'],
  ])('Client ID Metadata Document §4: %s is told to the person, never redirected', async (_what, path) => {
    documents.documents.set('/copied.json', documents.documents.get('/editor.json'));
    const { page, url } = await new Person(suite.issuer, email, password).visit(authorizeUrl(`${documents.origin}${path}`));
    expect(url.origin).toBe(suite.issuer);
    expect(page?.status).toBeGreaterThanOrEqual(400);
    expect(page?.status).toBeLessThan(500);
  });

  test('Client ID Metadata Document: a host that operators no longer take ends the tokens of its clients', async () => {
    const client_id = `${documents.origin}/editor.json`;
    await operator.setSetting('token.client_documents', 'off');
    const { page } = await new Person(suite.issuer, email, password).visit(authorizeUrl(client_id));
    expect(page?.status).toBeGreaterThanOrEqual(400);
  });
});

async function metadata(): Promise<Record<string, unknown>> {
  const response = await fetch(`${suite.issuer}/.well-known/oauth-authorization-server`);
  return (await response.json()) as Record<string, unknown>;
}

function authorizeUrl(client_id: string): string {
  const query = new URLSearchParams({
    ...{ response_type: 'code', client_id, redirect_uri: redirectUrl, scope: 'openid', state: 's' },
    ...{ code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' },
  });
  return `${suite.issuer}/oauth2/authorize?${query}`;
}

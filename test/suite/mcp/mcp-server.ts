import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createGuard } from '@authority/resource-server';
import { commonName, serverAuthentication, TestCertificate } from '@authority/testing/protocol';

/** A small MCP server over HTTP: it says who may call it (RFC 9728), and has one tool, which says who called. */
export interface McpServer {
  readonly url: string;
  close(): Promise<void>;
}

interface Call {
  readonly id?: number | string;
  readonly method: string;
  readonly params?: Record<string, unknown>;
}

/** Begins to listen first, since a resource is named by its address. */
export async function startMcpServer(issuer: string): Promise<McpServer> {
  const server = createServer();
  const url = `http://127.0.0.1:${await listen(server)}/mcp`;
  const guard = createGuard({ issuer, audience: url, scopesSupported: ['mcp:tools'] });
  server.on('request', (request: IncomingMessage, response) => {
    void (async () => {
      const token = await guard.protect(request, response, { scope: 'mcp:tools' });
      if (!token) return;
      if (request.method !== 'POST') return void response.writeHead(405).end();
      const call = JSON.parse(await bodyOf(request)) as Call; // the SDK's own client wrote it
      const result = resultOf(call, `${String(token.claims['sub'])} by ${String(token.claims['client_id'])}`);
      if (result === undefined) return void response.writeHead(202).end();
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id: call.id, result }));
    })();
  });
  return {
    url,
    close: async () => {
      guard.close();
      await close(server);
    },
  };
}

function resultOf({ method, params }: Call, caller: string): object | undefined {
  if (method === 'initialize') {
    const serverInfo = { name: 'suite', version: '1' };
    return { protocolVersion: params?.['protocolVersion'], capabilities: { tools: {} }, serverInfo };
  }
  if (method === 'tools/call') return { content: [{ type: 'text', text: caller }] };
  return undefined;
}

/** Documents that clients are known by, over https, with the authority that vouches for their server. */
export interface DocumentServer {
  readonly origin: string;
  /** PEM. */
  readonly authority: string;
  /** By path; a function answers by itself. */
  readonly documents: Map<string, unknown>;
  /** Paths that were asked for. */
  readonly asked: string[];
  close(): Promise<void>;
}

export async function startDocumentServer(): Promise<DocumentServer> {
  const authority = new TestCertificate({ isAuthority: true, subject: [[[commonName, `authority ${randomUUID()}`]]] });
  const certificate = new TestCertificate({
    issuer: authority,
    extendedKeyUsage: serverAuthentication,
    alternativeNames: [[7, Buffer.of(127, 0, 0, 1)]],
  });
  const documents = new Map<string, unknown>();
  const asked: string[] = [];
  const server = createHttps({ cert: certificate.pem, key: certificate.keyPem }, ({ url = '' }, response) => {
    asked.push(url);
    const document = documents.get(url);
    if (document === undefined) return void response.writeHead(404).end();
    if (isHandler(document)) return document(response);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document));
  });
  const origin = `https://127.0.0.1:${await listen(server)}`;
  return { origin, authority: authority.pem, documents, asked, close: () => close(server) };
}

/** An answer of another kind than a document. */
type Handler = (response: ServerResponse) => void;
const isHandler = (value: unknown): value is Handler => typeof value === 'function';

async function listen(server: Server | ReturnType<typeof createHttps>): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port; // a port was asked for
}

async function close(server: Server | ReturnType<typeof createHttps>): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
}

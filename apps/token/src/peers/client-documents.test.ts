import { type Answer, type Outbound, OutboundError } from '@authority/outbound';
import type { ClientDocumentPolicy, Profile } from '@authority/protocol';
import { beforeEach, expect, test } from 'vitest';
import { ClientDocuments } from './client-documents.ts';

const client_id = 'https://mcp.example.test/client.json';
const document = { client_id, client_name: 'Editor', redirect_uris: ['https://app.example.test/cb'], token_endpoint_auth_method: 'none' };

let now: number;
let asked: string[];
let policy: ClientDocumentPolicy;
let profile: Profile | undefined;
let openScopes: readonly string[];
let answer: () => Promise<Answer>;
let documents: ClientDocuments;

const outbound: Outbound = {
  fetch(address) {
    asked.push(String(address));
    return answer();
  },
};
const json =
  (value: unknown, more: Partial<Answer> = {}): (() => Promise<Answer>) =>
  async () => ({ status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(value)), ...more });
const fails = (): Promise<Answer> => Promise.reject(new OutboundError('timeout', 'mcp.example.test', 'took too long'));

beforeEach(() => {
  now = 1_000_000;
  asked = [];
  policy = { taken: 'any', hosts: [], scopes: [] };
  profile = undefined;
  openScopes = [];
  answer = json(document);
  documents = new ClientDocuments(
    outbound,
    { clientDocuments: () => policy, profile: () => profile },
    { openScopes: () => openScopes },
    () => now,
  );
});

test('Client ID Metadata Document §4.3: a document is kept for its time, and those who wait ask once', async () => {
  expect(documents.find(client_id)).toBeUndefined();
  await Promise.all([documents.load(client_id), documents.load(client_id)]);
  expect(documents.find(client_id)).toMatchObject({ client_id, client_name: 'Editor' });
  now += 299_000;
  await documents.load(client_id);
  expect(asked).toHaveLength(1);
  now += 2_000;
  answer = json({ ...document, client_name: 'Changed' });
  await documents.load(client_id);
  expect(documents.find(client_id)).toMatchObject({ client_name: 'Changed' });
  expect(asked).toHaveLength(2);
});

test('Client ID Metadata Document §6.6: addresses without a document push none out that was fetched', async () => {
  await documents.load(client_id);
  answer = fails;
  for (let at = 0; at < 1_100; at += 1) await documents.load(`https://x.example.test/${at}`).catch(() => {});
  expect(documents.find(client_id)).toBeDefined();
  answer = json(document);
  await documents.load(client_id);
  expect(asked.filter((one) => one === client_id)).toHaveLength(1);
});

test.each<[string, ClientDocumentPolicy, string]>([
  ['nobody is taken', { taken: 'off', hosts: [], scopes: [] }, 'client_unknown'],
  ['the list is empty', { taken: 'allowlist', hosts: [], scopes: [] }, 'client_document_refused'],
  ['another host is on it', { taken: 'allowlist', hosts: ['example.test', '*.mcp.example.test'], scopes: [] }, 'client_document_refused'],
])('Client ID Metadata Document: where %s nothing is fetched', async (_what, changed, reason) => {
  policy = changed;
  await expect(documents.load(client_id)).rejects.toMatchObject({ error: 'invalid_client', reason });
  expect(documents.isTaken(client_id)).toBe(false);
  expect(asked).toEqual([]);
});

test('Client ID Metadata Document: a host on the list is taken, and one that is taken off ends its clients', async () => {
  policy = { taken: 'allowlist', hosts: ['*.example.test'], scopes: [] };
  await documents.load(client_id);
  expect(documents.find(client_id)).toBeDefined();
  policy = { ...policy, hosts: [] };
  expect(documents.find(client_id)).toBeUndefined();
  expect(documents.isTaken(client_id)).toBe(false);
});

test.each<[string, () => Promise<Answer>]>([
  ['a redirect', json(document, { status: 302 })],
  ['201', json(document, { status: 201 })],
  ['404', json(document, { status: 404 })],
  ['a page', json(document, { headers: { 'content-type': 'text/html' } })],
  ['no JSON', json(document, { body: Buffer.from('{') })],
  ['bytes that are no text', json(document, { body: Buffer.from([0x7b, 0xff, 0x7d]) })],
  ['another client’s document', json({ ...document, client_id: 'https://other.example.test/client.json' })],
])('Client ID Metadata Document §4: %s is refused, and ends a client that was known', async (_what, wrong) => {
  await documents.load(client_id);
  now += 301_000;
  answer = wrong;
  await expect(documents.load(client_id)).rejects.toMatchObject({ error: 'invalid_client', reason: 'client_document_invalid' });
  expect(documents.find(client_id)).toBeUndefined();
});

test('Client ID Metadata Document §6.5: a host that fails is left alone for a moment, and what is known serves for an hour', async () => {
  answer = fails;
  const refused = { error: 'invalid_client', reason: 'client_document_unavailable' };
  await expect(documents.load(client_id)).rejects.toMatchObject(refused);
  await expect(documents.load(client_id)).rejects.toMatchObject(refused);
  expect(asked).toHaveLength(1);
  now += 5_000;
  answer = json(document);
  await documents.load(client_id);
  now += 301_000;
  answer = fails;
  await documents.load(client_id);
  expect(documents.find(client_id)).toBeDefined();
  now += 3_600_000;
  await expect(documents.load(client_id)).rejects.toMatchObject(refused);
});

test('contract.md: new terms judge a document again', async () => {
  await documents.load(client_id);
  profile = 'fapi2-security';
  await expect(documents.load(client_id)).rejects.toMatchObject({ reason: 'client_document_invalid' });
  profile = undefined;
  openScopes = ['mcp:tools'];
  answer = json({ ...document, scope: 'openid mcp:tools other' });
  now += 5_000;
  await documents.load(client_id);
  expect(documents.find(client_id)).toMatchObject({ scopes: ['openid', 'mcp:tools'] });
});

test('Client ID Metadata Document §6.5: what is kept is bounded', async () => {
  const addressOf = (at: number): string => `https://mcp.example.test/${at}.json`;
  for (let at = 0; at <= 1_000; at += 1) {
    answer = json({ ...document, client_id: addressOf(at) });
    await documents.load(addressOf(at));
  }
  expect(documents.find(addressOf(0))).toBeUndefined();
  expect(documents.find(addressOf(1_000))).toBeDefined();
});

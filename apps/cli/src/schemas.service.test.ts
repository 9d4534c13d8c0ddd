import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as admin from '@authority/contracts/admin';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FakeServer, type Ran, runLine } from './fake-server.ts';

let server: FakeServer;
let folder: string;

beforeAll(async () => {
  server = new FakeServer();
  await server.start();
  folder = mkdtempSync(join(tmpdir(), 'authorityctl-'));
  mkdirSync(join(folder, '.authority'));
  writeFileSync(join(folder, '.authority/operator.json'), server.operator, { mode: 0o600 });
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  server.received.length = 0;
  server.answers.clear();
});

const go = (line: string): Promise<Ran> => runLine(line.split(' '), { cwd: folder });
const oneLine = /^[^\n]+: [^\n]+; [^\n]+\n$/;

describe('contract.md: the commands of schemas', () => {
  test('traits of any schema, and people by any name that they sign in with', async () => {
    const person = admin.Identity.fromPartial({ sub: '01890000-0000-7000-8000-000000000000', traits: '{"username":"ada"}' });
    server.answers.set('IdentityService/CreateIdentity', () => ({ identity: person }));
    server.answers.set('IdentityService/ListIdentities', () => ({ identities: [person], next_page_token: '' }));
    expect((await go('identities create --schema username --trait username=ada --trait size:=4 --trait note=a=b')).code).toBe(0);
    expect(server.received[0]?.request).toMatchObject({
      identity: { schema_id: 'username', traits: '{"username":"ada","size":4,"note":"a=b"}' },
    });
    await go('identities get ada');
    expect(server.received[1]?.request).toMatchObject({ filter: 'identifier = "ada"' });
    expect((await go('identities create --trait Ada')).code).toBe(2);
  });

  test('a schema is written from a file, checked before, and shown as it was sent', async () => {
    writeFileSync(join(folder, 'customer.json'), '{"type":"object"}');
    const schema = admin.Schema.fromPartial({ schema_id: 'customer', version: 2, document: '{"type":"object"}', title: 'Customer' });
    server.answers.set('SchemaService/UpdateSchema', () => ({ schema }));
    server.answers.set('SchemaService/GetSchema', () => ({ schema }));
    const unfit = [{ sub: 's1', schema_version: 1, traits: [{ trait: 'nick', description: 'is missing' }] }];
    server.answers.set('SchemaService/CheckSchema', ({ page_token }) => ({
      ...{ unfit: page_token === '' ? [] : unfit, checked: 1, next_page_token: page_token === '' ? 'more' : '' },
    }));
    expect((await go('schemas check customer --file customer.json')).out).toContain('nick is missing');
    expect((await go('schemas update customer --file customer.json')).code).toBe(0);
    expect((await go('schemas get customer --document')).out).toBe('{"type":"object"}\n');
    expect(server.received.map(({ rpc, request }) => [rpc, rpc.endsWith('UpdateSchema') ? request.schema : request.document])).toEqual([
      ['SchemaService/CheckSchema', '{"type":"object"}'],
      ['SchemaService/CheckSchema', '{"type":"object"}'],
      ['SchemaService/UpdateSchema', expect.objectContaining({ document: '{"type":"object"}' })],
      ['SchemaService/GetSchema', undefined],
    ]);
    expect((await go('schemas create customer --file nowhere.json')).err).toMatch(oneLine);
  });
});

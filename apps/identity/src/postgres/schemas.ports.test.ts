import { randomBytes } from 'node:crypto';
import { listAudit } from '@authority/audit';
import {
  CheckSchemaRequest,
  CreateIdentityRequest,
  ListAuditEventsRequest,
  ListIdentitiesRequest,
  Schema,
  UpdateIdentityRequest,
} from '@authority/contracts/admin';
import { FeedSource } from '@authority/feed';
import { type Database, open, statement } from '@authority/postgres';
import { testPostgres, type TestPostgres } from '@authority/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { claimsOf } from '../accounts/claims.ts';
import { Directory } from '../accounts/directory.ts';
import { FakeMails, FakePasswords } from '../fakes.ts';
import { migrateIdentity } from '../identity.ts';
import { SchemaAdmin } from '../schemas/schema-admin.ts';
import { PostgresAccounts } from './accounts.ts';
import { addressesOf } from './addresses.ts';
import { claimSources } from './claims.ts';
import { identifierKindsInUse } from './identifiers.ts';
import { mailNotices } from './notices.ts';
import { PostgresSchemas } from './schemas.ts';

let postgres: TestPostgres;
let database: Database;
let feed: FeedSource;
let directory: Directory;
let admin: SchemaAdmin;
let schemas: PostgresSchemas;
let registration = 'default';

const actor = 'operator:c_op';

beforeAll(async () => {
  postgres = await testPostgres();
  const ownerUrl = await postgres.newDatabase();
  const serviceUrl = postgres.serviceUrl(ownerUrl, 'identity');
  await migrateIdentity({ ownerUrl, serviceUrl, secrets: [randomBytes(32)] });
  database = await open({ url: serviceUrl, service: 'identity' });
  feed = new FeedSource(database);
  schemas = new PostgresSchemas(database);
  const registrationSchema = () => registration;
  const rules = () => ({ minLength: 8, minStrength: 2 });
  directory = new Directory({ database, feed, passwords: new FakePasswords(), rules, schemas, registrationSchema, now: Date.now });
  admin = new SchemaAdmin({ database, schemas, registrationSchema });
});

afterAll(async () => {
  feed.close();
  await database.close();
  await postgres.stop();
});

const documentOf = (properties: object, more: object = {}): string =>
  JSON.stringify({
    title: 'Test',
    type: 'object',
    properties: {
      email: { type: 'string', format: 'email', authority: { identifier: 'email', verify: true, claim: 'email' } },
      ...properties,
    },
    additionalProperties: false,
    ...more,
  });
const makeSchema = (schema_id: string, document: string) => admin.create({ schema: Schema.fromPartial({ schema_id, document }) }, actor);
const newVersion = (schema_id: string, document: string, etag = '') =>
  admin.update({ schema: Schema.fromPartial({ schema_id, document, etag }) }, actor);
const create = (schema_id: string, traits: object, more: object = {}) =>
  directory.create(CreateIdentityRequest.fromPartial({ identity: { schema_id, traits: JSON.stringify(traits), ...more } }), actor);
const update = async (sub: string, update_mask: string[], identity: object) =>
  (await directory.update(UpdateIdentityRequest.fromPartial({ identity: { sub, ...identity }, update_mask }), actor)).identity;
const check = (schema_id: string, more: object = {}) => admin.check(CheckSchemaRequest.fromPartial({ schema_id, ...more }));

describe('SchemaService', () => {
  test('presets are there from the start, as version 1; a version made by an operator follows', async () => {
    const { schemas: all } = await admin.list({ page_size: 0, page_token: '' });
    expect(all.map(({ schema_id, version, preset }) => [schema_id, version, preset])).toEqual([
      ['default', 1, true],
      ['employee', 1, true],
      ['phone', 1, true],
      ['username', 1, true],
    ]);
    const before = await admin.get('phone', 0);
    const made = await newVersion('phone', documentOf({}), before.etag);
    expect(made).toMatchObject({ schema_id: 'phone', version: 2, preset: true, title: 'Test' });
    expect((await admin.listVersions({ schema_id: 'phone', page_size: 1, page_token: '' })).schemas).toEqual([before]);
    await expect(newVersion('phone', documentOf({}), before.etag)).rejects.toMatchObject({ code: 'ABORTED' });
    await expect(admin.delete({ schema_id: 'phone', etag: '' }, actor)).rejects.toMatchObject({ reason: 'schema_in_use' });
    await expect(makeSchema('employee', documentOf({}))).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  });

  test('of ten versions made at once each has a number of its own; each is in the audit log', async () => {
    await makeSchema('parallel', documentOf({}));
    await Promise.all(Array.from({ length: 10 }, () => newVersion('parallel', documentOf({}))));
    const { schemas: all } = await admin.listVersions({ schema_id: 'parallel', page_size: 0, page_token: '' });
    expect(all.map(({ version }) => version)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    const { audit_events } = await listAudit(database, 'identity', ListAuditEventsRequest.create({ filter: 'action = "schema.update"' }));
    expect(audit_events.filter(({ target }) => target === 'schema:parallel')).toHaveLength(10);
  });

  test('a document that is refused makes no version; nor does a name that is none', async () => {
    const wrong = documentOf({ x: { $ref: 'https://example.com' } });
    await expect(makeSchema('wrong', wrong)).rejects.toMatchObject({ violations: [{ field: 'schema.document.properties.x.$ref' }] });
    await expect(makeSchema('../etc', documentOf({}))).rejects.toMatchObject({ violations: [{ field: 'schema.schema_id' }] });
    await expect(admin.get('wrong', 0)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('one that people have, or that registration uses, is not deleted; a number is never used again', async () => {
    await makeSchema('used', documentOf({}));
    const person = await create('used', { email: 'used@example.com' });
    await expect(admin.delete({ schema_id: 'used', etag: '' }, actor)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
    await directory.delete({ sub: person.sub, etag: '' }, actor);
    registration = 'used';
    await expect(admin.delete({ schema_id: 'used', etag: '' }, actor)).rejects.toMatchObject({ reason: 'schema_in_use' });
    registration = 'default';
    await admin.delete({ schema_id: 'used', etag: '' }, actor);
    await expect(create('used', { email: 'used@example.com' })).rejects.toMatchObject({ violations: [{ field: 'identity.schema_id' }] });
    expect(await makeSchema('used', documentOf({}))).toMatchObject({ version: 2 });
    expect((await admin.listVersions({ schema_id: 'used', page_size: 0, page_token: '' })).schemas).toHaveLength(1);
  });
});

test('a new version: old identities are readable, CheckSchema says who no longer fits, the next change of traits has to', async () => {
  await makeSchema('grows', documentOf({ nick: { type: 'string', authority: { claim: 'nickname' } } }));
  const people = [];
  for (const nick of ['Ada', 'B', 'Cyd', 'D']) people.push(await create('grows', { email: `${nick}@grows.example.com`, nick }));
  const next = documentOf({ nick: { type: 'string', minLength: 2, authority: { claim: 'nickname' } } });
  expect(await check('grows')).toMatchObject({ unfit: [], checked: 4, next_page_token: '' });
  expect((await check('grows', { document: next })).unfit.map(({ sub }) => sub)).toEqual([people[1]?.sub, people[3]?.sub]);
  await newVersion('grows', next);

  const first = await check('grows', { page_size: 3 });
  expect(first).toMatchObject({ checked: 3, unfit: [{ sub: people[1]?.sub, schema_version: 1, traits: [{ trait: 'nick' }] }] });
  expect(JSON.stringify(first)).not.toContain('grows.example.com');
  const second = await check('grows', { page_size: 3, page_token: first.next_page_token });
  expect(second).toMatchObject({ checked: 1, next_page_token: '', unfit: [{ sub: people[3]?.sub }] });

  const sub = people[1]?.sub ?? '';
  expect(await directory.get(sub)).toMatchObject({ schema_version: 1 });
  const source = await claimSources(database, schemas)(sub);
  expect(source && claimsOf(source, ['profile'], [])).toMatchObject({ nickname: 'B' });
  expect(await update(sub, ['disabled'], { disabled: true })).toMatchObject({ schema_version: 1, disabled: true });
  const traits = (nick: string) => ({ traits: JSON.stringify({ email: 'b@grows.example.com', nick }) });
  await expect(update(sub, ['traits'], traits('C'))).rejects.toMatchObject({ violations: [{ field: 'identity.traits.nick' }] });
  expect(await update(sub, ['traits'], traits('Bea'))).toMatchObject({ schema_version: 2 });
});

describe('identities by schema', () => {
  test('are found by every identifier that they have, and by no other’s', async () => {
    const accounts = new PostgresAccounts(database);
    const find = async (value: string) => (await accounts.findByIdentifier(value, 'b')).account?.sub;
    const traits = { email: 'Grace@example.com', username: 'Grace', given_name: 'Grace', family_name: 'H' };
    const { sub } = await create('employee', traits);
    expect([await find('grace@example.com'), await find('grace'), await find('+4915123456789')]).toEqual([sub, sub, undefined]);
    await expect(create('username', { username: 'GRACE' })).rejects.toMatchObject({ violations: [{ field: 'identity.traits.username' }] });
    const { identities } = await directory.list(
      ListIdentitiesRequest.create({ filter: 'identifier = "GRACE" AND schema_id = "employee"' }),
    );
    expect(identities.map((one) => one.sub)).toEqual([sub]);
    expect(await identifierKindsInUse(database)).toEqual(['email', 'username']);
    await update(sub, ['traits'], { traits: JSON.stringify({ ...traits, username: 'hopper' }) });
    expect([await find('grace'), await find('hopper'), await find('grace@example.com')]).toEqual([undefined, sub, sub]);
  });

  test('two people who want each other’s names at once: nobody has a name twice', async () => {
    const a = await create('username', { username: 'left' });
    const b = await create('username', { username: 'right' });
    const swap = (sub: string, username: string) => update(sub, ['traits'], { traits: JSON.stringify({ username }) });
    const all = await Promise.allSettled([swap(a.sub, 'right'), swap(b.sub, 'left')]);
    expect(all.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  test('another schema needs traits that fit it', async () => {
    const { sub } = await create('username', { username: 'moves' });
    await expect(update(sub, ['schema_id'], { schema_id: 'default' })).rejects.toMatchObject({ reason: 'field_invalid' });
    await expect(update(sub, ['schema_id'], { schema_id: 'nowhere' })).rejects.toMatchObject({
      violations: [{ field: 'identity.schema_id' }],
    });
    const traits = JSON.stringify({ email: 'moves@example.com' });
    expect(await update(sub, ['schema_id', 'traits'], { schema_id: 'default', traits })).toMatchObject({
      schema_id: 'default',
      schema_version: 1,
    });
  });

  test('the schema of registration is that of whoever is created without one', async () => {
    registration = 'username';
    expect(await create('', { username: 'fallback' })).toMatchObject({ schema_id: 'username', schema_version: 1 });
    registration = 'default';
  });
});

describe('OpenID Connect Core §5.1: whether an address has been verified is known of each', () => {
  const employee = { email: 'v@example.com', phone: '+49 151 99999999', given_name: 'V', family_name: 'W' };
  const claims = async (sub: string) => {
    const source = await claimSources(database, schemas)(sub);
    return source && claimsOf(source, ['email', 'phone'], []);
  };
  const stateOf = async (sub: string) => (await addressesOf(database, sub)).map(({ value, verified }) => [value, verified]);

  test('an operator says so of one; email_verified and the row say the same', async () => {
    const { sub } = await create('employee', employee, { email_verified: true });
    expect(await stateOf(sub)).toEqual([
      ['v@example.com', true],
      ['+4915199999999', false],
    ]);
    await update(sub, ['addresses'], { addresses: [{ kind: 'phone', value: '+4915199999999', verified: true }] });
    expect(await claims(sub)).toMatchObject({ email_verified: true, phone_number: '+4915199999999', phone_number_verified: true });
    await update(sub, ['addresses'], { addresses: [{ kind: 'email', value: 'v@example.com', verified: false }] });
    expect(await directory.get(sub)).toMatchObject({ email_verified: false });
    await update(sub, ['email_verified'], { email_verified: true });
    expect(await stateOf(sub)).toContainEqual(['v@example.com', true]);
    const others = { addresses: [{ kind: 'email', value: 'other@example.com', verified: true }] };
    await expect(update(sub, ['addresses'], others)).rejects.toMatchObject({ violations: [{ field: 'identity.addresses' }] });
  });

  test('another number is not verified because the one before was; an address that stays keeps what is known', async () => {
    const { sub } = await create('employee', { ...employee, email: 'w@example.com' }, { email_verified: true });
    await update(sub, ['addresses'], { addresses: [{ kind: 'phone', value: '+4915199999999', verified: true }] });
    await update(sub, ['traits'], { traits: JSON.stringify({ ...employee, email: 'W@example.com', phone: '+4915188888888' }) });
    expect(await claims(sub)).toMatchObject({ email_verified: true, phone_number_verified: false });
    expect(await stateOf(sub)).toEqual([
      ['w@example.com', true],
      ['+4915188888888', false],
    ]);
  });

  test('a person changes what is known of them: of two at once one, an address by whether it was known before', async () => {
    const mails = new FakeMails();
    const accounts = new PostgresAccounts(database, mailNotices(mails));
    const asked = { actor: 'user:x', at: 1, address: '192.0.2.1', userAgent: 'a', locale: 'de' };
    const traits = { email: 'p@example.com', phone: '+49 151 5555555', given_name: 'P', family_name: 'Q' };
    const { sub } = await create('employee', traits, { email_verified: true });
    const change = async (changes: object) => {
      const before = await accounts.findForFlow(sub);
      const schema = await schemas.newest('employee');
      if (!before || !schema) throw new Error('nobody');
      return { sub, schema, before, asked, traits: { ...before.traits, ...changes } };
    };
    const [left, right] = [await change({ given_name: 'Left' }), await change({ given_name: 'Right' })];
    expect((await Promise.all([accounts.changeTraits(left), accounts.changeTraits(right)])).sort()).toEqual(['changed', 'conflict']);
    expect(await claims(sub)).toMatchObject({ email: 'p@example.com', email_verified: true });
    expect(await accounts.changeTraits(await change({ email: 'p2@example.com', phone: '+49 151 6666666' }))).toBe('changed');
    expect(await claims(sub)).toMatchObject({ email: 'p2@example.com', email_verified: false, phone_number: '+491516666666' });
    expect(mails.sent.map(({ kind, to, locale }) => [kind, to, locale])).toEqual([['email_changed', 'p@example.com', 'de']]);
    expect(await accounts.findForFlow(sub)).toMatchObject({ name: 'p2@example.com', schema: { id: 'employee', version: 1 } });
    await create('default', { email: 'p3@example.com' });
    expect(await accounts.changeTraits(await change({ email: 'P3@example.com' }))).toEqual({ taken: 'email' });
    const { audit_events } = await listAudit(
      database,
      'identity',
      ListAuditEventsRequest.create({ filter: 'action = "identity.change_profile"' }),
    );
    expect(audit_events[0]).toMatchObject({ actor: `user:${sub}`, details: '{"changed": ["email", "phone"]}' });
  });

  test('the release before this writes email_verified alone, and is believed', async () => {
    const { sub } = await create('default', { email: 'old@example.com' });
    await database.query(statement('test_old_release', 'UPDATE identities SET email_verified = true WHERE sub = $1'), [sub]);
    expect(await claims(sub)).toEqual({ email: 'old@example.com', email_verified: true });
  });
});

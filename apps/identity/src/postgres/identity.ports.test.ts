import { randomBytes } from 'node:crypto';
import { listAudit } from '@authority/audit';
import { CreateIdentityRequest, ListAuditEventsRequest, ListIdentitiesRequest, UpdateIdentityRequest } from '@authority/contracts/admin';
import { PullFeedRequest } from '@authority/contracts/rpc';
import { FeedSource } from '@authority/feed';
import { type Database, open, statement } from '@authority/postgres';
import { testPostgres, type TestPostgres } from '@authority/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Directory } from '../accounts/directory.ts';
import { newSubject } from '../accounts/subject.ts';
import { FakePasswords } from '../fakes.ts';
import { migrateIdentity } from '../identity.ts';
import { PostgresAccounts } from './accounts.ts';
import { defaultSchema } from '../schemas/presets/index.ts';
import { claimSources } from './claims.ts';
import { PostgresSchemas } from './schemas.ts';

let postgres: TestPostgres;
let database: Database;
let feed: FeedSource;
let accounts: PostgresAccounts;
let schemas: PostgresSchemas;
let directory: Directory;
let cursor = 0;

const actor = 'operator:c_op';
const browser = 'b'.repeat(43);

beforeAll(async () => {
  postgres = await testPostgres();
  const ownerUrl = await postgres.newDatabase();
  const serviceUrl = postgres.serviceUrl(ownerUrl, 'identity');
  await migrateIdentity({ ownerUrl, serviceUrl, secrets: [randomBytes(32)] });
  database = await open({ url: serviceUrl, service: 'identity' });
  feed = new FeedSource(database);
  accounts = new PostgresAccounts(database);
  const rules = () => ({ minLength: 8, minStrength: 2 });
  schemas = new PostgresSchemas(database);
  const registrationSchema = () => 'default';
  directory = new Directory({ database, feed, passwords: new FakePasswords(), rules, schemas, registrationSchema, now: Date.now });
});

afterAll(async () => {
  feed.close();
  await database.close();
  await postgres.stop();
});

beforeEach(async () => {
  ({ cursor } = await feed.pull(PullFeedRequest.create({ cursor })));
});

const register = (identifier: string) =>
  accounts.register({
    sub: newSubject(Date.now()),
    schema: defaultSchema,
    traits: { email: identifier },
    credential: { passwordHash: 'hash:x' },
    browser,
  });
const create = (email: string, more: Partial<{ password: string; disabled: boolean; name: string }> = {}) =>
  directory.create(
    CreateIdentityRequest.fromPartial({
      identity: { traits: JSON.stringify({ email, ...(more.name ? { name: more.name } : {}) }), disabled: more.disabled ?? false },
      password: more.password ?? '',
    }),
    actor,
  );
const update = (sub: string, update_mask: string[], identity: Record<string, unknown>) =>
  directory.update(UpdateIdentityRequest.fromPartial({ identity: { sub, ...identity }, update_mask }), actor);
const entries = async () => (await feed.pull(PullFeedRequest.create({ cursor }))).entries.map(({ event, sub, why }) => [event, sub, why]);
const audited = async (action: string) => {
  const filter = `action = "${action}"`;
  return (await listAudit(database, 'identity', ListAuditEventsRequest.create({ filter, page_size: 1 }))).audit_events[0];
};

describe('accounts', () => {
  test('an identifier belongs to one person: of ten that register it at once one does', async () => {
    const all = await Promise.all(Array.from({ length: 10 }, () => register('once@example.com')));
    expect(all.filter((one) => !('taken' in one))).toHaveLength(1);
    const { account } = await accounts.findByIdentifier('once@example.com', browser);
    expect(account).toMatchObject({ disabled: false, passwordHash: 'hash:x', security: 1, knownBrowser: true });
    expect(await audited('identity.register')).toMatchObject({ target: `identity:${account?.sub}`, actor: `user:${account?.sub}` });
  });

  test('the look-up answers the database’s clock, known or not; a new browser is known after a sign-in', async () => {
    await register('browser@example.com');
    const unknown = await accounts.findByIdentifier('nobody@example.com', browser);
    expect(unknown.account).toBeUndefined();
    expect(Math.abs(unknown.at - Date.now())).toBeLessThan(60_000);
    const other = 'c'.repeat(43);
    const { account } = await accounts.findByIdentifier('browser@example.com', other);
    expect(account?.knownBrowser).toBe(false);
    const told: string[] = [];
    const telling = new PostgresAccounts(database, async (_tx, sub, kind) => void told.push(`${kind} ${sub}`));
    const asked = { actor: '', at: 0, address: '', userAgent: '', locale: '' };
    expect(await telling.signedIn(account?.sub ?? '', other, asked)).toEqual({ isNewBrowser: true });
    expect(await telling.signedIn(account?.sub ?? '', other, asked)).toEqual({ isNewBrowser: false });
    expect(told).toEqual([`new_sign_in ${account?.sub}`]);
    expect((await accounts.findByIdentifier('browser@example.com', other)).account?.knownBrowser).toBe(true);
  });

  test('RFC 6749 §4.3: no browser is remembered where there is none; a credential of another kind is a second factor', async () => {
    await register('factor@example.com');
    const find = async () => (await accounts.findByIdentifier('factor@example.com', '')).account;
    const first = await find();
    expect(await find()).toMatchObject({ knownBrowser: false, secondFactor: false, passwordHash: 'hash:x' });
    await database.query(statement('test_credential', "INSERT INTO credentials (sub, kind, data) VALUES ($1, 'totp', '{}')"), [first?.sub]);
    expect(await find()).toMatchObject({ secondFactor: true, passwordHash: 'hash:x' });
  });

  test('a rehash replaces the hash that was verified, and no other', async () => {
    await register('rehash@example.com');
    const sub = (await accounts.findByIdentifier('rehash@example.com', browser)).account?.sub ?? '';
    await accounts.rehash(sub, { from: 'hash:other', to: 'hash:new' });
    expect((await accounts.findByIdentifier('rehash@example.com', browser)).account?.passwordHash).toBe('hash:x');
    await accounts.rehash(sub, { from: 'hash:x', to: 'hash:new' });
    expect((await accounts.findByIdentifier('rehash@example.com', browser)).account?.passwordHash).toBe('hash:new');
  });
});

test('OpenID Connect Core §5.1: claims of many subjects are one statement; disabled and unknown ones have none', async () => {
  const find = claimSources(database, schemas);
  const [a, b] = [await create('claims-a@example.com', { name: 'A' }), await create('claims-b@example.com', { disabled: true })];
  const found = await Promise.all([a.sub, a.sub, b.sub, newSubject(0), 'no-uuid'].map(find));
  expect(found.map((one) => one?.traits['name'])).toEqual(['A', 'A', undefined, undefined, undefined]);
  expect(found.slice(2)).toEqual([undefined, undefined, undefined]);
});

describe('IdentityService of operators', () => {
  test('creates, reads and lists by page and filter, oldest first', async () => {
    const made = await create('list-1@example.com', { password: 'correct horse', name: 'One' });
    expect(made).toMatchObject({ schema_id: 'default', email_verified: false, credential_kinds: ['password'] });
    await create('list-2@example.com');
    expect(await directory.get(made.sub)).toEqual(made);
    const first = await directory.list(ListIdentitiesRequest.create({ page_size: 1 }));
    const second = await directory.list(ListIdentitiesRequest.create({ page_size: 500, page_token: first.next_page_token }));
    const subs = [...first.identities, ...second.identities].map(({ sub }) => sub);
    expect(subs).toEqual([...subs].sort());
    const byEmail = await directory.list(ListIdentitiesRequest.create({ filter: 'email = "LIST-1@Example.com"' }));
    expect(byEmail.identities.map(({ sub }) => sub)).toEqual([made.sub]);
    await expect(directory.get('x')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('refuses traits and passwords with the field that is wrong', async () => {
    const wrong = (traits: string, password = '') =>
      directory.create(CreateIdentityRequest.fromPartial({ identity: { traits }, password }), actor);
    await expect(wrong('{}')).rejects.toMatchObject({ violations: [{ field: 'identity.traits.email' }] });
    await expect(wrong('{"email":"a@b.c","x":"y"}')).rejects.toMatchObject({ violations: [{ field: 'identity.traits.x' }] });
    await expect(wrong('{"email":"a@b.c"}', 'short')).rejects.toMatchObject({ violations: [{ field: 'password' }] });
    await create('taken@example.com');
    await expect(create('Taken@Example.com')).rejects.toMatchObject({ code: 'ALREADY_EXISTS', reason: 'identity_exists' });
  });

  test('an update changes what the mask names, refuses an old etag, and moves the identifier', async () => {
    const made = await create('move@example.com');
    const { identity, propagating } = await update(made.sub, ['traits', 'email_verified'], {
      traits: '{"email":"Moved@example.com"}',
      email_verified: true,
      disabled: true,
      etag: made.etag,
    });
    expect(identity).toMatchObject({ email_verified: true, disabled: false });
    expect(propagating).toBe(false);
    await expect(update(made.sub, ['disabled'], { disabled: true, etag: made.etag })).rejects.toMatchObject({ code: 'ABORTED' });
    await create('move@example.com');
    expect((await accounts.findByIdentifier('moved@example.com', browser)).account?.sub).toBe(made.sub);
    const again = await update(made.sub, ['traits'], { traits: '{"email":"third@example.com"}' });
    expect(again.identity.email_verified).toBe(false);
    expect(await entries()).toEqual([]);
  });

  test('disabling, a new password and deleting are in the feed and in the audit log, in the transaction of the change', async () => {
    const { sub } = await create('end@example.com', { password: 'correct horse' });
    const { security: before = 0 } = (await accounts.findForFlow(sub)) ?? {};
    await directory.setPassword({ sub, password: 'other horse' }, actor);
    await update(sub, ['disabled'], { disabled: true });
    await update(sub, ['disabled'], { disabled: true });
    expect(await accounts.findForFlow(sub)).toMatchObject({ disabled: true, security: before + 2 });
    await directory.delete({ sub, etag: '' }, actor);
    expect(await entries()).toEqual([
      ['credential_changed', sub, 'password_reset'],
      ['identity_disabled', sub, 'operator'],
      ['identity_deleted', sub, 'operator'],
    ]);
    for (const action of ['identity.set_password', 'identity.disable', 'identity.delete']) {
      expect(await audited(action), action).toMatchObject({ actor, target: `identity:${sub}` });
    }
    expect((await accounts.findByIdentifier('end@example.com', browser)).account).toBeUndefined();
  });

  test('an act whose dependent does not confirm it answers after a second as propagating', async () => {
    const { sub } = await create('slow@example.com');
    await feed.pull(PullFeedRequest.create({ cursor, dependent: 'token/1' }));
    const started = performance.now();
    expect(await directory.delete({ sub, etag: '' }, actor)).toEqual({ propagating: true });
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

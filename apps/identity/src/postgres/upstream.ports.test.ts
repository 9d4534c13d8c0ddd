import { randomBytes, randomUUID } from 'node:crypto';
import {
  CreateUpstreamProviderRequest,
  DeleteCredentialRequest,
  ListCredentialsRequest,
  UpstreamProvider,
} from '@authority/contracts/admin';
import { FeedSource } from '@authority/feed';
import { type Database, open } from '@authority/postgres';
import { KeyTable, KeyWrapping, SealedValues } from '@authority/sealing';
import { type TestPostgres, testPostgres } from '@authority/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newSubject } from '../accounts/subject.ts';
import { Credentials } from '../credentials/credentials.ts';
import { upstreamCredentials } from '../credentials/upstream.ts';
import { migrateIdentity } from '../identity.ts';
import { defaultSchema } from '../schemas/presets/index.ts';
import { UpstreamAdmin } from '../upstream/admin.ts';
import { PostgresAccounts } from './accounts.ts';
import { PostgresSchemas } from './schemas.ts';
import { PostgresUpstreamLinks } from './upstream-links.ts';
import { PostgresUpstreamProviders } from './upstream-providers.ts';
import { PostgresVerifiedAddresses } from './verified-addresses.ts';

const actor = 'operator:c_op';
let postgres: TestPostgres;
let database: Database;
let admin: UpstreamAdmin;
let providers: PostgresUpstreamProviders;
let links: PostgresUpstreamLinks;

beforeAll(async () => {
  postgres = await testPostgres();
  const ownerUrl = await postgres.newDatabase();
  const serviceUrl = postgres.serviceUrl(ownerUrl, 'identity');
  const secrets = [randomBytes(32)];
  await migrateIdentity({ ownerUrl, serviceUrl, secrets });
  database = await open({ url: serviceUrl, service: 'identity' });
  const sealed = new SealedValues('identity', new KeyTable(database, new KeyWrapping('identity', secrets)));
  admin = new UpstreamAdmin({ database, sealed, issuer: 'https://login.example' });
  providers = new PostgresUpstreamProviders(database, sealed);
  links = new PostgresUpstreamLinks(database);
});

afterAll(async () => {
  await database.close();
  await postgres.stop();
});

const add = (provider_id: string, changes: Partial<UpstreamProvider> = {}, preset = 'google') => {
  const upstream_provider = UpstreamProvider.fromPartial({ provider_id, client_id: 'c', registration: true, ...changes });
  return admin.create(
    CreateUpstreamProviderRequest.create({ upstream_provider, client_secret: `secret of ${provider_id}`, preset }),
    actor,
  );
};
const register = (providerId: string, subject: string, email = `${randomUUID()}@example.com`) => {
  const sub = newSubject(Date.now());
  const account = {
    sub,
    schema: defaultSchema,
    traits: { email },
    verifiedEmail: email.toLowerCase(),
    link: { providerId, subject, name: email },
    browser: 'b'.repeat(43),
  };
  return links.register(account).then((made) => ({ sub, made }));
};

test('a provider: what a preset knows needs not be said; its secret is sealed, and never told', async () => {
  const made = await add('google');
  expect(made).toMatchObject({ issuer: 'https://accounts.google.com', redirect_uri: 'https://login.example/upstream/google/callback' });
  expect(JSON.stringify(made)).not.toContain('secret of');
  expect(await providers.secretOf('google')).toBe('secret of google');
  const [row] = await database.query<{ client_secret: string }>(
    { name: '', text: 'SELECT client_secret FROM upstream_providers' } as never,
    [],
  );
  expect(row?.client_secret).not.toContain('secret of');
  await expect(add('google')).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  const faults = { issuer: 'http://sso.example', scopes: ['email'], client_id: '' };
  await expect(add('Bad Id', { ...faults, kind: 'oidc' }, '')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
});

test('of ten first sign-ins of one account there, one makes an account here', async () => {
  await add('once');
  const all = await Promise.all(Array.from({ length: 10 }, () => register('once', 'same')));
  const won = all.filter(({ made }) => made !== 'taken');
  expect(won).toHaveLength(1);
  expect(await links.signIn({ providerId: 'once', subject: 'same' })).toMatchObject({ sub: won[0]?.sub, disabled: false });
  expect(await links.signIn({ providerId: 'google', subject: 'same' })).toBeUndefined();
});

test('a subject is one person’s: it is linked to nobody else, and an address that is taken makes no account', async () => {
  await add('owned');
  const first = await register('owned', 'ann', 'ann@example.com');
  const second = await register('owned', 'bob');
  expect((await register('owned', 'carol', 'ANN@example.com')).made).toBe('taken');
  expect(await links.link(second.sub, { providerId: 'owned', subject: 'ann', name: 'ann' })).toBe('taken');
  expect(await links.link(first.sub, { providerId: 'owned', subject: 'ann', name: 'ann' })).toBe('linked');
});

test('the last way in stays; of two that are unlinked at once one stays', async () => {
  await add('last');
  const { sub } = await register('last', 'one');
  expect(await links.unlink(sub, { providerId: 'last', subject: 'one' })).toBe('last_way_in');
  await links.link(sub, { providerId: 'last', subject: 'two', name: 'two' });
  const both = await Promise.all(['one', 'two'].map((subject) => links.unlink(sub, { providerId: 'last', subject })));
  expect(both.toSorted()).toEqual(['last_way_in', 'unlinked']);
});

test('a provider that is disabled or removed signs nobody in; operators see and remove links as credentials', async () => {
  await add('gone');
  const { sub } = await register('gone', 'ann');
  const feed = new FeedSource(database);
  const credentials = new Credentials({ database, feed, kinds: [upstreamCredentials] });
  const listed = await credentials.list(ListCredentialsRequest.create({ sub }));
  expect(listed.credentials).toMatchObject([{ kind: 'upstream', id: 'gone/ann' }]);
  await credentials.delete(DeleteCredentialRequest.create({ sub, kind: 'upstream', id: 'gone/ann' }), actor);
  expect(await links.ofPerson(sub)).toEqual([]);
  feed.close();
  const upstream_provider = UpstreamProvider.fromPartial({ provider_id: 'gone', disabled: true });
  await admin.update({ upstream_provider, update_mask: ['disabled'], client_secret: '' }, actor);
  expect(await providers.find('gone')).toBeUndefined();
  expect((await providers.enabled()).map(({ providerId }) => providerId)).not.toContain('gone');
  await admin.delete({ provider_id: 'gone', etag: '' }, actor);
  await expect(admin.get('gone')).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('pre-hijacking: whoever proves the address first gets the account without what its maker left to come back by', async () => {
  await add('planted');
  const [accounts, addresses] = [
    new PostgresAccounts(database, async () => {}),
    new PostgresVerifiedAddresses(database, new PostgresSchemas(database)),
  ];
  const [sub, email] = [newSubject(Date.now()), `${randomUUID()}@example.com`];
  await accounts.register({
    sub,
    schema: defaultSchema,
    traits: { email },
    credential: { passwordHash: 'hash:planted' },
    browser: 'b'.repeat(43),
  });
  await links.link(sub, { providerId: 'planted', subject: 'attacker', name: 'attacker' });
  const before = await accounts.findForFlow(sub);
  const taken = await addresses.takeOver(sub, email);
  expect(taken?.security).toBe((before?.security ?? 0) + 1);
  expect([await accounts.findPassword(sub), await links.ofPerson(sub)]).toEqual([undefined, []]);
  expect(await links.signIn({ providerId: 'planted', subject: 'attacker' })).toBeUndefined();

  // An address that was proved before: whoever recovers later loses nothing of their own.
  await links.link(sub, { providerId: 'planted', subject: 'owner', name: 'owner' });
  expect((await addresses.takeOver(sub, email))?.security).toBe(taken?.security);
  expect(await links.ofPerson(sub)).toHaveLength(1);
  expect(await addresses.takeOver(sub, 'other@example.com')).toBeUndefined();
});

test('an address that the provider did not vouch for is not verified here, whatever claim it came from', async () => {
  await add('upn');
  const [sub, email] = [newSubject(Date.now()), `${randomUUID()}@example.com`];
  const link = { providerId: 'upn', subject: 'x', name: 'x' };
  const account = { sub, schema: defaultSchema, traits: { email }, link, browser: 'b'.repeat(43) };
  await links.register({ ...account, verifiedEmail: 'somebody-else@example.com' });
  const [row] = await database.query<{ email_verified: boolean }>(
    { name: '', text: 'SELECT email_verified FROM identities WHERE sub = $1' } as never,
    [sub],
  );
  expect(row?.email_verified).toBe(false);
});

import { randomBytes } from 'node:crypto';
import { listAudit } from '@authority/audit';
import { ListAuditEventsRequest } from '@authority/contracts/admin';
import { PullFeedRequest } from '@authority/contracts/rpc';
import { FeedSource } from '@authority/feed';
import { type Database, open, statement } from '@authority/postgres';
import { type TestPostgres, testPostgres } from '@authority/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newSubject } from '../accounts/subject.ts';
import { migrateIdentity } from '../identity.ts';
import type { Mail } from '../mails/kinds.ts';
import { defaultSchema } from '../schemas/presets/index.ts';
import { PostgresAccounts } from './accounts.ts';
import { mailNotices } from './notices.ts';
import { PostgresSchemas } from './schemas.ts';
import { PostgresVerifiedAddresses } from './verified-addresses.ts';

let postgres: TestPostgres;
let database: Database;
let accounts: PostgresAccounts;
let addresses: PostgresVerifiedAddresses;
const mails: Mail[] = [];

beforeAll(async () => {
  postgres = await testPostgres();
  const ownerUrl = await postgres.newDatabase();
  const serviceUrl = postgres.serviceUrl(ownerUrl, 'identity');
  await migrateIdentity({ ownerUrl, serviceUrl, secrets: [randomBytes(32)] });
  database = await open({ url: serviceUrl, service: 'identity' });
  accounts = new PostgresAccounts(database, mailNotices({ send: async (_, mail) => void mails.push(mail) }));
  addresses = new PostgresVerifiedAddresses(database, new PostgresSchemas(database));
});

afterAll(async () => {
  await database.close();
  await postgres.stop();
});

async function register(email: string): Promise<string> {
  const sub = newSubject(Date.now());
  await accounts.register({
    sub,
    schema: defaultSchema,
    traits: { email },
    credential: { passwordHash: 'hash:x' },
    browser: 'b'.repeat(43),
  });
  return sub;
}
const audited = async (action: string, sub: string) => {
  const filter = `action = "${action}"`;
  const { audit_events } = await listAudit(database, 'identity', ListAuditEventsRequest.create({ filter, page_size: 100 }));
  return audit_events.filter(({ target }) => target === `identity:${sub}`).length;
};
const run = (text: string, values: unknown[]) => database.query<{ email_verified: boolean }>(statement('', text), values);

test('an address is verified once, with one audit row, and email_verified says so', async () => {
  const sub = await register('verify@example.com');
  expect(await addresses.findUnverified(sub)).toEqual(['verify@example.com']);
  expect(await addresses.verify(sub, 'verify@example.com')).toBe(true);
  expect(await addresses.verify(sub, 'verify@example.com')).toBe(true);
  expect(await audited('identity.verify_address', sub)).toBe(1);
  expect(await addresses.findUnverified(sub)).toEqual([]);
  expect(await run('SELECT email_verified FROM identities WHERE sub = $1', [sub])).toEqual([{ email_verified: true }]);
});

test('an address of somebody else, or of nobody, is not verified', async () => {
  const [one, two] = [await register('one@example.com'), await register('two@example.com')];
  expect(await addresses.verify(one, 'two@example.com')).toBe(false);
  expect(await addresses.verify(newSubject(0), 'one@example.com')).toBe(false);
  expect(await addresses.findUnverified(two)).toEqual(['two@example.com']);
  expect(await addresses.findUnverified('x')).toEqual([]);
});

test('a recovery goes to the address of who is known by it; to nobody for who is disabled or unknown', async () => {
  const sub = await register('recover@example.com');
  expect(await addresses.findRecipient('recover@example.com')).toEqual({ sub, address: 'recover@example.com' });
  expect(await addresses.findRecipient('nobody@example.com')).toBeUndefined();
  await run('UPDATE identities SET disabled = true WHERE sub = $1', [sub]);
  expect(await addresses.findRecipient('recover@example.com')).toBeUndefined();
});

test('an address that is no identifier finds one person who has proved it, and none of several', async () => {
  const [one, two] = [await register('first@example.com'), await register('second@example.com')];
  const give = (sub: string, verified: boolean) =>
    run(
      "INSERT INTO addresses (sub, kind, value, recovery, verified_at) VALUES ($1, 'email', 'shared@example.com', true, CASE WHEN $2 THEN clock_timestamp() END)",
      [sub, verified],
    );
  await give(one, false);
  expect(await addresses.findRecipient('shared@example.com')).toBeUndefined();
  await addresses.verify(one, 'shared@example.com');
  expect(await addresses.findRecipient('shared@example.com')).toEqual({ sub: one, address: 'shared@example.com' });
  await give(two, true);
  expect(await addresses.findRecipient('shared@example.com')).toBeUndefined();
});

test('a recovered password is told by mail, and ends everything, in one transaction', async () => {
  const sub = await register('recovered@example.com');
  const feed = new FeedSource(database);
  const asked = { actor: `user:${sub}`, at: 5, address: '192.0.2.1', userAgent: 'Firefox', locale: 'de' };
  const before = await accounts.findForFlow(sub);
  const change = { sub, passwordHash: 'hash:y', action: 'identity.recover_password', endsSessions: true, asked } as const;
  const { security, at } = await accounts.changePassword(change);
  expect(security).toBe((before?.security ?? 0) + 1);
  expect(mails.at(-1)).toMatchObject({ kind: 'password_recovered', to: 'recovered@example.com', locale: 'de' });
  const { entries } = await feed.pull(PullFeedRequest.create({ cursor: 0 }));
  feed.close();
  expect(entries.map((entry) => [entry.event, entry.sub, entry.why])).toContainEqual(['credential_changed', sub, 'password_reset']);
  // Or the sign-in at the end of the recovery would end with the sessions before it.
  expect(at).toBeGreaterThan(entries.find((entry) => entry.sub === sub)?.at_ms ?? at);
  expect(await audited('identity.recover_password', sub)).toBe(1);
});

import { randomBytes, randomUUID } from 'node:crypto';
import { listAudit } from '@authority/audit';
import { DeleteCredentialRequest, ListAuditEventsRequest, ListCredentialsRequest } from '@authority/contracts/admin';
import { PullFeedRequest } from '@authority/contracts/rpc';
import { FeedSource } from '@authority/feed';
import { type Database, open } from '@authority/postgres';
import { type TestPostgres, testPostgres } from '@authority/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newSubject } from '../accounts/subject.ts';
import { migrateIdentity } from '../identity.ts';
import { PostgresAccounts } from '../postgres/accounts.ts';
import { defaultSchema } from '../schemas/presets/index.ts';
import { PostgresPasskeys } from '../postgres/passkeys.ts';
import { Credentials } from './credentials.ts';
import { passkeyCredentials } from './passkeys.ts';
import { passwordCredential } from './password.ts';

const actor = 'operator:c_op';
let postgres: TestPostgres;
let database: Database;
let feed: FeedSource;
let credentials: Credentials;

beforeAll(async () => {
  postgres = await testPostgres();
  const ownerUrl = await postgres.newDatabase();
  const serviceUrl = postgres.serviceUrl(ownerUrl, 'identity');
  await migrateIdentity({ ownerUrl, serviceUrl, secrets: [randomBytes(32)] });
  database = await open({ url: serviceUrl, service: 'identity' });
  feed = new FeedSource(database);
  credentials = new Credentials({ database, feed, kinds: [passwordCredential, passkeyCredentials] });
});

afterAll(async () => {
  feed.close();
  await database.close();
  await postgres.stop();
});

/** Somebody with a password and a passkey. */
async function person() {
  const [sub, email, id] = [newSubject(Date.now()), `${randomUUID()}@example.com`, randomBytes(16).toString('base64url')];
  const [accounts, passkeys] = [new PostgresAccounts(database), new PostgresPasskeys(database, async () => {})];
  await accounts.register({
    sub,
    schema: defaultSchema,
    traits: { email },
    credential: { passwordHash: 'hash:x' },
    browser: 'b'.repeat(43),
  });
  await passkeys.userHandle(sub);
  const facts = { transports: [], aaguid: randomUUID(), backupEligible: true, backedUp: true, userVerified: true };
  await passkeys.add(
    sub,
    { id, publicKey: randomBytes(77), counter: 0, name: 'Phone', ...facts },
    { actor: `user:${sub}`, at: 0, address: '', userAgent: '', locale: '' },
  );
  return { sub, id, security: async () => (await accounts.findForFlow(sub))?.security };
}

const list = async (sub: string, filter = '') => (await credentials.list(ListCredentialsRequest.create({ sub, filter }))).credentials;
const remove = (request: Partial<DeleteCredentialRequest>) => credentials.delete(DeleteCredentialRequest.create(request), actor);

test('an operator sees every credential of a person, by kind, and no secret', async () => {
  const { sub, id } = await person();
  expect(await list(sub)).toEqual([
    { sub, kind: 'passkey', id, name: 'Phone', create_time_ms: expect.any(Number), last_use_time_ms: 0, backed_up: true, remaining: 0 },
    {
      sub,
      kind: 'password',
      id: 'password',
      name: '',
      create_time_ms: expect.any(Number),
      last_use_time_ms: 0,
      backed_up: false,
      remaining: 0,
    },
  ]);
  expect((await list(sub, 'kind = "password"')).map(({ kind }) => kind)).toEqual(['password']);
  const first = await credentials.list(ListCredentialsRequest.create({ sub, page_size: 1 }));
  const second = await credentials.list(ListCredentialsRequest.create({ sub, page_token: first.next_page_token }));
  expect(second.credentials.map(({ kind }) => kind)).toEqual(['password']);
  await expect(list(newSubject(0))).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('an operator takes a credential away, even the last; it is in the audit log, and ends sessions when that is asked', async () => {
  const { sub, id, security } = await person();
  const { cursor } = await feed.pull(PullFeedRequest.create());
  const before = await security();
  await remove({ sub, kind: 'password' });
  expect(await security()).toBe(before);
  await remove({ sub, kind: 'passkey', id, end_sessions: true });
  expect([await list(sub), await security()]).toEqual([[], (before ?? 0) + 1]);
  const { entries } = await feed.pull(PullFeedRequest.create({ cursor }));
  expect(entries.map(({ event, sub: of, why }) => [event, of, why])).toEqual([['credential_changed', sub, 'operator']]);
  const { audit_events } = await listAudit(database, 'identity', ListAuditEventsRequest.create({ filter: `actor = "${actor}"` }));
  expect(audit_events.map(({ action, target }) => [action, target])).toEqual([
    ['passkey.remove', `identity:${sub}`],
    ['identity.remove_password', `identity:${sub}`],
  ]);
});

test('what is not there is not taken away', async () => {
  const [ann, eve] = [await person(), await person()];
  await expect(remove({ sub: ann.sub, kind: 'passkey', id: eve.id })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(remove({ sub: ann.sub, kind: 'passkey' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(remove({ sub: newSubject(0), kind: 'password' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(remove({ sub: ann.sub, kind: 'hunch' })).rejects.toMatchObject({ violations: [{ field: 'kind' }] });
  expect((await list(eve.sub)).length).toBe(2);
});

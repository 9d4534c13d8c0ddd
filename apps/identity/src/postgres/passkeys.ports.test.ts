import { listAudit } from '@authority/audit';
import { ListAuditEventsRequest } from '@authority/contracts/admin';
import { type Ephemeral, openEphemeral } from '@authority/ephemeral';
import { type Database, open, statement } from '@authority/postgres';
import { KeyTable, KeyWrapping, Macs } from '@authority/sealing';
import { type TestPostgres, testPostgres } from '@authority/testing';
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newSubject } from '../accounts/subject.ts';
import { EphemeralChallenges } from '../ephemeral/challenges.ts';
import { migrateIdentity } from '../identity.ts';
import { type Binding, MacChallenges } from '../methods/passkey/challenge.ts';
import { mostPasskeys } from '../methods/passkey/passkeys.ts';
import type { Mail } from '../mails/kinds.ts';
import { PostgresAccounts } from './accounts.ts';
import { mailNotices } from './notices.ts';
import { defaultSchema } from '../schemas/presets/index.ts';
import { PostgresPasskeys } from './passkeys.ts';

let postgres: TestPostgres;
let database: Database;
let ephemeral: Ephemeral;
let accounts: PostgresAccounts;
let passkeys: PostgresPasskeys;
let keys: KeyTable;
const told: string[] = [];

beforeAll(async () => {
  postgres = await testPostgres();
  const ownerUrl = await postgres.newDatabase();
  const serviceUrl = postgres.serviceUrl(ownerUrl, 'identity');
  const secrets = [randomBytes(32)];
  await migrateIdentity({ ownerUrl, serviceUrl, secrets });
  database = await open({ url: serviceUrl, service: 'identity' });
  keys = new KeyTable(database, new KeyWrapping('identity', secrets));
  ephemeral = await openEphemeral({ database, service: 'identity', prefix: 'authority:identity:' });
  [accounts, passkeys] = [
    new PostgresAccounts(database),
    new PostgresPasskeys(database, async (_, sub, kind) => void told.push(`${kind} ${sub}`)),
  ];
});

afterAll(async () => {
  await ephemeral.close();
  await database.close();
  await postgres.stop();
});

async function person(): Promise<string> {
  const sub = newSubject(Date.now());
  const identifier = `${randomUUID()}@example.com`;
  await accounts.register({
    sub,
    schema: defaultSchema,
    traits: { email: identifier },
    credential: { passwordHash: 'hash:x' },
    browser: 'b'.repeat(43),
  });
  await passkeys.userHandle(sub);
  return sub;
}

const withoutPassword = statement('test_password_drop', "DELETE FROM credentials WHERE sub = $1 AND kind = 'password'");
const newPasskey = (counter = 0, id = randomBytes(32).toString('base64url')) => ({
  ...{ id, publicKey: randomBytes(77), counter, transports: ['usb', 'nfc'], aaguid: randomUUID(), name: 'Key' },
  ...{ backupEligible: counter === 0, backedUp: false, userVerified: true },
});

const asked = (sub: string) => ({ actor: `user:${sub}`, at: 0, address: '', userAgent: '', locale: '' });

async function added(sub: string, counter = 0) {
  const passkey = newPasskey(counter);
  expect(await passkeys.add(sub, passkey, asked(sub))).toBe('added');
  return passkey;
}

async function actions(sub: string): Promise<string[]> {
  const { audit_events } = await listAudit(database, 'identity', ListAuditEventsRequest.create({ filter: `target = "identity:${sub}"` }));
  return audit_events.map(({ action }) => action).filter((action) => action.startsWith('passkey.'));
}

const used = (counter: number) => ({ counter, userVerified: true, backedUp: true });

describe('WebAuthn §4: a credential record', () => {
  test('is kept with all that it says, and found by its id alone', async () => {
    const sub = await person();
    const passkey = await added(sub, 7);
    const userHandle = await passkeys.userHandle(sub);
    expect(Buffer.from(userHandle, 'base64url')).toHaveLength(32);
    const { publicKey, transports } = passkey;
    expect(await passkeys.find(passkey.id)).toEqual({ sub, userHandle, publicKey, counter: 7, backupEligible: false, transports });
    const { aaguid, id, name } = passkey;
    expect(await passkeys.list(sub)).toEqual([
      { id, name, aaguid, transports, backupEligible: false, backedUp: false, createdAt: expect.any(Number), lastUsedAt: undefined },
    ]);
    expect(await passkeys.find(newPasskey().id)).toBeUndefined();
  });

  test('makes a password alone too little, as long as there is one', async () => {
    const sub = await person();
    const kinds = async () =>
      (
        await database.query<{ kind: string }>(statement('test_kinds', 'SELECT kind FROM credentials WHERE sub = $1 ORDER BY kind'), [sub])
      ).map(({ kind }) => kind);
    const [one, two] = [await added(sub), await added(sub)];
    expect(await kinds()).toEqual(['passkey', 'password']);
    await passkeys.remove(sub, one.id, asked(sub));
    expect(await kinds()).toEqual(['passkey', 'password']);
    await passkeys.remove(sub, two.id, asked(sub));
    expect(await kinds()).toEqual(['password']);
  });
});

describe('WebAuthn §6.1.1: the signature counter', () => {
  test('of 20 answers with one counter a single one counts; the others are audited', async () => {
    const sub = await person();
    const { id } = await added(sub, 5);
    const uses = await Promise.all(Array.from({ length: 20 }, () => passkeys.use(id, used(6))));
    expect(uses.filter(({ kind }) => kind === 'used')).toHaveLength(1);
    expect((await actions(sub)).filter((action) => action === 'passkey.counter_regressed')).toHaveLength(19);
    expect(await passkeys.use(id, used(0))).toEqual({ kind: 'counter_regressed' });
    expect(await passkeys.use(id, used(7))).toMatchObject({ kind: 'used', disabled: false, security: 1, at: expect.any(Number) });
    expect((await passkeys.list(sub))[0]).toMatchObject({ backedUp: true, lastUsedAt: expect.any(Number) });
  });

  test('that an authenticator does not have stays 0', async () => {
    const { id } = await added(await person());
    for (let time = 0; time < 2; time++) expect(await passkeys.use(id, used(0))).toMatchObject({ kind: 'used' });
    expect(await passkeys.use(newPasskey().id, used(0))).toEqual({ kind: 'gone' });
  });
});

describe('Passkeys of a person', () => {
  test('WebAuthn §14.6.1: have one random user handle, whoever asks for it first', async () => {
    const sub = await person();
    const handles = await Promise.all(Array.from({ length: 5 }, () => passkeys.userHandle(sub)));
    expect(new Set(handles).size).toBe(1);
    await expect(passkeys.userHandle(newSubject(0))).rejects.toThrow();
  });

  test('WebAuthn §7.1 step 26: a credential belongs to one person', async () => {
    const [ann, eve] = [await person(), await person()];
    const passkey = newPasskey();
    const both = await Promise.all([ann, eve].map((sub) => passkeys.add(sub, passkey, asked(sub))));
    expect(both.toSorted()).toEqual(['added', 'exists']);
    expect(await passkeys.add(newSubject(0), newPasskey(), asked(''))).toBe('gone');
  });

  test('are at most so many, also when all are added at once', async () => {
    const sub = await person();
    const all = await Promise.all(Array.from({ length: mostPasskeys + 5 }, () => passkeys.add(sub, newPasskey(), asked(sub))));
    expect(all.filter((one) => one === 'too_many')).toHaveLength(5);
  });

  test('are renamed and removed by nobody else', async () => {
    const [ann, eve] = [await person(), await person()];
    const { id } = await added(ann);
    expect(await passkeys.rename(eve, id, 'Eve', asked(eve))).toBe(false);
    expect(await passkeys.remove(eve, id, asked(eve))).toBe('gone');
    expect(await passkeys.rename(ann, id, 'Blue key', asked(ann))).toBe(true);
    expect((await passkeys.list(ann)).map(({ name }) => name)).toEqual(['Blue key']);
    expect(await passkeys.remove(ann, id, asked(ann))).toBe('removed');
    expect((await actions(ann)).toSorted()).toEqual(['passkey.add', 'passkey.remove', 'passkey.rename']);
  });

  test('the last way in stays, also when two are removed at once', async () => {
    const sub = await person();
    await database.query(withoutPassword, [sub]);
    const two = [await added(sub), await added(sub)];
    const removed = await Promise.all(two.map(({ id }) => passkeys.remove(sub, id, asked(sub))));
    expect(removed.toSorted()).toEqual(['last_way_in', 'removed']);
    expect(told.filter((one) => one.endsWith(sub))).toEqual([`passkey_added ${sub}`, `passkey_added ${sub}`, `passkey_removed ${sub}`]);
  });
});

test('a notice goes to an address of the person, in the transaction of the change', async () => {
  const sub = await person();
  const mails: Mail[] = [];
  const noticing = new PostgresPasskeys(database, mailNotices({ send: async (_, mail) => void mails.push(mail) }));
  await noticing.add(sub, newPasskey(), { ...asked(sub), at: 5, address: '192.0.2.1', userAgent: 'Firefox', locale: 'de' });
  const values = { asked: { at: 5, address: '192.0.2.1', userAgent: 'Firefox' } };
  expect(mails).toEqual([{ kind: 'passkey_added', to: expect.stringMatching(/@example\.com$/), locale: 'de', values }]);
});

test('WebAuthn §13.4.3: of 50 answers to one challenge at two replicas a single one is looked at', async () => {
  const spent = new EphemeralChallenges(ephemeral);
  const replicas = [0, 1].map(() => new MacChallenges(new Macs('identity', keys), spent, Date.now));
  const binding: Binding = { purpose: 'sign_in', flow: { browser: 'b'.repeat(43), expiresAt: Date.now() + 60_000 } };
  const challenge = (await replicas[0]?.make(binding)) ?? '';
  const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => replicas[index % 2]?.spend(challenge, binding)));
  expect(answers.filter(Boolean)).toHaveLength(1);
});

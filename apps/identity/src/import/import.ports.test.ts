import { randomBytes } from 'node:crypto';
import { listAudit } from '@authority/audit';
import { ImportedIdentity, ImportIdentitiesRequest, ListAuditEventsRequest } from '@authority/contracts/admin';
import { PullFeedRequest } from '@authority/contracts/rpc';
import { FeedSource } from '@authority/feed';
import { type Database, open, statement } from '@authority/postgres';
import { KeyTable, KeyWrapping, SealedValues } from '@authority/sealing';
import { testPostgres, type TestPostgres } from '@authority/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newSubject } from '../accounts/subject.ts';
import { migrateIdentity } from '../identity.ts';
import { PostgresAccounts } from '../postgres/accounts.ts';
import { hashSample } from '../postgres/hash-sample.ts';
import { findIdentity } from '../postgres/identities.ts';
import { PostgresPasskeys } from '../postgres/passkeys.ts';
import { PostgresTotps } from '../postgres/totps.ts';
import { totpPlace } from '../methods/totp/totps.ts';
import { PostgresSchemas } from '../postgres/schemas.ts';
import { imports } from './import.ts';

let postgres: TestPostgres;
let database: Database;
let ownerUrl: string;
let accounts: PostgresAccounts;
let sealed: SealedValues;
const secrets = [randomBytes(32)];

beforeAll(async () => {
  postgres = await testPostgres();
  ownerUrl = await postgres.newDatabase();
  const serviceUrl = postgres.serviceUrl(ownerUrl, 'identity');
  await migrateIdentity({ ownerUrl, serviceUrl, secrets });
  database = await open({ url: serviceUrl, service: 'identity' });
  accounts = new PostgresAccounts(database);
  sealed = new SealedValues('identity', new KeyTable(database, new KeyWrapping('identity', secrets)));
});

afterAll(async () => {
  await database.close();
  await postgres.stop();
});

const actor = 'operator:c_op';
const ssha = '{SSHA}xCoAhsXWiKbSyTjqWPV5SBDy7r1zYWx0';
// ES256: {1: 2, 3: -7, -1: 1, -2: x, -3: y}
const publicKey = Buffer.concat([
  Buffer.from('a5010203262001215820', 'hex'),
  Buffer.alloc(32, 1),
  Buffer.from('225820', 'hex'),
  Buffer.alloc(32, 2),
]);

const person = (name: string, more: Partial<ImportedIdentity> = {}): ImportedIdentity =>
  ImportedIdentity.fromPartial({ external_id: name, traits: JSON.stringify({ email: `${name}@example.com` }), ...more });
const send = (import_id: string, identities: ImportedIdentity[], validate_only = false) =>
  imports({ database, schemas: new PostgresSchemas(database), registrationSchema: () => 'default', seeds: sealed, now: Date.now }).import(
    ImportIdentitiesRequest.fromPartial({ import_id, identities, validate_only }),
    actor,
  );
async function owner(text: string): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  await client.query(text).finally(() => client.end());
}
const find = async (email: string) => (await accounts.findByIdentifier(email, '')).account;
const fields = (result: { violations: readonly { field: string }[] } | undefined) => result?.violations.map(({ field }) => field);

describe('how-to/import.md: people come as a whole, or not at all', () => {
  test('with their subject, hash, age, verified address and passkeys; the rest of the batch does not mind a refused one', async () => {
    const sub = '3f0b7a60-9d3c-4c55-8a55-0b5a7c3f9d11';
    const [ada, wrong, bob] = await send('first', [
      person('ada', { sub, password_hash: ssha, create_time_ms: 1_500_000_000_000, verified_addresses: ['ADA@example.com'] }),
      person('wrong', { traits: '{"email":"no address"}', password_hash: 'plain', sub: 'auth0|1', create_time_ms: 9e15 }),
      person('bob', {
        disabled: true,
        user_handle: Buffer.from('old-handle'),
        passkeys: [{ credential_id: Buffer.alloc(16, 9), public_key: publicKey, counter: 7, transports: ['internal'], name: 'Phone' }],
      } as Partial<ImportedIdentity>),
    ]);
    expect(ada).toEqual({ outcome: 'created', sub, violations: [] });
    expect(wrong?.outcome).toBe('refused');
    expect(fields(wrong)).toEqual(['traits.email', 'create_time_ms', 'sub', 'password_hash']);
    expect(await find('ada@example.com')).toMatchObject({ sub, passwordHash: ssha, disabled: false, secondFactor: false, security: 1 });
    expect(await findIdentity(database, sub)).toMatchObject({ email_verified: true, create_time_ms: 1_500_000_000_000 });
    expect(await find('bob@example.com')).toMatchObject({ sub: bob?.sub, disabled: true, passwordHash: undefined });
    const passkeys = new PostgresPasskeys(database, async () => {});
    expect(await passkeys.list(bob?.sub ?? '')).toMatchObject([{ name: 'Phone', transports: ['internal'] }]);
    expect(await passkeys.find(Buffer.alloc(16, 9).toString('base64url'))).toMatchObject({ sub: bob?.sub, counter: 7 });
  });

  test('by the schema that they name: its identifiers, and its addresses with what is verified of them', async () => {
    const traits = { email: 'grace@example.com', username: 'Grace', given_name: 'G', family_name: 'H', phone: '+49 151 7777777' };
    const [grace, wrong] = await send('staff', [
      person('grace', { schema_id: 'employee', traits: JSON.stringify(traits), verified_addresses: ['+491517777777'] }),
      person('wrong', { schema_id: 'employee', traits: '{"email":"x@example.com"}' }),
    ]);
    expect(fields(wrong)).toEqual(['traits.given_name', 'traits.family_name']);
    expect((await find('grace'))?.sub).toBe(grace?.sub);
    expect(await findIdentity(database, grace?.sub ?? '')).toMatchObject({
      ...{ schema_id: 'employee', email_verified: false },
      addresses: [
        { kind: 'email', value: 'grace@example.com', verified: false },
        { kind: 'phone', value: '+491517777777', verified: true },
      ],
    });
  });

  test('style.md 20: with their authenticator app, whose seed is sealed for them; codes that the old system may have taken are used up', async () => {
    const seed = Buffer.from('12345678901234567890');
    const [result] = await send('totp', [person('totp', { totp: { secret: seed, algorithm: '', digits: 0, period: 0 } })]);
    const [row] = await database.query<{ data: { sealed: string; step: number } }>(
      statement('', "SELECT data FROM credentials WHERE sub = $1 AND kind = 'totp'"),
      [result?.sub],
    );
    expect(row?.data).toMatchObject({ v: 1, algorithm: 'SHA1', digits: 6, period: 30 });
    expect(Math.abs((row?.data.step ?? 0) - Date.now() / 30_000)).toBeLessThan(2);
    const kept = await new PostgresTotps(database, async () => {}).find(result?.sub ?? '');
    expect(kept).toMatchObject({ algorithm: 'SHA1', digits: 6, period: 30, sealed: row?.data.sealed, lastUsedAt: undefined });
    expect(await sealed.open(row?.data.sealed ?? '', totpPlace(result?.sub ?? ''))).toEqual(seed);
    expect(await find('totp@example.com')).toMatchObject({ secondFactor: true });
    const wrong = { secret: Buffer.alloc(4), algorithm: 'MD5', digits: 4, period: 1 };
    expect(fields((await send('totp', [person('totp-2', { totp: wrong })]))[0])).toEqual([
      'totp.secret',
      'totp.digits',
      'totp.period',
      'totp.algorithm',
    ]);
  });

  test('one row of the audit log says what a batch did, and the feed has nothing', async () => {
    const feed = new FeedSource(database);
    const { cursor } = await feed.pull(PullFeedRequest.create({}));
    await send('audited', [person('audited-1'), person('audited-2'), person('audited-1'), person('ada-2', { traits: '{}' })]);
    const { audit_events } = await listAudit(database, 'identity', ListAuditEventsRequest.create({ filter: 'target = "import:audited"' }));
    expect(audit_events).toMatchObject([{ action: 'identity.import', actor, details: '{"created": 2, "refused": 2, "unchanged": 0}' }]);
    expect((await feed.pull(PullFeedRequest.create({ cursor }))).entries).toEqual([]);
    feed.close();
  });
});

describe('how-to/import.md: a call whose answer was lost may be repeated', () => {
  test('who was imported by this import is left as they are, whatever else is said of them now', async () => {
    const [first] = await send('again', [person('carol', { password_hash: ssha })]);
    await accounts.rehash(first?.sub ?? '', { from: ssha, to: '$argon2id$new' });
    const more = { password_hash: ssha, traits: '{"email":"other@example.com"}' };
    expect(await send('again', [person('carol', more)])).toEqual([{ outcome: 'unchanged', sub: first?.sub, violations: [] }]);
    expect((await find('carol@example.com'))?.passwordHash).toBe('$argon2id$new');
    expect(await find('other@example.com')).toBeUndefined();
  });

  test('the same batch ten times at once makes everybody once', async () => {
    const batch = Array.from({ length: 40 }, (_, index) => person(`twin-${index}`));
    const all = await Promise.all(Array.from({ length: 10 }, (_, turn) => send('twins', turn % 2 ? batch : [...batch].reverse())));
    expect(all.flat().filter(({ outcome }) => outcome === 'created')).toHaveLength(40);
    expect(all.flat().filter(({ outcome }) => outcome === 'unchanged')).toHaveLength(360);
  });

  test('AIP-163: a trial says what would happen, and does nothing', async () => {
    const results = await send('trial', [person('dora'), person('ada'), person('dora')], true);
    expect(results.map(({ outcome, sub }) => [outcome, sub])).toEqual([
      ['created', ''],
      ['refused', ''],
      ['refused', ''],
    ]);
    expect(await find('dora@example.com')).toBeUndefined();
  });
});

describe('how-to/import.md: what is somebody’s stays theirs', () => {
  test('an address, a subject, a user handle and a credential of somebody else are refused by their field', async () => {
    const key = { credential_id: Buffer.alloc(16, 3), public_key: publicKey };
    const theirs = { sub: newSubject(1), user_handle: Buffer.from('theirs'), passkeys: [key] } as Partial<ImportedIdentity>;
    await send('theirs', [person('eve', theirs)]);
    expect(fields((await send('other', [person('eve')]))[0])).toEqual(['traits.email']);
    expect(fields((await send('other', [person('frank', theirs)]))[0])).toEqual(['sub', 'user_handle', 'passkeys[0].credential_id']);
    expect(fields((await send('other', [person('gina'), person('gina-2', { traits: '{"email":"GINA@example.com"}' })]))[1])).toEqual([
      'traits.email',
    ]);
  });

  test.each([
    ['a verified address that is not theirs', { verified_addresses: ['other@example.com'] }, ['verified_addresses']],
    ['an unknown schema', { schema_id: 'nothing' }, ['schema_id']],
    ['the subject of nobody', { sub: '00000000-0000-0000-0000-000000000000' }, ['sub']],
    ['no external id', { external_id: '' }, ['external_id']],
    ['a passkey without a user handle', { passkeys: [{ credential_id: Buffer.alloc(16), public_key: publicKey }] }, ['user_handle']],
    [
      'a public key that is none',
      { user_handle: Buffer.of(1), passkeys: [{ credential_id: Buffer.alloc(16), public_key: Buffer.from('a10102', 'hex') }] },
      ['passkeys[0].public_key'],
    ],
  ])('%s is refused', async (_what, more, wrong) => {
    expect(fields((await send('wrong', [person('heidi', ImportedIdentity.fromPartial({ ...person('heidi'), ...more }))]))[0])).toEqual(
      wrong,
    );
  });

  test('a batch is bounded, and an import has a name', async () => {
    await expect(send('wrong name!', [])).rejects.toMatchObject({ reason: 'field_invalid' });
    await expect(
      send(
        'many',
        Array.from({ length: 501 }, (_, at) => person(`m${at}`)),
      ),
    ).rejects.toMatchObject({ reason: 'field_invalid' });
  });

  test('a hundred people stand for all: before ANALYZE the first, after it from all', async () => {
    await send(
      'sampled',
      Array.from({ length: 400 }, (_, index) => person(`sampled-${index}`, { password_hash: ssha })),
    );
    expect(await hashSample(database)).toContain(ssha);
    await owner('ANALYZE identity.identities');
    const sampled = await hashSample(database);
    expect(sampled.length).toBeGreaterThan(60);
    expect(await hashSample(database)).toEqual(sampled);
  });

  test('who is deleted may be imported again', async () => {
    const [first] = await send('gone', [person('ivan')]);
    await database.query({ name: '', text: 'DELETE FROM identities WHERE sub = $1' }, [first?.sub]);
    expect((await send('gone', [person('ivan')]))[0]?.outcome).toBe('created');
  });
});

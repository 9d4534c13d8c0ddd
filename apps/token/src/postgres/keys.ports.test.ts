import { randomBytes } from 'node:crypto';
import { statement } from '@authority/postgres';
import { createLocalJWKSet, jwtVerify } from 'jose';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrateToken } from '../migrate.ts';
import { ensureOperator } from '../operator.ts';
import { openDatabase } from '../stores.ts';
import { codeEnvelope, type TokenBench, tokenBench } from '../testing/bench.ts';
import { keyRows } from './keys.ts';
import { KeyWrapping } from '@authority/sealing';

let bench: TokenBench;

beforeAll(async () => {
  bench = await tokenBench();
});
afterAll(() => bench.close());

const kinds = [
  'access_token/A256GCM',
  'encryption/ECDH-ES',
  'encryption/RSA-OAEP-256',
  'mac/HS256',
  'pairwise/HS256',
  'sealing/A256GCM',
  'signing/ES256',
  'signing/EdDSA',
  'signing/PS256',
  'signing/RS256',
];

async function keysOf(url: string): Promise<{ key_id: string; kind: string }[]> {
  const database = await openDatabase(url);
  try {
    const rows = await keyRows.all(database);
    return rows.map(({ key_id, use, alg }) => ({ key_id, kind: `${use}/${alg}` }));
  } finally {
    await database.close();
  }
}

test('house.md, keys: two first migrations at once make one set', async () => {
  const ownerUrl = await bench.postgres.newDatabase();
  const options = { ownerUrl, serviceUrl: bench.postgres.serviceUrl(ownerUrl, 'token'), secrets: [bench.secret] };
  await Promise.all([migrateToken(options), migrateToken(options)]);
  const made = await keysOf(ownerUrl);
  expect(made.map(({ kind }) => kind).sort()).toEqual(kinds);
  await migrateToken(options);
  expect(await keysOf(ownerUrl)).toEqual(made);
});

test('style.md 20: the system secret is rotated: each opens, the newest wraps, the old one can go', async () => {
  const before = await bench.replica();
  const envelope = codeEnvelope();
  const code = before.authorizationCodes.seal(envelope);
  const fresh = randomBytes(32);

  const between = await bench.replica([fresh, bench.secret]);
  expect(between.authorizationCodes.open(code)).toEqual(envelope);

  await migrateToken({ ownerUrl: bench.ownerUrl, serviceUrl: bench.serviceUrl, secrets: [fresh, bench.secret] });
  const after = await bench.replica([fresh]);
  expect(after.authorizationCodes.open(code)).toEqual(envelope);
  expect(after.ring.all()).toHaveLength(kinds.length);
  const stranger = await bench.replica([randomBytes(32)]);
  expect(stranger.ring.all()).toHaveLength(0);
  await migrateToken({ ownerUrl: bench.ownerUrl, serviceUrl: bench.serviceUrl, secrets: [bench.secret, fresh] });
});

test('style.md 20: a wrapped key opens only in its own row', () => {
  const wrapping = new KeyWrapping('token', [randomBytes(32)]);
  const identity = { key_id: 'k_1', use: 'mac', alg: 'HS256' };
  const wrapped = wrapping.wrap(Buffer.from('secret'), identity);
  expect(wrapping.unwrap(wrapped, identity)?.toString()).toBe('secret');
  expect(wrapping.unwrap(wrapped, { ...identity, key_id: 'k_2' })).toBeUndefined();
  expect(wrapping.unwrap(wrapped, { ...identity, use: 'sealing' })).toBeUndefined();
});

test('RFC 7517 §5: a new key is published by every replica within a second, and signs only when its time has come', async () => {
  const [one, two] = await Promise.all([bench.replica(), bench.replica()]);
  const old = one.signingKeys.sign('ES256', 'at+jwt', { sub: 'a' });
  const made = await one.database.transaction((tx) => keyRows.make(tx, one.wrapping, 'signing', 'ES256', 1.5));
  const kids = (): unknown[] => two.signingKeys.jwks().keys.map(({ kid }) => kid);
  await expect.poll(kids, { timeout: 1000, interval: 10 }).toContain(made.key_id);
  expect(two.ring.current('signing', 'ES256').key_id).not.toBe(made.key_id);

  await expect.poll(() => two.ring.current('signing', 'ES256').key_id, { timeout: 2500, interval: 50 }).toBe(made.key_id);
  const young = two.signingKeys.sign('ES256', 'at+jwt', { sub: 'b' });
  for (const jws of [old, young]) {
    expect(one.signingKeys.verify(jws, 'at+jwt')).toBeDefined();
    await jwtVerify(jws, createLocalJWKSet({ keys: [...one.signingKeys.jwks().keys] as never[] }));
  }
  expect(one.signingKeys.verify(young, 'JWT')).toBeUndefined();
  expect(one.signingKeys.verify(`${young.slice(0, -2)}AA`, 'at+jwt')).toBeUndefined();
});

test.each(['ES256', 'RS256', 'EdDSA', 'PS256'] as const)('RFC 7518 §3.1, RFC 8037 §3.1: %s verifies with jose', async (alg) => {
  const { signingKeys } = await bench.replica();
  const jws = signingKeys.sign(alg, 'JWT', { sub: 'a' });
  const { protectedHeader, payload } = await jwtVerify(jws, createLocalJWKSet({ keys: [...signingKeys.jwks().keys] as never[] }));
  expect(protectedHeader).toMatchObject({ alg, typ: 'JWT' });
  expect(payload).toEqual({ sub: 'a' });
  expect(signingKeys.verify(jws, 'JWT')).toEqual({ sub: 'a' });
});

test('style.md 20: a dump of all tables has no secret, code or handle', async () => {
  const stores = await bench.replica();
  const envelope = codeEnvelope();
  const code = stores.authorizationCodes.seal(envelope);
  await stores.authorizationCodes.redeem(code, envelope, Date.now());
  const { client_secret = '' } = await ensureOperator({
    databaseUrl: bench.serviceUrl,
    secrets: [bench.secret],
    issuer: 'https://id.example',
  });
  const private_key = stores.ring.current('signing', 'EdDSA').pair?.privateKey.export({ format: 'der', type: 'pkcs8' });

  const dump = await dumpOf(bench.ownerUrl);
  expect(dump).toContain(envelope.grant_id);
  const handle = Buffer.from(envelope.handle, 'base64url');
  const sealing = stores.ring.current('sealing', 'A256GCM').secret;
  for (const bytes of [Buffer.from(client_secret), Buffer.from(code), handle, private_key, sealing, bench.secret]) {
    if (bytes === undefined || bytes.length === 0) throw new Error('nothing to look for');
    for (const encoded of [bytes.toString('hex'), bytes.toString('base64url'), bytes.toString('base64'), bytes.toString('latin1')]) {
      expect(dump.includes(encoded)).toBe(false);
    }
  }
});

async function dumpOf(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query("SELECT relname FROM pg_class WHERE relnamespace = 'token'::regnamespace AND relkind IN ('r', 'p')");
  const texts = [];
  for (const { relname } of rows) {
    const dumped = await client.query(`SELECT to_jsonb(t)::text AS row FROM token.${relname} t`);
    texts.push(...dumped.rows.map(({ row }) => row as string));
  }
  await client.end();
  return texts.join('\n');
}

test('house.md, partitions: upkeep makes those ahead, drops those past, and moves strays', async () => {
  const { database } = await bench.replica();
  const owner = new pg.Client({ connectionString: bench.ownerUrl });
  await owner.connect();
  const day = Math.floor(Date.now() / 86_400_000);
  const partitions = async (): Promise<string[]> =>
    (await owner.query("SELECT relname FROM pg_class WHERE relnamespace = 'token'::regnamespace AND relkind = 'r'")).rows.map(
      ({ relname }) => relname,
    );
  await owner.query(`CREATE TABLE token.grants_100 PARTITION OF token.grants FOR VALUES FROM (100) TO (101)`);
  await owner.query(
    `CREATE TABLE token.code_marks_2020010100 PARTITION OF token.code_marks FOR VALUES FROM ('2020-01-01Z') TO ('2020-01-01 01:00Z')`,
  );
  const far = day + 80;
  await database.query(
    statement(
      '',
      `INSERT INTO grants (handle_hash, end_day, grant_id, client_id, sub, scopes, resources, generation, key_id, created_at, expires_at)
       VALUES ('\\x01', $1, 'g_far', 'c', 's', '{}', '{}', 0, 'k', now(), now())`,
    ),
    [far],
  );
  const upkeep = statement('', 'SELECT parent, strays FROM upkeep($1)');
  const strays = async (days: number): Promise<unknown> =>
    (await database.query<{ parent: string; strays: number }>(upkeep, [days])).find(({ parent }) => parent === 'grants')?.strays;
  expect(await strays(60)).toBe(1);
  expect(await partitions()).not.toContain('grants_100');
  expect(await partitions()).not.toContain('code_marks_2020010100');
  expect(await strays(90)).toBe(0);
  expect(await partitions()).toContain(`grants_${far}`);
  const moved = await owner.query(`SELECT grant_id FROM token.grants_${far}`);
  expect(moved.rows).toEqual([{ grant_id: 'g_far' }]);
  await owner.end();
});

test('house.md, caches: a change of a client reaches every replica within a second', async () => {
  const [one, two] = await Promise.all([bench.replica(), bench.replica()]);
  await ensureOperator({
    databaseUrl: bench.serviceUrl,
    secrets: [bench.secret],
    issuer: 'https://id.example',
    client_id: 'c_spread',
    secret: 'a-chosen-secret-of-somebody',
  });
  await expect
    .poll(() => [one, two].every(({ clients }) => clients.find('c_spread') !== undefined), { timeout: 1000, interval: 10 })
    .toBe(true);
  expect(await two.clients.verifySecret('c_spread', 'a-chosen-secret-of-somebody')).toBe(true);
  expect(await two.clients.verifySecret('c_spread', 'another')).toBe(false);
  expect(two.clients.verifySecret('c_nobody', 'x')).toBe(false);
});

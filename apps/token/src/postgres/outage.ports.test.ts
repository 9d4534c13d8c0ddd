import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@authority/postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrateToken } from '../migrate.ts';
import { ensureOperator } from '../operator.ts';
import { openDatabase, openStores, type TokenStores } from '../stores.ts';
import { codeEnvelope } from '../testing/bench.ts';
import { grantDay } from './grant-rows.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'token-outage-'));
const secrets = [randomBytes(32)];
let server: EmbeddedPostgres;
let stores: TokenStores;

beforeAll(async () => {
  server = await startEmbeddedPostgres({ dataDir });
  await migrateToken({ ownerUrl: server.url, secrets });
  await ensureOperator({ databaseUrl: server.url, secrets, issuer: 'https://id.example' });
  stores = await openStores(await openDatabase(server.url), secrets);
  await stores.poll.refresh();
});
afterAll(async () => {
  await stores?.close();
  await stores?.database.close();
  await server?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

test('house.md, "What survives what": PostgreSQL is killed and comes back', async () => {
  const [used, lost] = [codeEnvelope(), codeEnvelope()];
  const redeem = (envelope: typeof used): Promise<unknown> =>
    stores.authorizationCodes.redeem(stores.authorizationCodes.seal(envelope), envelope, Date.now());
  expect(await redeem(used)).toBe('redeemed');
  await stores.grants.revoke(used.grant_id, grantDay(used.grantExpiresAt), 'revoked_by_client');

  const { port } = server;
  const ended = server.stop.bind(server);
  process.kill(server.pid, 'SIGKILL');
  // What needs no store goes on; what does is told within two seconds.
  const started = Date.now();
  // A backend lives on for a moment after its postmaster.
  await expect.poll(() => stores.database.isReady(), { timeout: 2000, interval: 10 }).toBe(false);
  await expect(redeem(lost)).rejects.toMatchObject({ code: 'UNAVAILABLE', reason: 'store_unavailable' });
  expect(Date.now() - started).toBeLessThan(2000);
  expect(stores.clients.find('c_operator')).toBeDefined();
  expect(stores.signingKeys.sign('ES256', 'at+jwt', {})).not.toBe('');
  expect(() => stores.revocations.assertFreshEnoughToMint(Date.now())).not.toThrow();
  const isFresh = (): boolean => {
    try {
      stores.revocations.assertFresh(Date.now());
      return true;
    } catch {
      return false;
    }
  };
  await expect.poll(isFresh, { timeout: 4000, interval: 50 }).toBe(false);

  await ended().catch(() => undefined);
  server = await startEmbeddedPostgres({ dataDir });
  expect(server.port).toBe(port);
  await expect.poll(isFresh, { timeout: 5000, interval: 50 }).toBe(true);
  expect(stores.revocations.isRevoked({ jti: `${used.grant_id}.x`, sub: used.sub, client_id: used.client_id, iat: 0 })).toBe(true);
  expect(await redeem(lost)).toBe('redeemed');
  const parts = { keyId: '', partition: grantDay(used.grantExpiresAt), handle: Buffer.from(used.handle, 'base64url'), generation: 0 };
  expect((await stores.grants.read(parts)).outcome).toBe('revoked');
});

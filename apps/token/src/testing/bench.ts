import { randomBytes } from 'node:crypto';
import { testPostgres, type TestPostgres } from '@authority/testing';
import type { CodeEnvelope } from '@authority/protocol';
import { migrateToken } from '../migrate.ts';
import { systemRandom } from '../random.ts';
import { openDatabase, openStores, type TokenStores } from '../stores.ts';

/** A real PostgreSQL with this service's schema, and as many replicas on it as a test opens. */
export interface TokenBench {
  postgres: TestPostgres;
  ownerUrl: string;
  serviceUrl: string;
  secret: Buffer;
  replica(secrets?: readonly Uint8Array[]): Promise<TokenStores>;
  close(): Promise<void>;
}

export async function tokenBench(): Promise<TokenBench> {
  const postgres = await testPostgres();
  const ownerUrl = await postgres.newDatabase();
  const serviceUrl = postgres.serviceUrl(ownerUrl, 'token');
  const secret = randomBytes(32);
  await migrateToken({ ownerUrl, serviceUrl, secrets: [secret] });
  const open: TokenStores[] = [];
  return {
    ...{ postgres, ownerUrl, serviceUrl, secret },
    async replica(secrets = [secret]) {
      const stores = await openStores(await openDatabase(serviceUrl), secrets);
      await stores.poll.refresh();
      open.push(stores);
      return stores;
    },
    async close() {
      await Promise.all(
        open.map(async (stores) => {
          await stores.close();
          await stores.database.close();
        }),
      );
      await postgres.stop();
    },
  };
}

const dayMs = 86_400_000;

/** What Authorize seals into a code. */
export function codeEnvelope(changes: Partial<CodeEnvelope> = {}): CodeEnvelope {
  const now = Date.now();
  return {
    version: 1,
    client_id: 'c_test',
    redirect_uri: 'https://client.example/cb',
    redirectUriGiven: true,
    scopes: ['openid', 'profile'],
    resources: [],
    sub: '01890000-0000-7000-8000-000000000001',
    authentication: {
      auth_time: Math.floor(now / 1000),
      acr: 'urn:authority:acr:password',
      amr: ['pwd'],
      sid: 's_test',
      authTimeRequired: false,
    },
    grant_id: systemRandom.grantId(now),
    handle: randomBytes(16).toString('base64url'),
    offline: true,
    refresh: true,
    issuedAt: now,
    expiresAt: now + 60_000,
    grantExpiresAt: now + 30 * dayMs,
    ...changes,
  };
}

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@authority/postgres';
import pg from 'pg';

export interface TestPostgres {
  readonly ownerUrl: string;
  /** An empty database; the owner's URL. */
  newDatabase(): Promise<string>;
  /** The URL of a service's role in a database of newDatabase(): roles are of the whole server, so names are not shared. */
  serviceUrl(databaseUrl: string, service: string): string;
  /** Ends the server when this call started it; one that workers share stays. */
  stop(): Promise<void>;
}

/** What global-setup.ts leaves for the workers. */
export const sharedPostgresVariable = 'AUTHORITY_TEST_POSTGRES_URL';

/** A real PostgreSQL: the one of the test run, or one of the caller's own. */
export async function testPostgres(): Promise<TestPostgres> {
  const shared = process.env[sharedPostgresVariable];
  if (shared) return around(shared, () => Promise.resolve());
  const own = await startTestPostgres();
  return around(own.url, own.stop);
}

/** A PostgreSQL that the caller started and stops. */
export function postgresAt(ownerUrl: string): TestPostgres {
  return around(ownerUrl, () => Promise.resolve());
}

export async function startTestPostgres(): Promise<{ url: string; stop(): Promise<void> }> {
  const dataDir = mkdtempSync(join(tmpdir(), 'authority-test-postgres-'));
  const server = await startEmbeddedPostgres({ dataDir, isDurable: false, endsWithUs: true });
  return {
    url: server.url,
    stop: async () => {
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function around(ownerUrl: string, stop: () => Promise<void>): TestPostgres {
  const passwords = new Map<string, string>();
  return {
    ownerUrl,
    stop,
    newDatabase: async () => {
      const name = `test_${randomBytes(6).toString('hex')}`;
      const client = new pg.Client({ connectionString: ownerUrl });
      await client.connect();
      try {
        await client.query(`CREATE DATABASE ${name}`);
      } finally {
        await client.end();
      }
      return withPath(ownerUrl, name);
    },
    serviceUrl: (databaseUrl, service) => {
      const url = new URL(databaseUrl);
      url.username = `${url.pathname.slice(1)}_${service}`;
      const password = passwords.get(url.username) ?? randomBytes(12).toString('hex');
      passwords.set(url.username, password);
      url.password = password;
      return url.href;
    },
  };
}

function withPath(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

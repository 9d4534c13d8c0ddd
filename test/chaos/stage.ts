import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@authority/postgres';
import { postgresAt } from '@authority/testing';
import { type CreatedClient, Operator, Person, RelyingParty, startFiveProcesses, type Suite } from '@authority/testing/suite';

export const password = 'violet tractor hums 42 lullabies';
const everything = 'openid email offline_access';

/** Five processes on a PostgreSQL that keeps what it acknowledged and can be killed. */
export interface Stage {
  readonly suite: Suite;
  readonly operator: Operator;
  readonly web: CreatedClient;
  readonly machine: CreatedClient;
  readonly party: RelyingParty;
  newPerson(): Promise<Person & { readonly sub: string }>;
  killPostgres(): Promise<void>;
  startPostgres(): Promise<void>;
  close(): Promise<void>;
}

export async function openStage(options: { redis: boolean; env?: Readonly<Record<string, string>> }): Promise<Stage> {
  const dataDir = mkdtempSync(join(tmpdir(), 'authority-chaos-postgres-'));
  let ended = (): void => {};
  const start = (): Promise<EmbeddedPostgres> => startEmbeddedPostgres({ dataDir, onExit: () => ended() });
  let postgres = await start();
  const suite = await startFiveProcesses({ ...options, postgres: postgresAt(postgres.url) });
  const operator = new Operator(suite);
  const { web, machine } = await createClients(operator);
  let people = 0;
  return {
    ...{ suite, operator, web, machine },
    party: new RelyingParty(suite.issuer, web),
    newPerson: async () => {
      const email = `chaos-${++people}@example.com`;
      const { sub } = await operator.createIdentity({ email, password });
      return Object.assign(new Person(suite.issuer, email, password), { sub });
    },
    killPostgres: async () => {
      const gone = new Promise<void>((resolve) => {
        ended = resolve;
      });
      process.kill(postgres.pid, 'SIGKILL');
      await gone;
    },
    startPostgres: async () => {
      const { port } = postgres;
      postgres = await start();
      if (postgres.port !== port) throw new Error('PostgreSQL came back on another port');
    },
    close: async () => {
      operator.close();
      await suite.stop();
      await postgres.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function createClients(operator: Operator): Promise<{ web: CreatedClient; machine: CreatedClient }> {
  const [web, machine] = await Promise.all([
    operator.createClient({
      redirect_uris: ['http://127.0.0.1:9/callback'],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      scope: everything,
    }),
    operator.createClient({ grant_types: ['client_credentials'], client_name: 'Machine' }),
  ]);
  return { web, machine };
}

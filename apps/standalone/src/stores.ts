import { type EmbeddedPostgres, startEmbeddedPostgres } from '@authority/postgres';
import { log } from '@authority/telemetry';
import type { DataFolder } from './data-folder.ts';
import { Refusal } from './refusal.ts';
import { keptSecret } from './secrets.ts';

/** The services that own rows. */
export const owners = ['token', 'session', 'identity', 'admin'] as const;
export type Owner = (typeof owners)[number];

export interface Stores {
  /** The owner's URL. */
  ownerUrl: string;
  /** Each service has its own role (house.md, "Who owns what"). */
  urlOf(owner: Owner): string;
  stop(): Promise<void>;
}

/** The database that was given, or an embedded one that is kept running. */
export async function openStores(folder: DataFolder, databaseUrl: string | undefined): Promise<Stores> {
  const embedded = databaseUrl === undefined ? await new KeptPostgres(folder).start() : undefined;
  const ownerUrl = databaseUrl ?? embedded?.url ?? '';
  return {
    ownerUrl,
    urlOf: (owner) => serviceUrl(ownerUrl, owner, keptSecret(folder, `${owner}.database`)),
    stop: async () => embedded?.stop(),
  };
}

/** Roles belong to a whole server: the database's name keeps installations apart. */
function serviceUrl(ownerUrl: string, owner: Owner, password: string): string {
  const url = new URL(ownerUrl);
  const database = decodeURIComponent(url.pathname.slice(1)) || 'authority';
  url.username = `${database}_${owner}`;
  url.password = password;
  return url.href;
}

const RESTART_MS = 100;

/** The embedded PostgreSQL: started again when it dies, on the same port. */
class KeptPostgres {
  #server: EmbeddedPostgres | undefined;
  #stopping = false;

  constructor(private readonly folder: DataFolder) {}

  async start(): Promise<this> {
    try {
      this.#server = await this.#run();
    } catch (error) {
      throw new Refusal(`the embedded PostgreSQL does not start: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
    return this;
  }

  get url(): string {
    return this.#server?.url ?? '';
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#server?.stop();
  }

  #run(): Promise<EmbeddedPostgres> {
    return startEmbeddedPostgres({
      dataDir: this.folder.postgres,
      log: (line) => log.debug('postgres', { line }),
      onExit: (exitCode, signal) => {
        if (this.#stopping) return;
        log.error('postgres.died', { exit_code: exitCode, signal });
        void this.#again();
      },
    });
  }

  async #again(attempt = 1): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, Math.min(RESTART_MS * attempt, 2_000)));
    if (this.#stopping) return;
    try {
      this.#server = await this.#run();
      log.info('postgres.restarted', { attempt });
    } catch (error) {
      log.error('postgres.restart_failed', { attempt, error });
      await this.#again(attempt + 1);
    }
  }
}

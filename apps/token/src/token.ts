import { setTimeout as sleep } from 'node:timers/promises';
import { auditJob } from '@authority/audit';
import { IdentityServiceService } from '@authority/contracts/identity';
import { SessionServiceService } from '@authority/contracts/session';
import { openEphemeral } from '@authority/ephemeral';
import { type Following, followFeed, type FollowFeedOptions } from '@authority/feed';
import { runJobs } from '@authority/jobs';
import type { Database } from '@authority/postgres';
import type { Runtime } from '@authority/rpc';
import { log } from '@authority/telemetry';
import type { TokenConfig } from './config.ts';
import { tokenCore, type TokenPeers } from './core.ts';
import { ensureOperatorClient } from './operator.ts';
import { applyFeed } from './postgres/feeds.ts';
import { tokenMigrations } from './postgres/migrations/index.ts';
import { upkeepJob } from './postgres/upkeep.ts';
import { openDatabase, openStores, type TokenStores } from './stores.ts';
import { tokenModule } from './token.module.ts';

export interface Running {
  /** Keys, clients and revocations have been loaded. It stays so: what needs no store goes on without one. */
  ready(): boolean;
  stop(): Promise<void>;
}

export interface StartTokenOptions {
  config: TokenConfig;
  runtime: Runtime;
  /** Gives up waiting for the schema and the first load. */
  signal?: AbortSignal;
}

/** stores -> core -> controllers. Answers when the service serves; until then it waits for its schema and its keys. */
export async function startToken({ config, runtime, signal }: StartTokenOptions): Promise<Running> {
  // What has been opened, to be closed in turn: also when a start is given up half way.
  const opened: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (let close = opened.pop(); close !== undefined; close = opened.pop()) await close();
  };
  try {
    await start({ config, runtime, ...(signal && { signal }) }, opened);
  } catch (error) {
    await stop();
    throw error;
  }
  return { ready: () => true, stop };
}

async function start({ config, runtime, signal }: StartTokenOptions, opened: (() => Promise<void>)[]): Promise<void> {
  const { issuer, redisUrl, operatorSecret } = config;
  const database = await openDatabase(config.databaseUrl);
  opened.push(() => database.close());
  await schemaReached(database, signal);

  const stores = await openStores(database, config.secrets);
  opened.push(() => stores.close());
  const ephemeral = await openEphemeral({ database, prefix: 'token', service: 'token', ...(redisUrl !== undefined && { redisUrl }) });
  opened.push(() => ephemeral.close());
  await loaded(stores, signal);
  if (operatorSecret !== undefined) await ensureOperatorClient(database, stores.digests, { issuer, secret: operatorSecret });

  const peers: TokenPeers = {
    session: runtime.connect('session', SessionServiceService),
    identity: runtime.connect('identity', IdentityServiceService),
  };
  const core = tokenCore(config, stores, ephemeral, peers);
  const feeds = followPeers(peers, stores);
  const jobs = runJobs(database, 'token', [
    upkeepJob(() => stores.settings.get('token.offline_grant_lifetime')),
    auditJob(database),
    ...core.logoutJobs,
  ]);
  opened.push(async () => void (await Promise.all([jobs.stop(), ...feeds.map((feed) => feed.stop())])));
  const served = await runtime.serve({ module: tokenModule(core), ready: () => true });
  opened.push(() => served.close());
}

type PullFeed = TokenPeers['session']['pullFeed'] | TokenPeers['identity']['pullFeed'];

/** A long poll of an owner's feed; it may be held open for as long as was asked. */
function pullOf(pull: PullFeed): FollowFeedOptions['pull'] {
  return async (request) => {
    const { feed } = await pull({ pull: request }, { timeoutMs: request.wait_ms + 2000 });
    if (feed === undefined) throw new Error('a feed answered nothing');
    return feed;
  };
}

/** What identity and session end, ends here too (house.md, "What must reach others is a feed"). */
function followPeers({ session, identity }: TokenPeers, { database, poll }: TokenStores): Following[] {
  // An owner counts this replica as having passed an entry when it asks for the next: it must know of it by then.
  const applied = async (): Promise<void> => {
    if (!(await poll.refresh())) throw new Error('what a feed ended has not been read back yet');
  };
  const common = { apply: applyFeed, applied, database };
  return [
    followFeed({ ...common, name: 'session', pull: pullOf(session.pullFeed) }),
    followFeed({ ...common, name: 'identity', pull: pullOf(identity.pullFeed) }),
  ];
}

const lookMs = 250;

/** Expand-only migrations: a schema that is ahead serves as well. */
async function schemaReached(database: Database, signal: AbortSignal | undefined): Promise<void> {
  await until(
    () =>
      database.schemaVersion().then(
        (version) => version >= tokenMigrations.length,
        () => false,
      ),
    'schema',
    signal,
  );
}

/** The revocation set is whole, and there is a key of each kind, before the first request. */
async function loaded({ poll, ring, settings }: TokenStores, signal: AbortSignal | undefined): Promise<void> {
  const isLoaded = (): boolean => poll.lastGoodAt() > 0 && settings.isReady() && ring.all().length > 0;
  await until(async () => isLoaded(), 'keys, clients and revocations', signal);
}

async function until(reached: () => Promise<boolean>, what: string, signal: AbortSignal | undefined): Promise<void> {
  for (let waited = 0; !(await reached()); waited += 1) {
    signal?.throwIfAborted();
    if (waited % 40 === 1) log.info('token.waiting', { for: what });
    await sleep(waited < 10 ? 25 : lookMs);
  }
}

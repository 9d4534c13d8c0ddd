import { openEphemeral } from '@authority/ephemeral';
import { FeedSource, followFeed } from '@authority/feed';
import { runJobs } from '@authority/jobs';
import { migrate, open, waitForSchema } from '@authority/postgres';
import type { Runtime } from '@authority/rpc';
import { openSettings, settingsHandlers } from '@authority/settings';
import type { SessionConfig } from './config.ts';
import { EphemeralSessions } from './ephemeral/sessions.ts';
import { identityPeer } from './peers/identity.ts';
import { PostgresEndings } from './postgres/endings.ts';
import { ensureEndedSessions, sessionJobs } from './postgres/jobs.ts';
import { sessionMigrations } from './postgres/migrations.ts';
import { sessionModule } from './session.module.ts';
import { Directory } from './sessions/directory.ts';
import { OwnSessions } from './sessions/own-sessions.ts';
import { SessionEndpoint } from './sessions/session-endpoint.ts';
import { applyIdentityFeed } from './sessions/subject-endings.ts';
import { sessionSettings } from './settings.ts';

export interface Running {
  ready(): boolean;
  stop(): Promise<void>;
}

const service = 'session';

/** stores -> core -> controllers, and the feed of identity that it follows. */
export async function startSession({ config, runtime }: { config: SessionConfig; runtime: Runtime }): Promise<Running> {
  const database = await open({ url: config.databaseUrl, service });
  const ephemeral = await openEphemeral({
    ...(config.redisUrl === undefined ? {} : { redisUrl: config.redisUrl }),
    database,
    service,
    prefix: `authority:${service}:`,
  });
  const settings = await openSettings(database, service, sessionSettings);
  const schema = waitForSchema(database, sessionMigrations.length);
  const ready = () => schema.reached() && database.isReady() && ephemeral.isReady() && settings.isReady();

  const identity = identityPeer(runtime);
  const sessions = new EphemeralSessions(ephemeral);
  const endings = new PostgresEndings(database);
  const feed = new FeedSource(database);
  const endpoint = new SessionEndpoint({ sessions, endings, signIns: identity, feed, settings, now: Date.now });
  const directory = new Directory(sessions, endpoint);
  const own = new OwnSessions(sessions, endpoint);
  const core = { endpoint, directory, own, feed, settings: settingsHandlers(settings, config.issuer), database };

  const served = await runtime.serve({ module: sessionModule(core), ready });
  const following = followFeed({
    name: 'identity',
    pull: (request) => identity.pullFeed(request),
    apply: applyIdentityFeed(sessions),
    database,
  });
  const jobs = runJobs(database, service, sessionJobs(database));
  return {
    ready,
    async stop() {
      feed.close();
      await Promise.all([following.stop(), served.close()]);
      await jobs.stop();
      schema.stop();
      settings.close();
      await ephemeral.close();
      await database.close();
    },
  };
}

export function migrateSession(urls: { ownerUrl: string; serviceUrl?: string }): Promise<{ applied: string[] }> {
  const afterwards = async (tx: Parameters<typeof ensureEndedSessions>[0]) => {
    await ensureEndedSessions(tx, Date.now());
  };
  return migrate({ ...urls, service, migrations: sessionMigrations, afterwards });
}

import { hostAndPort, migrationUrls } from '@authority/config';
import { runService } from '@authority/process';
import manifest from '../package.json' with { type: 'json' };
import { sessionConfig } from './config.ts';
import { migrateSession, startSession } from './session.ts';

await runService({
  service: 'session',
  version: manifest.version,
  read(env) {
    const { session: config, metricsListen, listen, tls, addresses } = sessionConfig(env);
    return {
      metricsListen,
      runtime: { listen: hostAndPort(listen), tls, addresses },
      start: (runtime) => startSession({ config, runtime }),
    };
  },
  migrate: (env) => migrateSession(migrationUrls(env)),
});

import { migrationUrls } from '@authority/config';
import { runService } from '@authority/process';
import { migrateAdmin, startAdmin, version } from './admin.ts';
import { adminConfig } from './config.ts';

await runService({
  service: 'admin',
  version,
  read(env) {
    const { admin: config, metricsListen, tls, addresses } = adminConfig(env);
    return { metricsListen, runtime: { tls, addresses }, start: (runtime) => startAdmin({ config, runtime }) };
  },
  migrate: (env) => migrateAdmin(migrationUrls(env)),
});

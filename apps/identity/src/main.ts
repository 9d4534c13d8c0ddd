import { hostAndPort } from '@authority/config';
import { runService } from '@authority/process';
import manifest from '../package.json' with { type: 'json' };
import { identityConfig, identityMigrateConfig } from './config.ts';
import { migrateIdentity, startIdentity } from './identity.ts';

await runService({
  service: 'identity',
  version: manifest.version,
  read(env) {
    const { identity: config, metricsListen, listen, tls } = identityConfig(env);
    return {
      metricsListen,
      runtime: { listen: hostAndPort(listen), tls, addresses: {} },
      start: (runtime) => startIdentity({ config, runtime }),
    };
  },
  migrate: (env) => migrateIdentity(identityMigrateConfig(env)),
});

import 'reflect-metadata';
import { runService } from '@authority/process';
import manifest from '../package.json' with { type: 'json' };
import { gatewayProcessConfig } from './config.ts';
import { startGateway } from './gateway.ts';

/** The gateway as a process. It has nothing to migrate. */
await runService({
  service: 'gateway',
  version: manifest.version,
  read(env) {
    const config = gatewayProcessConfig(env);
    return {
      metricsListen: config.metricsListen,
      runtime: {
        tls: { cert: config.rpcCert.path, key: config.rpcKey.path, ca: config.rpcCa.path },
        addresses: { token: config.tokenAddress ?? '', session: config.sessionAddress ?? '', identity: config.identityAddress ?? '' },
      },
      start: (runtime) => startGateway({ config, runtime }),
    };
  },
});

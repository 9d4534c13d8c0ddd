import { runService } from '@authority/process';
import manifest from '../package.json' with { type: 'json' };
import { tokenConfig, tokenMigrateConfig } from './config.ts';
import { migrateToken } from './migrate.ts';
import { ensureOperator } from './operator.ts';
import { startToken } from './token.ts';

await runService({
  service: 'token',
  version: manifest.version,
  read(env) {
    const { token: config, metricsListen, rpcListen, tls, addresses } = tokenConfig(env);
    return {
      metricsListen,
      runtime: { listen: rpcListen, tls, addresses },
      start: (runtime, signal) => startToken({ config, runtime, signal }),
    };
  },
  async migrate(env) {
    const config = tokenMigrateConfig(env);
    await migrateToken(config);
    const { issuer, ownerUrl, serviceUrl = ownerUrl, secrets, operatorSecret } = config;
    if (operatorSecret !== undefined) await ensureOperator({ databaseUrl: serviceUrl, secrets, issuer, secret: operatorSecret });
  },
});

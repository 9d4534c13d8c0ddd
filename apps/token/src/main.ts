import { ConfigFault } from '@authority/config';
import { grpcRuntime } from '@authority/rpc';
import { metricsServer, startTelemetry } from '@authority/telemetry';
import manifest from '../package.json' with { type: 'json' };
import { tokenConfig, tokenMigrateConfig } from './config.ts';
import { migrateToken } from './migrate.ts';
import { ensureOperator } from './operator.ts';
import { type Running, startToken } from './token.ts';

async function run(): Promise<void> {
  const { token: config, metricsListen, rpcListen, tls, addresses } = tokenConfig(process.env);
  const telemetry = await startTelemetry({ service: 'token', version: manifest.version, env: process.env });
  const runtime = grpcRuntime({ self: 'token', listen: rpcListen, tls, addresses });
  const starting = new AbortController();
  let token: Running | undefined;
  const metrics = await metricsServer({ listen: metricsListen, ready: () => token?.ready() ?? false });

  const stop = async (): Promise<void> => {
    starting.abort();
    await token?.stop();
    runtime.close();
    await metrics.close();
    await telemetry.stop();
    process.exit(0);
  };
  process.once('SIGTERM', () => void stop());
  process.once('SIGINT', () => void stop());
  token = await startToken({ config, runtime, signal: starting.signal });
}

async function migrate(): Promise<void> {
  const config = tokenMigrateConfig(process.env);
  await migrateToken(config);
  const { issuer, ownerUrl, serviceUrl = ownerUrl, secrets, operatorSecret } = config;
  if (operatorSecret !== undefined) await ensureOperator({ databaseUrl: serviceUrl, secrets, issuer, secret: operatorSecret });
}

try {
  await (process.argv[2] === 'migrate' ? migrate() : run());
} catch (error) {
  process.stderr.write(`${error instanceof ConfigFault ? error.message : String(error instanceof Error ? error.stack : error)}\n`);
  process.exit(1);
}

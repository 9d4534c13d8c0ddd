import { ConfigFault } from '@authority/config';
import { grpcRuntime } from '@authority/rpc';
import { metricsServer, startTelemetry } from '@authority/telemetry';
import manifest from '../package.json' with { type: 'json' };
import { identityConfig, migrationUrls } from './config.ts';
import { migrateIdentity, startIdentity } from './identity.ts';

async function run(): Promise<void> {
  const config = identityConfig(process.env);
  const telemetry = await startTelemetry({ service: 'identity', version: manifest.version, env: process.env });
  const { host, port } = config.listen;
  const listen = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const runtime = grpcRuntime({ self: 'identity', listen, tls: config.tls, addresses: {} });
  const identity = await startIdentity({ config: config.identity, runtime });
  const metrics = await metricsServer({ listen: config.metricsListen, ready: identity.ready });

  const stop = async (): Promise<void> => {
    await identity.stop();
    runtime.close();
    await metrics.close();
    await telemetry.stop();
    process.exit(0);
  };
  process.once('SIGTERM', () => void stop());
  process.once('SIGINT', () => void stop());
}

try {
  await (process.argv[2] === 'migrate' ? migrateIdentity(migrationUrls(process.env)) : run());
} catch (error) {
  process.stderr.write(`${error instanceof ConfigFault ? error.message : String(error instanceof Error ? error.stack : error)}\n`);
  process.exit(1);
}

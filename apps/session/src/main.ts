import { ConfigFault } from '@authority/config';
import { grpcRuntime } from '@authority/rpc';
import { metricsServer, startTelemetry } from '@authority/telemetry';
import manifest from '../package.json' with { type: 'json' };
import { sessionConfig, migrationUrls } from './config.ts';
import { migrateSession, startSession } from './session.ts';

async function run(): Promise<void> {
  const config = sessionConfig(process.env);
  const telemetry = await startTelemetry({ service: 'session', version: manifest.version, env: process.env });
  const { host, port } = config.listen;
  const listen = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const runtime = grpcRuntime({ self: 'session', listen, tls: config.tls, addresses: config.addresses });
  const session = await startSession({ config: config.session, runtime });
  const metrics = await metricsServer({ listen: config.metricsListen, ready: session.ready });

  const stop = async (): Promise<void> => {
    await session.stop();
    runtime.close();
    await metrics.close();
    await telemetry.stop();
    process.exit(0);
  };
  process.once('SIGTERM', () => void stop());
  process.once('SIGINT', () => void stop());
}

try {
  await (process.argv[2] === 'migrate' ? migrateSession(migrationUrls(process.env)) : run());
} catch (error) {
  process.stderr.write(`${error instanceof ConfigFault ? error.message : String(error instanceof Error ? error.stack : error)}\n`);
  process.exit(1);
}

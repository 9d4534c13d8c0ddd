import { ConfigFault } from '@authority/config';
import { grpcRuntime } from '@authority/rpc';
import { metricsServer, startTelemetry } from '@authority/telemetry';
import { migrateAdmin, startAdmin, version } from './admin.ts';
import { adminConfig } from './config.ts';

async function run(): Promise<void> {
  const config = adminConfig(process.env);
  const telemetry = await startTelemetry({ service: 'admin', version, env: process.env });
  const runtime = grpcRuntime({ self: 'admin', tls: config.tls, addresses: config.addresses });
  const admin = await startAdmin({ config: config.admin, runtime });
  const metrics = await metricsServer({ listen: config.metricsListen, ready: admin.ready });

  const stop = async (): Promise<void> => {
    await admin.stop();
    runtime.close();
    await metrics.close();
    await telemetry.stop();
    process.exit(0);
  };
  process.once('SIGTERM', () => void stop());
  process.once('SIGINT', () => void stop());
}

async function migrate(): Promise<void> {
  const { admin, migrationDatabaseUrl } = adminConfig(process.env);
  await migrateAdmin(
    migrationDatabaseUrl ? { ownerUrl: migrationDatabaseUrl, serviceUrl: admin.databaseUrl } : { ownerUrl: admin.databaseUrl },
  );
}

try {
  await (process.argv[2] === 'migrate' ? migrate() : run());
} catch (error) {
  process.stderr.write(`${error instanceof ConfigFault ? error.message : String(error instanceof Error ? error.stack : error)}\n`);
  process.exit(1);
}

import 'reflect-metadata';
import { ConfigFault, unknownSettings } from '@authority/config';
import { grpcRuntime } from '@authority/rpc';
import { log, metricsServer, startTelemetry } from '@authority/telemetry';
import packageJson from '../package.json' with { type: 'json' };
import { gatewayProcessConfig, type GatewayProcessConfig } from './config.ts';
import { startGateway } from './gateway.ts';

/** The gateway as a process: configuration, telemetry, peers over mutual TLS, HTTP, probes. It has nothing to migrate. */
async function main(env: NodeJS.ProcessEnv): Promise<void> {
  const config = readConfig(env);
  const telemetry = await startTelemetry({ service: 'gateway', version: packageJson.version, env });
  for (const line of unknownSettings(env)) log.warn('config.unknown', { line });

  const runtime = grpcRuntime({
    self: 'gateway',
    tls: { cert: config.rpcCert.path, key: config.rpcKey.path, ca: config.rpcCa.path },
    addresses: { token: config.tokenAddress ?? '', session: config.sessionAddress ?? '', identity: config.identityAddress ?? '' },
  });
  const gateway = await startGateway({ config, runtime });
  const metrics = await metricsServer({ listen: config.metricsListen, ready: () => gateway.ready() });

  const stop = async (signal: string): Promise<void> => {
    log.info('gateway.stopping', { signal });
    await gateway.stop();
    runtime.close();
    await metrics.close();
    await telemetry.stop();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop(signal));
}

function readConfig(env: NodeJS.ProcessEnv): GatewayProcessConfig {
  try {
    return gatewayProcessConfig(env);
  } catch (fault) {
    if (!(fault instanceof ConfigFault)) throw fault;
    process.stderr.write(`${fault.message}\n`);
    process.exit(1);
  }
}

// `migrate` is a command that every service has; the gateway keeps nothing.
if (process.argv[2] !== 'migrate') await main(process.env);

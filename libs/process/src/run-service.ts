import { ConfigFault, type Listen, unknownSettings } from '@authority/config';
import { type GrpcRuntimeOptions, grpcRuntime, type Runtime, type ServiceName } from '@authority/rpc';
import { log, metricsServer, startTelemetry } from '@authority/telemetry';

/** A service that runs. */
export interface Running {
  ready(): boolean;
  stop(): Promise<void>;
}

/** What a service's process reads from its environment before anything starts. */
export interface ServiceSettings {
  readonly metricsListen: Listen;
  readonly runtime: Omit<GrpcRuntimeOptions, 'self'>;
  /** `signal` aborts when the process is told to stop while it still starts. */
  start(runtime: Runtime, signal: AbortSignal): Promise<Running>;
}

export interface ServiceProcess {
  readonly service: ServiceName;
  readonly version: string;
  /** Throws a ConfigFault that names all that is wrong. */
  read(env: NodeJS.ProcessEnv): ServiceSettings;
  /** `main.js migrate`; absent for a service that keeps nothing. */
  migrate?(env: NodeJS.ProcessEnv): Promise<unknown>;
}

/**
 * A service as a process of its own: settings, telemetry, probes, then the service. The probes answer while it still waits
 * for its stores, so that it is not killed for their absence.
 */
export async function runService(service: ServiceProcess): Promise<void> {
  try {
    if (process.argv[2] === 'migrate') await service.migrate?.(process.env);
    else await run(service, process.env);
  } catch (error) {
    process.stderr.write(`${error instanceof ConfigFault ? error.message : String(error instanceof Error ? error.stack : error)}\n`);
    process.exit(1);
  }
}

async function run({ service, version, read }: ServiceProcess, env: NodeJS.ProcessEnv): Promise<void> {
  const settings = read(env);
  const telemetry = await startTelemetry({ service, version, env });
  for (const line of unknownSettings(env)) log.warn('config.unknown', { line });
  const runtime = grpcRuntime({ self: service, ...settings.runtime });
  const starting = new AbortController();
  let running: Running | undefined;
  const metrics = await metricsServer({ listen: settings.metricsListen, ready: () => running?.ready() ?? false });

  const stop = async (signal: string): Promise<void> => {
    log.info('service.stopping', { signal });
    starting.abort();
    await running?.stop();
    runtime.close();
    await metrics.close();
    await telemetry.stop();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop(signal));
  running = await settings.start(runtime, starting.signal);
}

import { metricsWanted, tracesWanted } from './exporters.ts';
import { onFatal } from './fatal.ts';
import { countLinesWith, flushLog, isLevel, log, nameService, setLogLevel } from './log.ts';
import { counter, gauge } from './metrics.ts';
import { metricNames } from './names.ts';
import { recordSpansWith } from './span.ts';

export interface TelemetryOptions {
  readonly service: string;
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
  /** Log an uncaught error once and exit 1. On by default; a test runner has handlers of its own. */
  readonly exitOnFatal?: boolean;
}

export interface Telemetry {
  /** Sends what waits (spans, lines), for 2 s at most: a collector that is away must not hold a shutdown. */
  stop(): Promise<void>;
}

const longestStop = 2_000;

/** First thing of a process. Logs and metrics always; spans only when an exporter is configured by OTEL_*. */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const { service, version, env } = options;
  nameService(service);
  const level = env.AUTHORITY_LOG_LEVEL || 'info';
  // A wrong level is told by the configuration (libs/config); until then the lines come as by default.
  if (isLevel(level)) setLogLevel(level);
  const forget = options.exitOnFatal === false ? () => {} : onFatal();

  gauge(metricNames.buildInfo, 'What runs here.', ['service', 'version']).set(1, { service, version });
  const lines = counter(metricNames.logLines, 'Events logged, below the level or not.', ['level']);
  countLinesWith((one) => lines.add(1, { level: one }));

  const stopSdk = tracesWanted(env) || metricsWanted(env) ? await startSdk(options) : async () => {};
  return {
    async stop() {
      recordSpansWith(undefined);
      await atMost(longestStop, stopSdk());
      forget();
      flushLog();
    },
  };
}

async function startSdk(options: TelemetryOptions): Promise<() => Promise<void>> {
  try {
    const { startSdk: start } = await import('./open-telemetry.ts');
    const sdk = await start(options);
    recordSpansWith(sdk.recorder);
    return () => sdk.stop();
  } catch (error) {
    // On a Node below 22.15 the SDK may not load. Serving without traces is better than not serving.
    log.error('tracing_unavailable', { error });
    return async () => {};
  }
}

async function atMost(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work.catch((error: unknown) => log.warn('telemetry_stop_failed', { error })), late]);
  clearTimeout(timer);
}

/** What the standard variables ask for (OpenTelemetry specification, "Environment Variable Specification"). */

const isOff = (env: NodeJS.ProcessEnv): boolean => env.OTEL_SDK_DISABLED?.toLowerCase() === 'true';

const namesIn = (text: string | undefined): string[] => (text ?? '').split(',').map((name) => name.trim());

export function tracesWanted(env: NodeJS.ProcessEnv): boolean {
  if (isOff(env) || namesIn(env.OTEL_TRACES_EXPORTER).includes('none')) return false;
  return Boolean(env.OTEL_TRACES_EXPORTER || env.OTEL_EXPORTER_OTLP_ENDPOINT || env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT);
}

/** Pushed only when asked for by name. `prometheus` is no push: metrics-server.ts answers it always. */
export function metricsWanted(env: NodeJS.ProcessEnv): boolean {
  const names = namesIn(env.OTEL_METRICS_EXPORTER);
  return !isOff(env) && names.some((name) => name === 'otlp' || name === 'console') && !names.includes('prometheus');
}

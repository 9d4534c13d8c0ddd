import { diag, DiagLogLevel, metrics, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { envDetector, hostDetector, resourceFromAttributes, serviceInstanceIdDetector } from '@opentelemetry/resources';
import { log } from './log.ts';
import { bindMeter } from './metrics.ts';
import { metricsWanted, tracesWanted } from './exporters.ts';
import { attributeNames } from './names.ts';
import { redactValue } from './redact.ts';
import type { AttributeValue, RecordedSpan, SpanAttributes, SpanOptions, SpanRecorder } from './span.ts';
import { parseTraceparent, type TraceContext } from './trace-context.ts';

/** Loaded only when an exporter is configured (start-telemetry.ts): the SDK costs 0.1 s and 20 MB. */

export interface RunningSdk {
  /** Absent when only metrics are pushed. */
  readonly recorder: SpanRecorder | undefined;
  stop(): Promise<void>;
}

export interface SdkOptions {
  readonly service: string;
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Nothing is patched: auto-instrumentation costs time on each request, sampled or not (performance.md, 8). */
export async function startSdk({ service, version, env }: SdkOptions): Promise<RunningSdk> {
  // Imported here and not above: it stays outside of the bundles, and esbuild would lift such an import to their top.
  const { NodeSDK } = await import('@opentelemetry/sdk-node');
  const say = (level: 'warn' | 'error') => (message: string) => log[level]('telemetry_export', { message });
  const quiet = (): void => {};
  diag.setLogger({ error: say('error'), warn: say('warn'), info: quiet, debug: quiet, verbose: quiet }, DiagLogLevel.WARN);

  const ownMetrics = metricsWanted(env);
  const sdk = new NodeSDK({
    serviceName: env.OTEL_SERVICE_NAME || service,
    resource: resourceFromAttributes({ 'service.version': version, 'service.namespace': 'authority' }),
    // The process detector is left out: it tells the command line.
    ...(env.OTEL_NODE_RESOURCE_DETECTORS ? {} : { resourceDetectors: [envDetector, hostDetector, serviceInstanceIdDetector] }),
    // Logs go to stdout, and Prometheus is served by metrics-server.ts; only what was asked for by name is pushed.
    logRecordProcessors: [],
    ...(ownMetrics ? {} : { metricReaders: [] }),
    ...(tracesWanted(env) ? {} : { spanProcessors: [] }),
  });
  sdk.start();
  if (ownMetrics) bindMeter(metrics.getMeter('authority'));
  const recorder = tracesWanted(env) ? otelRecorder(version) : undefined;
  return { recorder, stop: () => sdk.shutdown() };
}

const kinds = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

function otelRecorder(version: string): SpanRecorder {
  const tracer = trace.getTracer('authority', version);
  return {
    begin(name, attributes, parent, options) {
      const context = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, toSpanContext(parent));
      const started = tracer.startSpan(
        name,
        { kind: kinds[options.kind ?? 'internal'], attributes: shown(attributes), links: linksOf(options) },
        context,
      );
      return recorded(started);
    },
  };
}

const toSpanContext = (trace: TraceContext) => ({
  traceId: trace.traceId,
  spanId: trace.spanId,
  traceFlags: trace.flags,
  isRemote: true,
});

function linksOf(options: SpanOptions): { context: ReturnType<typeof toSpanContext> }[] {
  return (options.links ?? []).flatMap((traceparent) => {
    const linked = parseTraceparent(traceparent);
    return linked === undefined ? [] : [{ context: toSpanContext(linked) }];
  });
}

function recorded(span: Span): RecordedSpan {
  const { traceId, spanId, traceFlags } = span.spanContext();
  const fail = (reason: string): void => {
    span.setAttribute(attributeNames.reason, reason);
    span.setStatus({ code: SpanStatusCode.ERROR });
  };
  return {
    context: { traceId, spanId, flags: traceFlags },
    set(name, value) {
      const safe = shownValue(name, value);
      if (safe !== undefined) span.setAttribute(name, safe);
    },
    link: (trace) => void span.addLink({ context: toSpanContext(trace) }),
    fail,
    end(error) {
      if (error !== undefined) endFailed(span, error, fail);
      span.end();
    },
  };
}

/** An expected refusal names its reason; a fault only its type: the message may hold what a user sent. */
function endFailed(span: Span, error: unknown, fail: (reason: string) => void): void {
  if (error instanceof Error) span.setAttribute(attributeNames.errorType, error.name);
  const reason = error instanceof Error && 'reason' in error ? error.reason : undefined;
  fail(typeof reason === 'string' ? reason : 'internal');
}

type Shown = string | number | boolean | string[];

function shown(attributes: SpanAttributes | undefined): Record<string, Shown> {
  const safe: Record<string, Shown> = {};
  for (const [name, value] of Object.entries(attributes ?? {})) {
    const one = shownValue(name, value);
    if (one !== undefined) safe[name] = one;
  }
  return safe;
}

function shownValue(name: string, value: AttributeValue): Shown | undefined {
  // An attribute in is an attribute out: redactValue keeps texts, numbers, booleans and lists of texts as they are.
  return redactValue(name, value) as Shown | undefined;
}

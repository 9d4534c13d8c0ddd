export { type Fields, flushLog, type Level, log, type Log, setLogLevel, setLogSink } from './log.ts';
export {
  type Counter,
  counter,
  type Gauge,
  gauge,
  type GaugeReading,
  type Histogram,
  histogram,
  type Labels,
  secondsBuckets,
} from './metrics.ts';
export { type MetricsServer, metricsServer, type MetricsServerOptions, type ReadyState } from './metrics-server.ts';
export { attributeNames, labelNames, metricNames } from './names.ts';
export { countRefusal, observeHttp, observeOutbound, observeRpcClient, observeRpcServer, type RpcOutcome } from './red.ts';
export { describeError, isSecretName, redactText, redactValue } from './redact.ts';
export {
  type ActiveSpan,
  type AttributeValue,
  isTracing,
  openSpan,
  type OpenSpan,
  span,
  type SpanAttributes,
  type SpanOptions,
} from './span.ts';
export { startTelemetry, type Telemetry, type TelemetryOptions } from './start-telemetry.ts';
export { currentTrace, inject, inRootContext, parseTraceparent, type TraceContext, withRemoteParent } from './trace-context.ts';

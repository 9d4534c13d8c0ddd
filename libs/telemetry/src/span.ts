import { currentTrace, formatTraceparent, parseTraceparent, runInTrace, type TraceContext } from './trace-context.ts';

export type AttributeValue = string | number | boolean | readonly string[] | undefined;
export type SpanAttributes = Readonly<Record<string, AttributeValue>>;

export interface SpanOptions {
  readonly kind?: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  /** Traceparents of spans that this one belongs to without being their child: the items of a batch. */
  readonly links?: readonly (string | undefined)[];
  /** Instead of the current one: a traceparent, or `root` for a trace of its own. */
  readonly parent?: string;
}

/** A span that is running. Every method is cheap and does nothing when tracing is off. */
export interface ActiveSpan {
  readonly traceparent: string | undefined;
  set(name: string, value: AttributeValue): void;
  link(traceparent: string | undefined): void;
  /** Ends as failed, without throwing. */
  fail(reason: string): void;
}

/** A span whose end is not the end of a function: an item that waits for its batch. */
export interface OpenSpan extends ActiveSpan {
  run<T>(fn: () => T): T;
  end(error?: unknown): void;
}

/** What records spans: OpenTelemetry's SDK, once it has been loaded (see open-telemetry.ts). */
export interface SpanRecorder {
  begin(name: string, attributes: SpanAttributes | undefined, parent: TraceContext | undefined, options: SpanOptions): RecordedSpan;
}

export interface RecordedSpan {
  readonly context: TraceContext;
  set(name: string, value: AttributeValue): void;
  link(trace: TraceContext): void;
  fail(reason: string): void;
  end(error?: unknown): void;
}

let recorder: SpanRecorder | undefined;

export function recordSpansWith(next: SpanRecorder | undefined): void {
  recorder = next;
}

export const isTracing = (): boolean => recorder !== undefined;

const off: OpenSpan = {
  get traceparent() {
    const trace = currentTrace();
    return trace === undefined ? undefined : formatTraceparent(trace);
  },
  set() {},
  link() {},
  fail() {},
  run: (fn) => fn(),
  end() {},
};

const noOptions: SpanOptions = {};

/**
 * Runs `fn` in a span of its own, which ends when `fn` does (or its promise). With tracing off it only calls `fn`:
 * well under a microsecond. On hot paths build attributes inside (`span.set`) only under `isTracing()`.
 */
export function span<T>(
  name: string,
  attributes: SpanAttributes | undefined,
  fn: (span: ActiveSpan) => T,
  options: SpanOptions = noOptions,
): T {
  if (recorder === undefined) return fn(off);
  const opened = openSpan(name, attributes, options);
  try {
    const result = opened.run(() => fn(opened));
    if (!isPromise(result)) {
      opened.end();
      return result;
    }
    return endWith(result, opened) as T;
  } catch (error) {
    opened.end(error);
    throw error;
  }
}

function isPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise;
}

async function endWith(promise: Promise<unknown>, opened: OpenSpan): Promise<unknown> {
  try {
    const value = await promise;
    opened.end();
    return value;
  } catch (error) {
    opened.end(error);
    throw error;
  }
}

export function openSpan(name: string, attributes?: SpanAttributes, options: SpanOptions = noOptions): OpenSpan {
  if (recorder === undefined) return off;
  const recorded = recorder.begin(name, attributes, parentOf(options), options);
  return {
    traceparent: formatTraceparent(recorded.context),
    set: (key, value) => recorded.set(key, value),
    link(traceparent) {
      const trace = parseTraceparent(traceparent);
      if (trace !== undefined) recorded.link(trace);
    },
    fail: (reason) => recorded.fail(reason),
    run: (fn) => runInTrace(recorded.context, fn),
    end: (error) => recorded.end(error),
  };
}

function parentOf(options: SpanOptions): TraceContext | undefined {
  if (options.parent === undefined) return currentTrace();
  return options.parent === 'root' ? undefined : parseTraceparent(options.parent);
}

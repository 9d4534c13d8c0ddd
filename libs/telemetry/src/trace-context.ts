import { AsyncLocalStorage } from 'node:async_hooks';

/** Where we are in a trace (W3C Trace Context §3.2): what logs name and what peers are told. */
export interface TraceContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly flags: number;
}

const storage = new AsyncLocalStorage<TraceContext | undefined>();

/** Taken when nothing runs yet: the context of no request. */
const root = AsyncLocalStorage.snapshot();

export const currentTrace = (): TraceContext | undefined => storage.getStore();

export const runInTrace = <T>(trace: TraceContext | undefined, fn: () => T): T => storage.run(trace, fn);

/** Runs outside every request: a batch's flush must not inherit the context of the item that happened to start it. */
export const inRootContext = <T>(fn: () => T): T => root(fn);

const shape = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** `undefined` for anything that is not a traceparent: a bad one is as none (W3C Trace Context §4.3). */
export function parseTraceparent(traceparent: string | undefined): TraceContext | undefined {
  if (traceparent === undefined || traceparent === '' || traceparent.length > 256) return undefined;
  const match = shape.exec(traceparent);
  if (match === null) return undefined;
  const [, version, traceId = '', spanId = '', flags = '', rest] = match;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, flags: Number.parseInt(flags, 16) & 1 };
}

export const formatTraceparent = (trace: TraceContext): string =>
  `00-${trace.traceId}-${trace.spanId}-${(trace.flags & 1) === 1 ? '01' : '00'}`;

/** The `traceparent` for a call to a peer. Outside of any trace: `undefined`. */
export function inject(): string | undefined {
  const trace = storage.getStore();
  return trace === undefined ? undefined : formatTraceparent(trace);
}

/** Runs `fn` as part of the caller's trace. Also with tracing off: its ids then still join our logs to the caller's. */
export function withRemoteParent<T>(traceparent: string | undefined, fn: () => T): T {
  const trace = parseTraceparent(traceparent);
  return trace === undefined ? fn() : storage.run(trace, fn);
}

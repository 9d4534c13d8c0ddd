import { redactValue } from './redact.ts';
import { currentTrace } from './trace-context.ts';

export type Level = 'debug' | 'info' | 'warn' | 'error' | 'fatal';
export type Fields = Readonly<Record<string, unknown>>;

const ranks: Readonly<Record<Level, number>> = { debug: 0, info: 1, warn: 2, error: 3, fatal: 4 };

const state = {
  service: 'authority',
  least: ranks.info,
  write: writeToStdout as (line: string) => void,
  count: undefined as ((level: Level) => void) | undefined,
};

export function nameService(service: string): void {
  state.service = service;
}

export const isLevel = (text: string): text is Exclude<Level, 'fatal'> => text in ranks && text !== 'fatal';

export function setLogLevel(level: Exclude<Level, 'fatal'>): void {
  state.least = ranks[level];
}

export function countLinesWith(count: ((level: Level) => void) | undefined): void {
  state.count = count;
}

/** Sends lines elsewhere (a test's array); answers how to undo it. */
export function setLogSink(write: (line: string) => void): () => void {
  const before = state.write;
  state.write = write;
  return () => {
    state.write = before;
  };
}

/** Lines of one tick leave in one write: a write costs more than the line. */
let waiting = '';
const mostWaiting = 64 * 1024;

function writeToStdout(line: string): void {
  if (waiting === '') setImmediate(flushLog);
  waiting += line;
  if (waiting.length > mostWaiting) flushLog();
}

/** Also called as the process ends, when no further tick comes. */
export function flushLog(): void {
  if (waiting === '') return;
  const lines = waiting;
  waiting = '';
  process.stdout.write(lines);
}

process.on('exit', flushLog);

const ours = new Set(['time', 'level', 'service', 'event', 'trace_id', 'span_id']);

/** One JSON line, `\n` included. */
export function formatLine(level: Level, event: string, fields: Fields | undefined, now: number): string {
  const line: Record<string, unknown> = { time: timeText(now), level, service: state.service, event };
  const trace = currentTrace();
  if (trace !== undefined) {
    line.trace_id = trace.traceId;
    line.span_id = trace.spanId;
  }
  for (const name in fields) {
    if (Object.hasOwn(fields, name)) line[ours.has(name) ? `${name}_` : name] = redactValue(name, fields[name]);
  }
  return `${JSON.stringify(line)}\n`;
}

let lastTime = 0;
let lastText = '';

function timeText(now: number): string {
  if (now !== lastTime) [lastTime, lastText] = [now, new Date(now).toISOString()];
  return lastText;
}

function emit(level: Level, event: string, fields?: Fields): void {
  state.count?.(level);
  if (ranks[level] < state.least) return;
  try {
    state.write(formatLine(level, event, fields, Date.now()));
  } catch (error) {
    // A field that cannot be shown (a getter that throws) must not fail the request that is logged.
    state.write(formatLine(level, event, { log_fault: error instanceof Error ? error.name : 'unknown' }, Date.now()));
  }
}

/** Events are words of our own (`code_replayed`), never text with values in it: values go into fields. */
export const log = {
  debug: (event: string, fields?: Fields): void => emit('debug', event, fields),
  info: (event: string, fields?: Fields): void => emit('info', event, fields),
  warn: (event: string, fields?: Fields): void => emit('warn', event, fields),
  error: (event: string, fields?: Fields): void => emit('error', event, fields),
  /** The last line of a process. */
  fatal(event: string, fields?: Fields): void {
    emit('fatal', event, fields);
    flushLog();
  },
} as const;

export type Log = typeof log;

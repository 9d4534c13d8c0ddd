import { connect, type Socket } from 'node:net';

/** An answer, as far as the flows need it. */
export interface Answer {
  status: number;
  headers: string;
  body: string;
}

/** What one flow sends. A connection sends its next request when the one before is answered. */
export interface Load {
  host: string;
  port: number;
  connections: number;
  /** Ends after this many seconds, or when `next` has no more. */
  seconds: number;
  /** As many requests a second, evenly, instead of as many as are answered. */
  perSecond?: number;
  /** The next request of a connection, as bytes on the wire; undefined: this connection is done. */
  next(connection: number): Buffer | undefined;
  /** Sees every answer; true: it is what was expected. */
  accepts(answer: Answer, connection: number): boolean;
}

export interface Measured {
  requests: number;
  failures: number;
  seconds: number;
  perSecond: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  firstFailure: string | undefined;
}

/** Drives a server over keep-alive connections with as little work of its own as it can. */
export async function drive(load: Load): Promise<Measured> {
  const latencies: number[] = [];
  let failures = 0;
  let firstFailure: string | undefined;
  const startedAt = performance.now();
  const endsAt = startedAt + load.seconds * 1000;
  await Promise.all(
    Array.from({ length: load.connections }, (_, index) =>
      runConnection(load, index, endsAt, (answer, latency) => {
        latencies.push(latency);
        if (load.accepts(answer, index)) return;
        failures++;
        firstFailure ??= `${answer.status} ${answer.body.slice(0, 300)}`;
      }),
    ),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  return {
    requests: latencies.length,
    failures,
    seconds,
    perSecond: latencies.length / seconds,
    p50: at(0.5),
    p99: at(0.99),
    firstFailure,
  };
}

function runConnection(load: Load, index: number, endsAt: number, answered: (answer: Answer, latency: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: load.host, port: load.port, noDelay: true });
    const reader = new AnswerReader();
    let sentAt = 0;
    const pace = new Pace(load, index);
    const send = (): void => {
      const waits = pace.next();
      if (waits > 0) setTimeout(sendNow, waits);
      else sendNow();
    };
    const sendNow = (): void => {
      const request = performance.now() < endsAt ? load.next(index) : undefined;
      if (!request) {
        finish(socket);
        resolve();
        return;
      }
      sentAt = pace.due ?? performance.now();
      socket.write(request);
    };
    socket.on('connect', send);
    socket.on('data', (chunk: Buffer) => {
      const answer = reader.take(chunk);
      if (!answer) return;
      answered(answer, performance.now() - sentAt);
      send();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve());
  });
}

/** When a connection sends: as soon as it is answered, or at its own even times. */
class Pace {
  readonly #everyMs: number;
  #nextAt: number;
  /** The time of a request that should have left while the one before was not answered yet: the wait counts as its own. */
  due: number | undefined;

  constructor({ perSecond, connections }: Load, index: number) {
    this.#everyMs = perSecond ? (connections * 1000) / perSecond : 0;
    this.#nextAt = performance.now() + (index / connections) * this.#everyMs;
  }

  /** Milliseconds until the next request may leave. */
  next(): number {
    if (this.#everyMs === 0) return 0;
    const now = performance.now();
    const at = this.#nextAt;
    this.#nextAt += this.#everyMs;
    this.due = at < now ? at : undefined;
    return Math.max(0, at - now);
  }
}

function finish(socket: Socket): void {
  socket.removeAllListeners('error');
  socket.on('error', () => undefined);
  socket.destroy();
}

/** Reads one HTTP/1.1 answer at a time: with a length, chunked, or empty. */
class AnswerReader {
  #buffer: Buffer = Buffer.alloc(0);

  take(chunk: Buffer): Answer | undefined {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
    const end = this.#buffer.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const headers = this.#buffer.toString('latin1', 0, end);
    const status = Number(headers.slice(9, 12));
    const bodyAt = end + 4;
    const length = /\r\ncontent-length: *(\d+)/i.exec(headers)?.[1];
    if (length !== undefined) return this.#sized(status, headers, bodyAt, Number(length));
    if (/\r\ntransfer-encoding: *chunked/i.test(headers)) return this.#chunked(status, headers, bodyAt);
    this.#buffer = this.#buffer.subarray(bodyAt);
    return { status, headers, body: '' };
  }

  #sized(status: number, headers: string, bodyAt: number, length: number): Answer | undefined {
    if (this.#buffer.length < bodyAt + length) return undefined;
    const body = this.#buffer.toString('utf8', bodyAt, bodyAt + length);
    this.#buffer = this.#buffer.subarray(bodyAt + length);
    return { status, headers, body };
  }

  #chunked(status: number, headers: string, bodyAt: number): Answer | undefined {
    const end = this.#buffer.indexOf('0\r\n\r\n', bodyAt);
    if (end < 0) return undefined;
    const body = this.#buffer.toString('utf8', bodyAt, end).replace(/(^|\r\n)[0-9a-f]+\r\n/gi, '');
    this.#buffer = this.#buffer.subarray(end + 5);
    return { status, headers, body };
  }
}

/** Bytes of a request that is sent as it is. */
export function requestBytes(method: string, path: string, host: string, headers: Record<string, string>, body = ''): Buffer {
  const lines = Object.entries({ host, ...headers, ...(body && { 'content-length': String(Buffer.byteLength(body)) }) });
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`);
}

export function formBytes(path: string, host: string, headers: Record<string, string>, form: Record<string, string>): Buffer {
  return requestBytes(
    'POST',
    path,
    host,
    { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    new URLSearchParams(form).toString(),
  );
}

import { createHash } from 'node:crypto';
import pg from 'pg';
import { type ConnectionOptions, clientConfig } from './connection-settings.ts';
import type { Lease } from './database.ts';

const pingEveryMs = 250;
/** Longer than a busy machine makes a healthy server wait; short enough for an answer within two seconds. */
const silenceMs = 1_200;

/**
 * The one connection that is always open. It knows whether the server is there (asked four times a second, so that a
 * server that hangs is noticed as well as one that refuses), hears notifications, and holds the advisory locks.
 */
export class ControlConnection {
  private client: pg.Client | undefined;
  /** The last statement of the connection: it takes one at a time. */
  private turn: Promise<unknown> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private closed = false;
  private readonly listeners = new Map<string, Set<(payload: string) => void>>();
  private readonly held = new Map<string, AbortController>();
  private readonly options: ConnectionOptions;
  private readonly onAway: () => void;
  /** Why the server counts as away: the last attempt to connect failed, or it fell silent. Unset while it is there. */
  away: Error | undefined = new Error('The server is away: not asked yet.');

  /** `onAway` is called when the server no longer answers: calls under way need not wait for it. */
  constructor(options: ConnectionOptions, onAway: () => void) {
    this.options = options;
    this.onAway = onAway;
  }

  async start(): Promise<void> {
    await this.connect();
    if (!this.closed) this.schedule();
  }

  listen(channel: string, onNotify: (payload: string) => void): () => void {
    const set = this.listeners.get(channel) ?? new Set();
    this.listeners.set(channel, set.add(onNotify));
    if (this.client && set.size === 1) void this.ask(this.client, `LISTEN ${pg.escapeIdentifier(channel)}`).catch(() => {});
    return () => {
      set.delete(onNotify);
      if (set.size > 0) return;
      this.listeners.delete(channel);
      if (this.client) void this.ask(this.client, `UNLISTEN ${pg.escapeIdentifier(channel)}`).catch(() => {});
    };
  }

  /** A session's advisory locks are re-entrant, so what this process holds is remembered here. */
  async tryLock(name: string): Promise<Lease | undefined> {
    const { client } = this;
    if (!client || this.held.has(name)) return undefined;
    const lost = new AbortController();
    this.held.set(name, lost);
    try {
      const { rows } = await this.ask(client, 'SELECT pg_try_advisory_lock($1) AS locked', [lockKey(name)]);
      if (!rows[0]?.locked || client !== this.client) {
        this.held.delete(name);
        return undefined;
      }
    } catch (error) {
      this.held.delete(name);
      throw error;
    }
    return { lost: lost.signal, release: () => this.unlock(name, lost, client) };
  }

  private async unlock(name: string, lost: AbortController, client: pg.Client): Promise<void> {
    if (lost.signal.aborted || this.held.get(name) !== lost) return;
    try {
      await this.ask(client, 'SELECT pg_advisory_unlock($1)', [lockKey(name)]);
    } catch {
      // The connection is gone, and the lock with it.
    }
    if (this.held.get(name) === lost) this.held.delete(name);
  }

  private ask(client: pg.Client, text: string, values: readonly string[] = []): Promise<pg.QueryResult> {
    const answer = this.turn.then(() => client.query({ text, values: [...values] }));
    this.turn = answer.catch(() => {});
    return answer;
  }

  private schedule(): void {
    this.timer = setTimeout(() => {
      void this.tick().finally(() => {
        if (!this.closed) this.schedule();
      });
    }, pingEveryMs);
    this.timer.unref();
  }

  private async tick(): Promise<void> {
    const { client } = this;
    if (!client) return this.connect();
    try {
      await answerWithin(this.ask(client, 'SELECT 1'), silenceMs);
      this.away = undefined;
    } catch (error) {
      if (client === this.client) this.noteAway(error);
      this.drop(client, error);
      await this.connect();
    }
  }

  /** Calls under way are told at once, and those to come until the next connect. */
  private noteAway(error: unknown): void {
    this.away = error instanceof Error ? error : new Error('The server is away', { cause: error });
    this.onAway();
  }

  private async connect(): Promise<void> {
    const client = new pg.Client({ ...clientConfig(this.options), connectionTimeoutMillis: silenceMs });
    client.on('error', (error) => this.drop(client, error));
    client.on('end', () => this.drop(client, new Error('Connection ended')));
    client.on('notification', ({ channel, payload }) => this.tell(channel, payload ?? ''));
    try {
      await client.connect();
      for (const channel of this.listeners.keys()) await client.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
      if (this.closed) return void client.end().catch(() => {});
      this.client = client;
      this.away = undefined;
      for (const channel of this.listeners.keys()) this.tell(channel, '');
    } catch (error) {
      destroy(client);
      if (!this.closed) this.noteAway(error);
    }
  }

  private drop(client: pg.Client, error: unknown): void {
    if (client !== this.client) return;
    this.client = undefined;
    this.turn = Promise.resolve();
    for (const lost of this.held.values()) lost.abort(error);
    this.held.clear();
    destroy(client);
  }

  private tell(channel: string, payload: string): void {
    for (const onNotify of this.listeners.get(channel) ?? []) {
      try {
        onNotify(payload);
      } catch (error) {
        // A listener's fault is its own; it surfaces as an uncaught exception and not as a lost connection.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    const { client } = this;
    if (!client) return;
    for (const lost of this.held.values()) lost.abort(new Error('Connection ended'));
    this.held.clear();
    this.client = undefined;
    await answerWithin(client.end(), silenceMs).catch(() => destroy(client));
  }
}

/** Advisory locks have 64-bit names. */
export function lockKey(name: string): string {
  return createHash('sha256').update(name).digest().readBigInt64BE().toString();
}

/** Ends the socket without waiting for the server, which may be out of reach. */
export function destroy(client: pg.ClientBase): void {
  const { connection } = client as unknown as { connection?: { stream?: { destroy(): void } } }; // not in pg's types
  connection?.stream?.destroy();
}

/** A late answer counts when this process itself was busy: the time is only up when the event loop has turned since. */
async function answerWithin(answer: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => setImmediate(() => reject(new Error('The server does not answer'))), ms);
  });
  try {
    await Promise.race([answer, silence]);
  } finally {
    clearTimeout(timer);
    answer.catch(() => {});
  }
}

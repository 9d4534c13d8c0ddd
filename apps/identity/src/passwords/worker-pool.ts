import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { StatusError } from '@authority/errors';
import { needsRehash } from './argon2.ts';
import type { Assessment, Passwords } from './passwords.ts';
import type { Answer, NewTask, Task } from './worker-protocol.ts';

export interface PoolOptions {
  /** Hashes at a time; each holds 19 MiB. */
  readonly size?: number;
  /** Tasks that wait for a worker, for each worker: about a second's worth. More are refused. */
  readonly waitingPerWorker?: number;
  /** An idle worker that holds the dictionaries (60 MiB) goes after so long. */
  readonly idleMs?: number;
}

interface Pending {
  readonly task: Task;
  readonly resolve: (value: Answer['value']) => void;
  readonly reject: (error: Error) => void;
}

interface Hand {
  readonly worker: Worker;
  readonly pending: Map<number, Pending>;
  hasDictionaries: boolean;
  retirement?: NodeJS.Timeout | undefined;
}

/** One is worked on and one is at hand, so that a worker never waits for our event loop. */
const inFlight = 2;

/** In sources the worker is a file beside this one; a bundle has it beside its main.js, as password-worker.js. */
function workerFile(): URL {
  const here = import.meta.url;
  return new URL(here.endsWith('.ts') ? './worker.ts' : './password-worker.js', here);
}

/** Passwords in worker threads, as many as cores, started when needed. */
export class PasswordWorkers implements Passwords {
  readonly #size: number;
  readonly #mostWaiting: number;
  readonly #idleMs: number;
  readonly #hands: Hand[] = [];
  readonly #waiting: Pending[] = [];
  #lastId = 0;
  #isClosed = false;

  constructor(options: PoolOptions = {}) {
    this.#size = options.size ?? availableParallelism();
    this.#mostWaiting = this.#size * (options.waitingPerWorker ?? 48);
    this.#idleMs = options.idleMs ?? 60_000;
  }

  async hash(password: string): Promise<string> {
    return (await this.#submit({ kind: 'hash', password })) as string; // what worker.ts answers to `hash`
  }

  async verify(phc: string | undefined, password: string): Promise<boolean> {
    return (await this.#submit({ kind: 'verify', phc, password })) as boolean; // what worker.ts answers to `verify`
  }

  needsRehash(phc: string): boolean {
    return needsRehash(phc);
  }

  async assess(password: string, inputs: readonly string[]): Promise<Assessment> {
    return (await this.#submit({ kind: 'assess', password, inputs })) as Assessment; // what worker.ts answers to `assess`
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#hands.map(({ worker }) => worker.terminate()));
  }

  /** Sheds load rather than letting everybody wait until everybody has given up. */
  #submit(task: NewTask): Promise<Answer['value']> {
    if (this.#isClosed || this.#waiting.length >= this.#mostWaiting) {
      return Promise.reject(new StatusError('UNAVAILABLE', 'overloaded', { retryAfterMs: 1000 }));
    }
    this.#lastId += 1;
    const numbered = { ...task, id: this.#lastId };
    return new Promise((resolve, reject) => {
      this.#waiting.push({ task: numbered, resolve, reject });
      this.#dispatch();
    });
  }

  #dispatch(): void {
    for (;;) {
      const next = this.#waiting[0];
      const hand = next && this.#handFor(next.task);
      if (!next || !hand) return;
      this.#waiting.shift();
      hand.pending.set(next.task.id, next);
      hand.hasDictionaries ||= next.task.kind === 'assess';
      clearTimeout(hand.retirement);
      hand.worker.ref();
      hand.worker.postMessage(next.task);
    }
  }

  /** The idlest one; a new one only when all have something to do. Dictionaries are held by the first alone. */
  #handFor(task: Task): Hand | undefined {
    const first = this.#hands[0] ?? this.#hire();
    if (task.kind === 'assess') return first.pending.size < inFlight ? first : undefined;
    const idlest = this.#hands.reduce((a, b) => (b.pending.size < a.pending.size ? b : a), first);
    if (idlest.pending.size > 0 && this.#hands.length < this.#size) return this.#hire();
    return idlest.pending.size < inFlight ? idlest : undefined;
  }

  #hire(): Hand {
    const worker = new Worker(workerFile(), { name: 'passwords', execArgv: [] });
    const hand: Hand = { worker, pending: new Map(), hasDictionaries: false };
    worker.on('message', (answer: Answer) => this.#settle(hand, answer));
    worker.on('error', (error) => this.#dismiss(hand, error));
    worker.on('exit', (code) => this.#dismiss(hand, new Error(`a password worker ended (${code})`)));
    this.#hands.push(hand);
    return hand;
  }

  #settle(hand: Hand, answer: Answer): void {
    const pending = hand.pending.get(answer.id);
    hand.pending.delete(answer.id);
    if (hand.pending.size === 0) this.#rest(hand);
    if (answer.error === undefined) pending?.resolve(answer.value);
    else pending?.reject(new Error(answer.error));
    this.#dispatch();
  }

  /** An idle worker keeps neither the process from ending nor the dictionaries for ever. */
  #rest(hand: Hand): void {
    hand.worker.unref();
    if (!hand.hasDictionaries) return;
    hand.retirement = setTimeout(() => {
      this.#dismiss(hand, new Error('retired'));
      void hand.worker.terminate();
    }, this.#idleMs).unref();
  }

  /** A worker that died took its tasks with it; the next task hires another. */
  #dismiss(hand: Hand, cause: unknown): void {
    const place = this.#hands.indexOf(hand);
    if (place < 0) return;
    this.#hands.splice(place, 1);
    for (const { reject } of hand.pending.values()) {
      reject(new StatusError('UNAVAILABLE', 'overloaded', { retryAfterMs: 1000, cause }));
    }
    if (!this.#isClosed) this.#dispatch();
  }
}

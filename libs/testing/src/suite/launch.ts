import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from './process.ts';

/** A process that can be told from a later one with the same number: its pid and when it started. */
export type ProcessMark = `${number}@${string}`;

/** `npm start`, as a person runs it, with everything that it starts. */
export class Launch {
  readonly #child: ChildProcess;
  readonly #begun = Date.now();
  #output = '';

  constructor(args: readonly string[], env: NodeJS.ProcessEnv) {
    this.#child = spawn(process.execPath, [join(root, 'apps/standalone/launch/start.mjs'), ...args], {
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString('utf8');
      });
    }
    // Its own children follow it within a second.
    process.once('exit', () => this.#child.kill('SIGKILL'));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get output(): string {
    return this.#output;
  }

  /** Waits for the ready block; answers the milliseconds since the launch. */
  async ready(timeoutMs = 60_000): Promise<number> {
    while (!/^ready in [\d.]+ s$/m.test(this.#output)) {
      const isOver = this.#child.exitCode !== null || Date.now() - this.#begun > timeoutMs;
      if (isOver) throw new Error(`npm start did not become ready:\n${this.#output}`);
      await sleep(20);
    }
    return Date.now() - this.#begun;
  }

  /** Sends a signal and waits for its end; answers the exit code. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.#child.kill(signal);
    return this.ended();
  }

  async ended(): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
    return this.#child.exitCode;
  }

  /** Everything below it, by /proc. */
  descendants(): ProcessMark[] {
    return descendantsOf(this.pid);
  }
}

function descendantsOf(pid: number): ProcessMark[] {
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? statOf(Number(name)) : []));
  const below = (parent: number): ProcessMark[] =>
    all.filter(({ ppid }) => ppid === parent).flatMap((one): ProcessMark[] => [`${one.pid}@${one.startedAt}`, ...below(one.pid)]);
  return below(pid);
}

/** Those of these processes that still run. */
export function alive(marks: readonly ProcessMark[]): ProcessMark[] {
  return marks.filter((mark) => statOf(Number.parseInt(mark)).some(({ pid, startedAt }) => `${pid}@${startedAt}` === mark));
}

/** What a process runs; empty when it has gone. */
export function commandOf(mark: ProcessMark): string {
  try {
    return readFileSync(`/proc/${Number.parseInt(mark)}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/** proc(5): after the name in parentheses, which may hold anything, come state, ppid and, twentieth, the start time. */
function statOf(pid: number): { pid: number; ppid: number; startedAt: string }[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? [] : [{ pid, ppid: Number(fields[1]), startedAt: fields[19] ?? '' }];
  } catch {
    return []; // it has ended meanwhile
  }
}

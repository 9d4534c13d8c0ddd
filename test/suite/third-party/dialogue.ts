import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** A program of somebody else that a test talks with. */
export class Dialogue {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #output = '';

  constructor(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    const { stdout, stderr } = this.#child;
    if (!stdout || !stderr) throw new Error(`${command} has no pipes`);
    for (const stream of [stdout, stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString();
      });
    }
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  get #isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Everything that it has written. */
  get output(): string {
    return this.#output;
  }

  send(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  /** Nobody is there to answer what it might ask. */
  sendNothing(): void {
    this.#child.stdin?.end();
  }

  /** The next line of its standard output. */
  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`the program has ended: ${this.#output}`);
    return value;
  }

  /** Waits until it has written, to either stream, what matches; the first group. */
  async find(pattern: RegExp): Promise<string> {
    for (;;) {
      const [, found] = pattern.exec(this.#output) ?? [];
      if (found !== undefined) return found;
      if (!this.#isRunning) throw new Error(`the program has ended: ${this.#output}`);
      await sleep(50);
    }
  }

  /** Waits until it ends; its exit code. */
  async ended(): Promise<number | null> {
    if (this.#isRunning) await once(this.#child, 'exit');
    return this.#child.exitCode;
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A server of somebody else, in the foreground, with its files in a folder of its own. */
export class Program {
  readonly folder: string;
  #child: ChildProcess | undefined;
  #output = '';

  constructor(readonly name: string) {
    this.folder = mkdtempSync(join(tmpdir(), `authority-${name}-`));
  }

  /** Writes a file for it; answers its path. */
  write(file: string, text: string): string {
    const path = join(this.folder, file);
    writeFileSync(path, text);
    return path;
  }

  /** Runs it until it answers there. A program that is missing is named: `npm test` installs it (test/run.mjs). */
  async start(command: string, args: readonly string[], url: string): Promise<void> {
    const child = spawn(command, args, { cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    child.once('error', (error) => {
      this.#output += `${error.message}: is ${command} installed?`;
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString('utf8');
      });
    }
    const deadline = Date.now() + 15_000;
    while (!(await answers(url))) {
      if (child.exitCode !== null || child.pid === undefined || Date.now() > deadline) throw new Error(`${this.name}: ${this.#output}`);
      await sleep(50);
    }
  }

  async stop(): Promise<void> {
    if (this.#child?.pid !== undefined && this.#child.exitCode === null) {
      const exited = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      await exited;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function answers(url: string): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.timeout(1000) }).then(
    () => true,
    () => false,
  );
}

import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { log } from '@authority/telemetry';
import { type DataFolder, readMark, writeWhole } from './data-folder.ts';
import { end, isAlive, markOf } from './process-mark.ts';

const RESTART_MS = 100;
const RESTART_MAX_MS = 2_000;
const STABLE_MS = 10_000;
const STOP_MS = 10_000;

/** A service in a process of its own that is started again when it dies, and stopped when we stop. */
export class Child {
  #process: ChildProcess | undefined;
  #stopping = false;
  #failures = 0;
  #restart: NodeJS.Timeout | undefined;
  readonly #markFile: string;

  constructor(
    folder: DataFolder,
    readonly name: string,
    private readonly file: string,
    private readonly env: NodeJS.ProcessEnv,
  ) {
    this.#markFile = join(folder.run, `${name}.json`);
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  async start(): Promise<void> {
    const leftover = readMark(this.#markFile);
    if (leftover && isAlive(leftover)) {
      log.warn('child.leftover', { child: this.name, pid: leftover.pid });
      await end(leftover);
    }
    this.#spawn();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restart);
    const child = this.#process;
    if (child && child.exitCode === null && child.signalCode === null) {
      await new Promise<void>((resolve) => {
        const force = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
        child.once('exit', () => {
          clearTimeout(force);
          resolve();
        });
        child.kill('SIGTERM');
      });
    }
    rmSync(this.#markFile, { force: true });
  }

  #spawn(): void {
    const startedAt = Date.now();
    const child = spawn(process.execPath, ['--enable-source-maps', '--max-semi-space-size=16', this.file], {
      env: this.env,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    this.#process = child;
    if (child.pid !== undefined) writeWhole(this.#markFile, JSON.stringify(markOf(child.pid)), 0o600);
    child.on('exit', (code, signal) => {
      if (this.#stopping) return;
      this.#failures = Date.now() - startedAt > STABLE_MS ? 0 : this.#failures + 1;
      const delay = Math.min(RESTART_MS * 2 ** Math.min(this.#failures, 10), RESTART_MAX_MS);
      log.error('child.died', { child: this.name, code, signal, restart_ms: delay });
      this.#restart = setTimeout(() => this.#spawn(), delay);
    });
  }
}

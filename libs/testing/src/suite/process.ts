import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The workspace's folder, also from a bundle. */
export const root = rootAbove(dirname(fileURLToPath(import.meta.url)));

function rootAbove(folder: string): string {
  if (existsSync(join(folder, 'nx.json'))) return folder;
  if (dirname(folder) === folder) throw new Error('there is no nx.json above this file');
  return rootAbove(dirname(folder));
}

/** A bundled app as a process of the test; what it prints is kept. */
export class AppProcess {
  #child: ChildProcess;
  #output = '';

  constructor(
    readonly name: string,
    private readonly args: readonly string[],
    readonly env: NodeJS.ProcessEnv,
    private readonly bundle = bundleOf(name),
  ) {
    this.#child = this.#spawn();
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Everything that it has printed, over all its starts. */
  get output(): string {
    return this.#output;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** SIGKILL, as a crash. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  restart(): void {
    if (this.isRunning) throw new Error(`${this.name} still runs`);
    this.#child = this.#spawn();
  }

  async end(signal: NodeJS.Signals = 'SIGTERM', patienceMs = 15_000): Promise<number | null> {
    if (!this.isRunning) return this.#child.exitCode;
    const exited = once(this.#child, 'exit');
    this.#child.kill(signal);
    const force = setTimeout(() => this.#child.kill('SIGKILL'), patienceMs);
    await exited;
    clearTimeout(force);
    return this.#child.exitCode;
  }

  /** Its exit code, once it ends by itself. */
  async ended(): Promise<number | null> {
    if (this.isRunning) await once(this.#child, 'exit');
    return this.#child.exitCode;
  }

  #spawn(): ChildProcess {
    const child = spawn(process.execPath, ['--enable-source-maps', '--max-semi-space-size=16', this.bundle, ...this.args], {
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        ...this.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const keep = (chunk: Buffer): void => {
      this.#output += chunk.toString('utf8');
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const killWithUs = (): boolean => child.kill('SIGKILL');
    process.once('exit', killWithUs);
    child.once('exit', () => process.off('exit', killWithUs));
    return child;
  }
}

function bundleOf(app: string): string {
  const bundle = join(root, 'dist/apps', app, 'main.js');
  if (!existsSync(bundle)) throw new Error(`${bundle} is not built: npm run build`);
  return bundle;
}

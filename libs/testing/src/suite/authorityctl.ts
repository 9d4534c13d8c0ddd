import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { root } from './process.ts';
import type { Suite } from './suite.ts';

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end; `input` is its standard input. */
export async function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}, input = ''): Promise<Ran> {
  const child = spawn(command, args, { env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env }, cwd: root });
  const [stdout, stderr] = [child.stdout, child.stderr].map((stream) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    return chunks;
  });
  child.stdin.on('error', () => {}); // it may end without reading
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  const textOf = (chunks: Buffer[] = []): string => Buffer.concat(chunks).toString('utf8');
  return { code, stdout: textOf(stdout), stderr: textOf(stderr) };
}

/** `authorityctl`, the bundled program, against a suite; it finds the operator in the data folder. */
export function authorityctl({ dataDir }: Pick<Suite, 'dataDir'>, args: readonly string[], input = ''): Promise<Ran> {
  const main = join(root, 'dist/apps/cli/main.js');
  return run(process.execPath, [main, ...args], { AUTHORITY_DATA_DIR: dataDir, NO_COLOR: '1' }, input);
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A server of the benchmark that is not ours, on the same Node; it has said `ready`. */
export interface BareProcess {
  pid: number;
  stop(): Promise<void>;
}

export async function startBare(bundle: string, args: readonly string[]): Promise<BareProcess> {
  const child = spawn(process.execPath, [fileURLToPath(new URL(bundle, import.meta.url)), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  await readyLine(child, bundle);
  return {
    pid: child.pid ?? 0,
    stop: async () => {
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}

async function readyLine(child: ChildProcess, bundle: string): Promise<void> {
  if (!child.stdout) throw new Error(`${bundle} has no output`);
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
  if (!chunk.toString().includes('ready')) throw new Error(`${bundle} said ${chunk}`);
}

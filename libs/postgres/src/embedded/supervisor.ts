import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Whether a process is alive, and since when: numbers of processes are used again, so the number alone proves nothing.
 */
export function processStart(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the name in brackets may have blanks
      return fields[0] === 'Z' ? undefined : fields[19];
    }
    if (process.platform === 'win32') {
      process.kill(pid, 0);
      return 'alive';
    }
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}

/** Takes the folder for this process, and answers what gives it back; refuses when a living process has it. */
export function claimFolder(dataDir: string): () => void {
  const file = join(dataDir, 'supervisor');
  const [pid, start] = readText(file).split(' ');
  if (pid && start && processStart(Number(pid)) === start) {
    throw new Error(`${dataDir} is in use by process ${pid}: stop that one first, or choose another data folder.`);
  }
  writeFileSync(file, `${process.pid} ${processStart(process.pid)}`);
  return () => rmSync(file, { force: true });
}

/** Stops a server that a killed start has left running on this cluster. */
export async function stopLeftover(cluster: string): Promise<void> {
  const pid = Number(readText(join(cluster, 'postmaster.pid')).split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 1 || !isServerOf(pid, cluster)) return;
  for (const [signal, patienceMs] of [
    ['SIGINT', 10_000],
    ['SIGQUIT', 5000],
  ] as const) {
    process.kill(pid, signal);
    for (const end = Date.now() + patienceMs; Date.now() < end; await sleep(50)) {
      if (processStart(pid) === undefined) return;
    }
  }
  throw new Error(`A PostgreSQL that was left over (process ${pid}) does not stop: end it, then start again.`);
}

/** The number in the file may be somebody else's by now. */
function isServerOf(pid: number, cluster: string): boolean {
  try {
    const command =
      process.platform === 'linux'
        ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
        : execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
    return command.includes('postgres') && command.includes(cluster);
  } catch {
    return false;
  }
}

export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process that can be told from a later one with the same number. */
export interface ProcessMark {
  pid: number;
  startedAt: string;
}

export function markOf(pid: number): ProcessMark {
  return { pid, startedAt: startOf(pid) ?? '' };
}

export function isAlive(mark: ProcessMark): boolean {
  const startedAt = startOf(mark.pid);
  return startedAt !== undefined && startedAt === mark.startedAt;
}

/** Ends a process that a killed start left behind: politely, then not. */
export async function end(mark: ProcessMark, patienceMs = 5_000): Promise<void> {
  const deadline = Date.now() + patienceMs;
  for (let signal: NodeJS.Signals = 'SIGTERM'; isAlive(mark); signal = Date.now() > deadline ? 'SIGKILL' : 'SIGTERM') {
    try {
      process.kill(mark.pid, signal);
    } catch {
      return;
    }
    await sleep(100);
  }
}

/** When a process started, in the system's own words; undefined when there is none. */
function startOf(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // Field 22 after the name in parentheses, which may hold anything; field 3 tells a zombie.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' ? undefined : fields[19];
    }
    if (process.platform === 'win32') return process.kill(pid, 0) ? 'unknown' : undefined;
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}

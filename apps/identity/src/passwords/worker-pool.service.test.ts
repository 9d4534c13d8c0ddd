import { readdirSync, readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PasswordWorkers } from './worker-pool.ts';

let workers: PasswordWorkers;

beforeAll(() => {
  workers = new PasswordWorkers({ size: 2, waitingPerWorker: 8 });
});

afterAll(() => workers.close());

const median = (times: readonly number[]): number => [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;

describe('performance.md 5: argon2id in worker threads', () => {
  test('m=19456 t=2 p=1; a hash is verified by its password alone', async () => {
    const phc = await workers.hash('correct horse');
    expect(phc).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(workers.needsRehash(phc)).toBe(false);
    expect(await workers.verify(phc, 'correct horse')).toBe(true);
    expect(await workers.verify(phc, 'correct horsf')).toBe(false);
    expect(await workers.verify(undefined, 'correct horse')).toBe(false);
    expect(await workers.hash('correct horse')).not.toBe(phc);
  });

  // Other processes may take the cores for a while: a difference that is ours is there every time.
  test('an unknown user takes as long as a wrong password', { retry: 2 }, async () => {
    const phc = await workers.hash('correct horse');
    const times: [number[], number[]] = [[], []];
    for (let pair = 0; pair < 40; pair += 1) {
      for (const [at, stored] of pair % 2
        ? ([
            [0, phc],
            [1, undefined],
          ] as const)
        : ([
            [1, undefined],
            [0, phc],
          ] as const)) {
        const started = performance.now();
        await workers.verify(stored, 'wrong');
        times[at].push(performance.now() - started);
      }
    }
    const [wrong, unknown] = times.map(median);
    expect((unknown ?? 0) / (wrong ?? 1)).toBeGreaterThan(0.85);
    expect((unknown ?? 0) / (wrong ?? 1)).toBeLessThan(1.15);
  });

  test('how-to/import.md: an imported hash is checked in its own way, and takes at least as long as an unknown user', {
    retry: 2,
  }, async () => {
    const imported = '{SSHA}xCoAhsXWiKbSyTjqWPV5SBDy7r1zYWx0';
    expect(workers.needsRehash(imported)).toBe(true);
    expect(await workers.verify(imported, 'letmein')).toBe(true);
    const times: [number[], number[]] = [[], []];
    for (let turn = 0; turn < 80; turn += 1) {
      const started = performance.now();
      expect(await workers.verify(turn % 2 ? imported : undefined, 'wrong')).toBe(false);
      times[turn % 2 ? 0 : 1].push(performance.now() - started);
    }
    expect((median(times[0]) || 0) / median(times[1])).toBeGreaterThan(0.85);
  });

  test('how-to/import.md: nobody has the empty password, whatever was imported', async () => {
    const [ours, imported] = [await workers.hash(''), '{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk='];
    expect([await workers.verify(ours, ''), await workers.verify(imported, '')]).toEqual([false, false]);
  });

  test('too many are refused at once, the rest is answered', async () => {
    const all = await Promise.allSettled(Array.from({ length: 60 }, () => workers.verify(undefined, 'x')));
    const refused = all.filter((one) => one.status === 'rejected');
    expect(refused).toHaveLength(60 - 16 - 4);
    expect(refused[0]).toMatchObject({ reason: { code: 'UNAVAILABLE', reason: 'overloaded', retryAfterMs: 1000 } });
    expect(await workers.verify(undefined, 'x')).toBe(false);
  });

  test('neither the event loop nor libuv’s pool waits for hashes', async () => {
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const hashing = Promise.all(Array.from({ length: 16 }, () => workers.verify(undefined, 'x')));
    await hashing;
    delay.disable();
    expect(delay.percentile(50) / 1e6).toBeLessThan(40);
  });

  test.runIf(process.platform === 'linux')('the workers yield to everything else in the process', async () => {
    await Promise.all([workers.verify(undefined, 'x'), workers.verify(undefined, 'x')]);
    const nice = readdirSync('/proc/self/task').map((thread) => {
      const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
    });
    expect(nice.filter((value) => value === 10).length).toBeGreaterThanOrEqual(2);
    expect(nice.filter((value) => value === 0).length).toBeGreaterThan(0);
  });
});

describe('strength', () => {
  test('breached passwords that ship with the code are found, in any case', async () => {
    expect(await workers.assess('password1', [])).toMatchObject({ breached: true });
    expect(await workers.assess('PassWord1', [])).toMatchObject({ breached: true });
    expect(await workers.assess('correct horse battery staple', [])).toEqual({ breached: false, score: 4 });
  });

  test('what is known of the person makes a bad password', async () => {
    const withName = await workers.assess('grizelda.mortlake', ['grizelda', 'mortlake']);
    const without = await workers.assess('grizelda.mortlake', []);
    expect(withName.score).toBeLessThan(without.score);
  });

  test('a worker that holds the dictionaries goes when it is idle; the next task has another', async () => {
    const resting = new PasswordWorkers({ size: 1, idleMs: 20 });
    await resting.assess('correct horse', []);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await resting.verify(undefined, 'x')).toBe(false);
    await resting.close();
  });

  test('a long password does not cost long', async () => {
    const started = performance.now();
    await workers.assess('a1@4e3$s'.repeat(128), []);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

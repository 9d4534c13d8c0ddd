import { type Database, open } from '@authority/postgres';
import { type TestLink, testLink, type TestPostgres, testPostgres } from '@authority/testing';
import { setLogSink } from '@authority/telemetry';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Job, type JobReport, type RunningJobs, runJobs } from './run-jobs.ts';

let server: TestPostgres;
let url: string;
let link: TestLink;
const databases: Database[] = [];
const running: RunningJobs[] = [];

async function replica(through = false): Promise<Database> {
  const database = await open({ url: through ? link.through(url) : url, service: 'token' });
  databases.push(database);
  return database;
}

function run(database: Database, jobs: Job[], onRun?: (report: JobReport) => void): RunningJobs {
  const made = runJobs(database, 'token', jobs, { retryMs: 100, ...(onRun && { onRun }) });
  running.push(made);
  return made;
}

async function until(condition: () => boolean, withinMs = 3000): Promise<void> {
  for (const end = Date.now() + withinMs; !condition(); await pause(10)) {
    if (Date.now() > end) throw new Error(`not within ${withinMs} ms`);
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

beforeAll(async () => {
  server = await testPostgres();
  url = await server.newDatabase();
  link = await testLink(Number(new URL(url).port));
});

afterEach(async () => {
  await link.restore();
  await Promise.all(running.splice(0).map((each) => each.stop()));
  await Promise.all(databases.splice(0).map((each) => each.close()));
});

afterAll(async () => {
  await link.stop();
  await server.stop();
});

test('house.md: one leader per service and job, at once on start, then at its times', async () => {
  const runs: string[] = [];
  const job = (who: string): Job => ({ name: 'sweep', everyMs: 200, run: async () => void runs.push(who) });
  const first = run(await replica(), [job('a')]);
  await until(() => runs.length === 1, 500);
  const second = run(await replica(), [job('b')]);
  await until(() => runs.length >= 4);
  expect(runs).not.toContain('b');
  expect([first.leads(), second.leads()]).toEqual([['sweep'], []]);
});

test('house.md: another takes over when the leader stops, and when its connection dies', async () => {
  const runs: string[] = [];
  let abandoned = false;
  const job = (who: string): Job => ({
    name: 'take-over',
    everyMs: 60_000,
    run: async (_, signal) => {
      runs.push(who);
      signal.addEventListener('abort', () => {
        if (who === 'fragile') abandoned = true;
      });
    },
  });
  const fragile = run(await replica(true), [job('fragile')]);
  await until(() => runs.length === 1);
  const second = run(await replica(), [job('second')]);
  await pause(300);
  await link.cut();
  await until(() => runs.length === 2);
  expect(runs).toEqual(['fragile', 'second']);
  expect(abandoned).toBe(true);
  expect(fragile.leads()).toEqual([]);
  await link.restore();
  await second.stop();
  await until(() => runs.length === 3);
  expect(runs).toEqual(['fragile', 'second', 'fragile']);
});

test('house.md: two that start at once do not both lead, and different jobs may have different leaders', async () => {
  let together = 0;
  let most = 0;
  const alone: Job = {
    name: 'alone',
    everyMs: 20,
    run: async () => {
      most = Math.max(most, ++together);
      await pause(15);
      together--;
    },
  };
  const all = [run(await replica(), [alone]), run(await replica(), [alone]), run(await replica(), [alone])];
  await pause(500);
  expect(most).toBe(1);
  expect(all.flatMap((each) => each.leads())).toEqual(['alone']);
});

test('house.md: lateness is reported, a failure is logged, and the job goes on', async () => {
  const lines: string[] = [];
  const restore = setLogSink((line) => lines.push(line));
  const reports: JobReport[] = [];
  const job: Job = {
    name: 'slow',
    everyMs: 100,
    run: async () => {
      await pause(150);
      throw new Error('no');
    },
  };
  run(await replica(), [job], (report) => reports.push(report));
  await until(() => reports.length >= 3);
  restore();
  expect(reports[0]).toMatchObject({ service: 'token', job: 'slow' });
  expect(reports[0]?.latenessMs).toBeLessThan(50);
  expect(reports[1]?.latenessMs).toBeGreaterThanOrEqual(40);
  expect(reports.every((report) => report.error instanceof Error && report.durationMs >= 145)).toBe(true);
  expect(lines.some((line) => line.includes('"job_failed"') && line.includes('"slow"'))).toBe(true);
});

test('stop() waits for the run under way, tells it, and gives up the lead at once', async () => {
  let ended = false;
  const job: Job = {
    name: 'stopped',
    everyMs: 60_000,
    run: (_, signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () =>
          setTimeout(() => {
            ended = true;
            resolve();
          }, 50),
        );
      }),
  };
  const database = await replica();
  const made = run(database, [job]);
  await until(() => made.leads().length === 1);
  await made.stop();
  expect(ended).toBe(true);
  expect(await database.tryLock('job.token.stopped')).toBeDefined();
});

test('a database that is away at the start is waited for', async () => {
  await link.cut();
  let runs = 0;
  run(await replica(true), [{ name: 'late', everyMs: 60_000, run: async () => void runs++ }]);
  await pause(300);
  expect(runs).toBe(0);
  await link.restore();
  await until(() => runs === 1, 1500);
});

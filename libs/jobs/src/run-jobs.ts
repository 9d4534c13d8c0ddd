import type { Database, Lease } from '@authority/postgres';
import { histogram, labelNames, log, metricNames } from '@authority/telemetry';

/** What runs by itself. `run` may meet a former leader that has not noticed yet: it must be idempotent. */
export interface Job {
  readonly name: string;
  readonly everyMs: number;
  /** `signal` is aborted when the lead is lost or the process stops. */
  run(database: Database, signal: AbortSignal): Promise<void>;
}

export interface JobReport {
  readonly service: string;
  readonly job: string;
  /** How long after its time the run began. */
  readonly latenessMs: number;
  readonly durationMs: number;
  readonly error?: unknown;
}

export interface JobsOptions {
  /** Told of every run of this process, besides the metrics and the log line of a failure. */
  onRun?: (report: JobReport) => void;
  /** How often one that does not lead tries to, in ms. */
  retryMs?: number;
}

export interface RunningJobs {
  /** The jobs that this process leads now. */
  leads(): readonly string[];
  /** Begins no further run, waits for those under way, gives up the leads. */
  stop(): Promise<void>;
}

const { service: serviceLabel, job: jobLabel, outcome } = labelNames;
const lateBuckets = [0.01, 0.1, 1, 5, 15, 60, 300, 900, 3600];
const lateness = histogram(metricNames.jobLateness, 'How long after its time a job began.', [serviceLabel, jobLabel], lateBuckets);
const duration = histogram(metricNames.jobDuration, 'How long a job took.', [serviceLabel, jobLabel, outcome], lateBuckets);

/**
 * Runs each job at its times in one process of all that ask to. The leader holds an advisory lock for as long as its
 * connection lives; another takes over within `retryMs` of its end. A new leader runs the job at once.
 */
export function runJobs(database: Database, service: string, jobs: readonly Job[], options: JobsOptions = {}): RunningJobs {
  const loops = jobs.map((job) => new JobLoop(database, service, job, options));
  return {
    leads: () => loops.filter((loop) => loop.isLeading()).map((loop) => loop.name),
    stop: async () => {
      await Promise.all(loops.map((loop) => loop.stop()));
    },
  };
}

class JobLoop {
  private readonly stopping = new AbortController();
  private readonly ended: Promise<void>;
  private lease: Lease | undefined;
  private readonly database: Database;
  private readonly service: string;
  private readonly job: Job;
  private readonly options: JobsOptions;

  constructor(database: Database, service: string, job: Job, options: JobsOptions) {
    this.database = database;
    this.service = service;
    this.job = job;
    this.options = options;
    this.ended = this.loop();
  }

  get name(): string {
    return this.job.name;
  }

  isLeading(): boolean {
    return this.lease !== undefined && !this.lease.lost.aborted;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.ended;
  }

  private async loop(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      this.lease = await this.database.tryLock(`job.${this.service}.${this.job.name}`).catch(() => undefined);
      if (this.lease) await this.lead(this.lease);
      if (!signal.aborted) await pause(this.options.retryMs ?? 1000, signal);
    }
  }

  private async lead(lease: Lease): Promise<void> {
    const until = AbortSignal.any([lease.lost, this.stopping.signal]);
    let due = Date.now();
    while (!until.aborted) {
      await this.runOnce(due, until);
      // Of the times that passed during a long run only the last is made up for; its lateness shows in its report.
      due += this.job.everyMs * Math.max(1, Math.floor((Date.now() - due) / this.job.everyMs));
      await pause(due - Date.now(), until);
    }
    this.lease = undefined;
    await lease.release();
  }

  /** A failure is reported, and the job is run again at its next time. */
  private async runOnce(due: number, signal: AbortSignal): Promise<void> {
    const began = Date.now();
    let failure: { error: unknown } | undefined;
    try {
      await this.job.run(this.database, signal);
    } catch (error) {
      failure = { error };
    }
    const durationMs = Date.now() - began;
    this.report({ service: this.service, job: this.name, latenessMs: Math.max(0, began - due), durationMs, ...failure });
  }

  private report(report: JobReport): void {
    const { service, job, latenessMs, durationMs } = report;
    lateness.observe(latenessMs / 1000, { service, job });
    duration.observe(durationMs / 1000, { service, job, outcome: 'error' in report ? 'failed' : 'ok' });
    if ('error' in report) log.error('job_failed', { schema: service, job, error: report.error });
    this.options.onRun?.(report);
  }
}

/** Ends early, and quietly, when the signal is aborted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, Math.max(ms, 0));
    signal.addEventListener('abort', finish);
  });
}

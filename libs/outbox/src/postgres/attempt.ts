import { counter, histogram, labelNames, log, metricNames } from '@authority/telemetry';
import type { JobResult, JobWithMetadata } from 'pg-boss';
import { type Handler, type Queue, Undeliverable } from '../outbox.ts';
import { errorText } from './error-text.ts';
import { isStored, type Stored } from './stored.ts';

const { queue: queueLabel, outcome } = labelNames;
const attempts = counter(metricNames.outboxAttempts, 'Attempts of the outbox, by outcome: delivered, failed (tried again), dead.', [
  queueLabel,
  outcome,
]);
const duration = histogram(metricNames.outboxDuration, 'How long an attempt of the outbox took.', [queueLabel, outcome]);

/** One attempt, and what becomes of the job. Never throws: the others of its batch are settled by themselves. */
export async function attempt<P>(queue: Queue<P>, handler: Handler<P>, job: JobWithMetadata<Stored>): Promise<JobResult> {
  const began = performance.now();
  const failure = await deliver(queue, handler, job);
  const status = failure === undefined ? 'completed' : statusAfter(failure.error, job);
  const word = { completed: 'delivered', failed: 'failed', deadletter: 'dead' }[status];
  attempts.add(1, { queue: queue.name, outcome: word });
  duration.observe((performance.now() - began) / 1000, { queue: queue.name, outcome: word });
  if (failure === undefined) return { id: job.id, status };
  const line = { queue: queue.name, delivery: job.id, attempt: job.retryCount + 1, error: failure.error };
  if (status === 'deadletter') log.error('delivery_dead', line);
  else log.warn('delivery_failed', line);
  return { id: job.id, status, output: { message: errorText(failure.error) } };
}

function statusAfter(error: unknown, job: JobWithMetadata<Stored>): 'failed' | 'deadletter' {
  return error instanceof Undeliverable || job.retryCount >= job.retryLimit ? 'deadletter' : 'failed';
}

async function deliver<P>(queue: Queue<P>, handler: Handler<P>, job: JobWithMetadata<Stored>): Promise<{ error: unknown } | undefined> {
  const timeout = AbortSignal.timeout(queue.timeoutMs);
  try {
    const payload = readPayload(queue, job.data);
    const signal = AbortSignal.any([timeout, job.signal]);
    const delivery = { id: job.id, payload, attempt: job.retryCount + 1, appendedAt: job.createdOn, signal };
    await Promise.race([handler(delivery), aborted(timeout)]);
    return undefined;
  } catch (error) {
    return { error };
  }
}

function readPayload<P>(queue: Queue<P>, data: unknown): P {
  if (!isStored(data)) throw new Error('The payload is of a version that this release does not know.');
  return queue.read(data.payload);
}

/** Rejects when the time is up, also for a handler that does not look at its signal. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('The attempt took too long.')), { once: true });
  });
}

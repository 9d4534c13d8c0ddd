import type { JobWithMetadata } from 'pg-boss';
import type { DeadLetter } from '../outbox.ts';
import { isStored } from './stored.ts';

/** The texts of an error and of its causes, as far as an operator needs them. */
export function errorText(error: unknown): string {
  const texts: string[] = [];
  for (let one: unknown = error; one instanceof Error && texts.length < 4; one = one.cause) texts.push(one.message);
  return (texts.length > 0 ? texts.join(': ') : String(error)).slice(0, 500);
}

export function deadLetterFrom(queue: string, job: JobWithMetadata<unknown>): DeadLetter {
  return {
    id: job.id,
    deliveryId: job.sourceId ?? job.id,
    queue,
    payload: isStored(job.data) ? job.data.payload : undefined,
    attempts: (job.sourceRetryCount ?? 0) + 1,
    appendedAt: job.sourceCreatedOn ?? job.createdOn,
    failedAt: job.createdOn,
    error: messageOf(job.sourceOutput),
  };
}

/** What `attempt` stored; or, of a replica that died, what pg-boss says of it. */
function messageOf(output: unknown): string {
  if (typeof output !== 'object' || output === null) return '';
  const said = 'message' in output ? output.message : 'value' in output ? output.value : undefined;
  return typeof said === 'string' ? said : JSON.stringify(output);
}

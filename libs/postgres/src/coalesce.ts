import { AsyncLocalStorage } from 'node:async_hooks';
import { isConnectionLost } from './store-error.ts';

export interface CoalesceOptions<I> {
  /** At most so many items in one statement. */
  max?: number;
  /** At most so many statements at a time. */
  inFlight?: number;
  /** What an item touches. Items are sent in the order of their keys, so that two statements lock rows in one order. */
  key?: (input: I) => string;
  /** Items with the same key are one item, and get one answer: for reads. Without it each waits for the one before. */
  shareEqual?: boolean;
  /** Throws for what must not join a statement (see assertStorable); only its caller hears of it. */
  check?: (input: I) => void;
}

export interface GroupOptions<I> extends Omit<CoalesceOptions<I>, 'shareEqual'> {
  key: (input: I) => string;
}

/** The members of a group, in the order in which they came. */
interface Waiting<I, O> {
  readonly key: string | undefined;
  readonly members: { input: I; resolve: (output: O) => void; reject: (error: unknown) => void }[];
}

type Run<I, O> = (groups: I[][]) => Promise<readonly (readonly (O | Error)[])[]>;

/**
 * Makes one statement of the calls of one event-loop tick (`= ANY($1)`, `unnest`). No timer: at low load nothing waits.
 * `run` answers in the order of its inputs; an Error in place of an answer is thrown to that caller alone. A statement
 * that failed is run again item by item, once, so that one bad item fails alone; not when the connection broke, since
 * then it may have been applied.
 */
export function coalesce<I, O>(
  run: (inputs: I[]) => Promise<readonly (O | Error)[]>,
  options: CoalesceOptions<I> = {},
): (input: I) => Promise<O> {
  const { shareEqual = false } = options;
  const runGroups: Run<I, O> = async (groups) => {
    const answers = await run(groups.map((group) => group[0] as I)); // a group is never empty
    if (answers.length !== groups.length) return []; // settle() says so to all
    return groups.map((group, at) => group.map(() => answers[at] as O | Error)); // at < length
  };
  const queue = new Queue(runGroups, options, shareEqual);
  return (input) => queue.add(input);
}

/**
 * As coalesce, but items with the same key arrive together, in order: `run` touches each key once and answers its
 * items in turn (`UPDATE … FROM unnest` returns a row once, so 99 of 100 equal refreshes would look like reuse).
 */
export function coalesceByKey<I, O>(
  run: (groups: I[][]) => Promise<readonly (readonly (O | Error)[])[]>,
  options: GroupOptions<I>,
): (input: I) => Promise<O> {
  const queue = new Queue(run, options, true);
  return (input) => queue.add(input);
}

class Queue<I, O> {
  private readonly waiting: Waiting<I, O>[] = [];
  private readonly open = new Map<string, Waiting<I, O>>();
  private readonly busy = new Set<string>();
  private inFlight = 0;
  private scheduled = false;
  // The flush serves many callers: it must not run in the trace of the one that happened to come first.
  private readonly inRootContext = AsyncLocalStorage.snapshot();

  private readonly run: Run<I, O>;
  private readonly options: CoalesceOptions<I>;
  private readonly grouped: boolean;

  constructor(run: Run<I, O>, options: CoalesceOptions<I>, grouped: boolean) {
    this.run = run;
    this.options = options;
    this.grouped = grouped;
  }

  add(input: I): Promise<O> {
    return new Promise<O>((resolve, reject) => {
      this.options.check?.(input);
      const member = { input, resolve, reject };
      const key = this.options.key?.(input);
      const group = this.grouped && key !== undefined ? this.open.get(key) : undefined;
      if (group) {
        group.members.push(member);
        return;
      }
      const made: Waiting<I, O> = { key, members: [member] };
      this.waiting.push(made);
      if (this.grouped && key !== undefined) this.open.set(key, made);
      this.schedule();
    });
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.inRootContext(() => this.flush());
    });
  }

  private flush(): void {
    while (this.inFlight < (this.options.inFlight ?? 4)) {
      const batch = this.nextBatch();
      if (batch.length === 0) return;
      this.inFlight++;
      void this.send(batch).finally(() => {
        this.inFlight--;
        for (const { key } of batch) if (key !== undefined) this.busy.delete(key);
        if (this.waiting.length > 0) this.flush();
      });
    }
  }

  /** The oldest groups whose keys are not being worked on, in the order of their keys. */
  private nextBatch(): Waiting<I, O>[] {
    const max = this.options.max ?? 64;
    const batch: Waiting<I, O>[] = [];
    for (let at = 0; at < this.waiting.length && batch.length < max; ) {
      const group = this.waiting[at] as Waiting<I, O>; // at < length
      if (group.key !== undefined && this.busy.has(group.key)) {
        at++;
        continue;
      }
      this.waiting.splice(at, 1);
      batch.push(group);
      if (group.key === undefined) continue;
      this.busy.add(group.key);
      this.open.delete(group.key);
    }
    if (this.options.key) batch.sort((a, b) => (String(a.key) < String(b.key) ? -1 : 1));
    return batch;
  }

  private async send(batch: Waiting<I, O>[]): Promise<void> {
    try {
      settle(batch, await this.run(batch.map(inputsOf)));
    } catch (error) {
      if (batch.length === 1 || isConnectionLost(error)) return refuse(batch, error);
      await this.sendOneByOne(batch);
    }
  }

  private async sendOneByOne(batch: Waiting<I, O>[]): Promise<void> {
    const left = [...batch];
    const worker = async (): Promise<void> => {
      for (let group = left.shift(); group; group = left.shift()) {
        const alone = [group];
        await this.run(alone.map(inputsOf)).then(
          (answers) => settle(alone, answers),
          (error: unknown) => refuse(alone, error),
        );
      }
    };
    // A few at a time: one that waits for a lock does not keep the others.
    await Promise.all([worker(), worker(), worker(), worker()]);
  }
}

function inputsOf<I, O>(group: Waiting<I, O>): I[] {
  return group.members.map((member) => member.input);
}

function settle<I, O>(batch: Waiting<I, O>[], answers: readonly (readonly (O | Error)[])[]): void {
  batch.forEach((group, at) => {
    group.members.forEach((member, place) => {
      const answer = answers[at]?.[place];
      const isMissing = answers.length !== batch.length || answers[at]?.length !== group.members.length;
      if (isMissing) member.reject(new Error('A coalesced statement answered another number of items than it was given.'));
      else if (answer instanceof Error) member.reject(answer);
      else member.resolve(answer as O); // not an Error, and its place exists
    });
  });
}

function refuse<I, O>(batch: Waiting<I, O>[], error: unknown): void {
  for (const group of batch) for (const member of group.members) member.reject(error);
}

import { AsyncLocalStorage } from 'node:async_hooks';
import { StatusError } from '@authority/errors';
import { expect, test } from 'vitest';
import { coalesce, coalesceByKey } from './coalesce.ts';
import { toStoreError } from './store-error.ts';

const times = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));

test('performance.md 6: calls of one tick are one statement, in the order of their keys', async () => {
  const statements: string[][] = [];
  const read = coalesce(
    async (keys: string[]) => {
      statements.push(keys);
      return keys.map((key) => `row ${key}`);
    },
    { key: (key) => key },
  );
  expect(await Promise.all(['c', 'a', 'b'].map(read))).toEqual(['row c', 'row a', 'row b']);
  expect(statements).toEqual([['a', 'b', 'c']]);
});

test('performance.md 6: a statement has at most 64 items, and at most so many are under way', async () => {
  const sizes: number[] = [];
  let underWay = 0;
  let most = 0;
  const write = coalesce(
    async (items: number[]) => {
      sizes.push(items.length);
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setTimeout(resolve, 5));
      underWay--;
      return items;
    },
    { inFlight: 2 },
  );
  expect(await Promise.all(times(300, write))).toEqual(times(300, (at) => at));
  expect(sizes).toEqual([64, 64, 64, 64, 44]);
  expect(most).toBe(2);
});

test('performance.md 6: equal keys are never in one statement, and keep their order; other keys do not wait for them', async () => {
  const statements: string[][] = [];
  const answers: string[] = [];
  const write = coalesce(
    async (items: { key: string; at: number }[]) => {
      statements.push(items.map(({ key, at }) => `${key}${at}`));
      await new Promise((resolve) => setTimeout(resolve, 2));
      return items.map(({ key, at }) => `${key}${at}`);
    },
    { key: ({ key }) => key },
  );
  const note = async (key: string, at: number): Promise<void> => void answers.push(await write({ key, at }));
  await Promise.all([note('a', 1), note('a', 2), note('b', 1), note('a', 3)]);
  expect(statements).toHaveLength(3);
  expect(statements.every((items) => new Set(items.map((item) => item[0])).size === items.length)).toBe(true);
  expect(answers.filter((answer) => answer.startsWith('a'))).toEqual(['a1', 'a2', 'a3']);
});

test('performance.md 6: reads of one key are one item when they may be shared', async () => {
  const statements: string[][] = [];
  const read = coalesce(
    async (keys: string[]) => {
      statements.push(keys);
      return keys.map((key) => ({ key }));
    },
    { key: (key) => key, shareEqual: true },
  );
  const [first, second] = await Promise.all([read('a'), read('a'), read('b')]);
  expect(first).toBe(second);
  expect(statements).toEqual([['a', 'b']]);
});

test('performance.md 6: of 100 equal refreshes the key is touched once, and they are answered in turn', async () => {
  let statements = 0;
  const refresh = coalesceByKey(
    async (groups: string[][]) => {
      statements++;
      return groups.map((group) => group.map((handle, place) => `${handle} ${place === 0 ? 'stepped' : 'within grace'}`));
    },
    { key: (handle) => handle },
  );
  const answers = await Promise.all([...times(100, () => refresh('h')), refresh('other')]);
  expect(statements).toBe(1);
  expect(answers.filter((answer) => answer === 'h stepped')).toHaveLength(1);
  expect(answers.filter((answer) => answer === 'h within grace')).toHaveLength(99);
  expect(answers.at(-1)).toBe('other stepped');
});

test('performance.md 6: a failed statement is run again item by item, once, and only the bad item fails', async () => {
  const sizes: number[] = [];
  const write = coalesce(async (items: number[]) => {
    sizes.push(items.length);
    if (items.includes(3)) throw new Error('bad item');
    return items;
  });
  const settled = await Promise.allSettled(times(5, write));
  expect(settled.map((one) => one.status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  expect(sizes).toEqual([5, 1, 1, 1, 1, 1]);
});

test('a statement whose connection broke is not run again: it may have been applied', async () => {
  let runs = 0;
  const write = coalesce(async (): Promise<number[]> => {
    runs++;
    throw toStoreError(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
  });
  const settled = await Promise.allSettled(times(5, () => write(0)));
  expect(runs).toBe(1);
  for (const one of settled) expect(one.status === 'rejected' && one.reason).toBeInstanceOf(StatusError);
});

test('a statement that waited too long for a lock is run again item by item', async () => {
  let runs = 0;
  const write = coalesce(async (items: number[]) => {
    if (runs++ === 0) throw toStoreError(Object.assign(new Error('lock'), { code: '55P03' }));
    return items;
  });
  expect(await Promise.all(times(3, write))).toEqual([0, 1, 2]);
});

test('an Error in place of an answer is thrown to its caller alone', async () => {
  const read = coalesce(async (items: number[]) => items.map((item) => (item === 1 ? new Error('one') : item)));
  const settled = await Promise.allSettled(times(3, read));
  expect(settled.map((one) => one.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

test('performance.md 6: a value that is refused does not join the statement', async () => {
  const seen: string[] = [];
  const write = coalesce(
    async (items: string[]) => {
      seen.push(...items);
      return items;
    },
    {
      check: (item) => {
        if (item.includes('\0')) throw new StatusError('INVALID_ARGUMENT', 'encoding_invalid');
      },
    },
  );
  const settled = await Promise.allSettled(['a', 'b\0', 'c'].map(write));
  expect(settled.map((one) => one.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(seen).toEqual(['a', 'c']);
});

test('performance.md 1: the statement runs in the root context, and each caller goes on in its own', async () => {
  const context = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  const write = coalesce(async (items: number[]) => {
    seen.push(context.getStore());
    return items;
  });
  const call = (name: string): Promise<string | undefined> => context.run(name, () => write(1).then(() => context.getStore()));
  expect(await Promise.all([call('first'), call('second')])).toEqual(['first', 'second']);
  expect(seen).toEqual([undefined]);
});

test('an answer of the wrong length fails every caller instead of answering one with what is another one’s', async () => {
  const read = coalesce(async (items: number[]) => items.slice(1));
  const settled = await Promise.allSettled(times(3, read));
  expect(settled.every((one) => one.status === 'rejected')).toBe(true);
});

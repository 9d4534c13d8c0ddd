import { expect, test } from 'vitest';
import { Gate } from './gate.ts';

test('house.md: a slow host holds its own callers, and turns nobody else away', async () => {
  const gate = new Gate({ perKey: 1, total: 10, waiting: 8, waitingPerKey: 2 });
  const { signal } = new AbortController();
  let release = (): void => {};
  const slow = new Promise<void>((resolve) => {
    release = resolve;
  });
  const ask = (key: string, work: () => Promise<void>) => gate.run(key, signal, work);
  const held = [1, 2, 3].map(() => ask('slow.test', () => slow));
  await expect(ask('slow.test', () => slow)).rejects.toMatchObject({ reason: 'overloaded' });
  let answered = false;
  await ask('other.test', async () => {
    answered = true;
  });
  expect(answered).toBe(true);
  release();
  await Promise.all(held);
});

import { expect, test } from 'vitest';
import { Wake } from './wake.ts';

test('a wake between reading and waiting is not lost', async () => {
  const wake = new Wake();
  const { turn } = wake;
  wake.wake();
  const started = performance.now();
  await wake.after(turn, 1000);
  expect(performance.now() - started).toBeLessThan(200);
});

test('a waiter goes on after its time, and at once when its caller goes away', async () => {
  const wake = new Wake();
  const started = performance.now();
  await wake.after(wake.turn, 20);
  const caller = new AbortController();
  const waiting = wake.after(wake.turn, 5000, caller.signal);
  caller.abort();
  await waiting;
  expect(performance.now() - started).toBeLessThan(1000);
});

import { expect, test } from 'vitest';
import type { Lane } from './batch.ts';
import type { Carrier } from './carrier.ts';
import { type CallOptions, clientOf } from './client.ts';
import { batchBounds, type QueuedCall } from './coalesce.ts';
import type { Method } from './definition.ts';

const method = (path: string, responseStream = false): Method => ({
  path: `/a.B/${path}`,
  requestStream: false,
  responseStream,
  requestSerialize: () => Buffer.alloc(1),
  requestDeserialize: (value) => value,
  responseSerialize: () => Buffer.alloc(1),
  responseDeserialize: (value) => value,
});
const definition = { Ask: method('Ask'), AskBatch: method('AskBatch'), AskStream: method('AskStream', true) };

/** Keeps its batches unanswered until they are told to end. */
class FakeCarrier implements Carrier {
  readonly encodes = true;
  readonly batches: { lane: Lane; size: number; answer(): void }[] = [];

  batch(
    _batch: Method,
    _item: Method,
    lane: Lane,
    calls: readonly QueuedCall[],
    settle: (call: QueuedCall, outcome: { value: unknown }) => void,
  ): Promise<void> {
    return new Promise((resolve) => {
      const answer = (): void => {
        for (const call of calls) settle(call, { value: 'answered' });
        resolve();
      };
      this.batches.push({ lane, size: calls.length, answer });
    });
  }

  unary = () => Promise.reject(new Error('unary'));
  raw = () => Promise.reject(new Error('raw'));
  close(): void {}
}

/** Two: what ends in the first makes room for what starts in the second. */
const turn = async () => {
  for (let at = 0; at < 2; at += 1) await new Promise((resolve) => setImmediate(resolve));
};

function setup(lane: Lane) {
  const carrier = new FakeCarrier();
  const client = clientOf(definition, carrier) as unknown as { Ask(request: unknown, options: CallOptions): Promise<unknown> };
  const answers: Promise<unknown>[] = [];
  const ask = async (count: number): Promise<void> => {
    for (let at = 0; at < count; at += 1) answers.push(client.Ask({}, { lane }));
    await turn();
  };
  const sizes = () => carrier.batches.map(({ size }) => size);
  return { carrier, answers, ask, sizes };
}

test('performance.md 1: in the CPU lane a second batch waits for company while one is in flight; nobody waits for nothing', async () => {
  const { carrier, answers, ask, sizes } = setup('cpu');
  await ask(1);
  expect(sizes()).toEqual([1]);
  await ask(batchBounds.cpuFill - 1);
  expect(sizes()).toEqual([1]);
  carrier.batches[0]?.answer();
  await turn();
  expect(sizes()).toEqual([1, batchBounds.cpuFill - 1]);
  await ask(batchBounds.cpuFill);
  expect(sizes()).toEqual([1, batchBounds.cpuFill - 1, batchBounds.cpuFill]);
  for (const { answer } of carrier.batches) answer();
  expect(await Promise.all(answers)).toHaveLength(2 * batchBounds.cpuFill);
});

test('performance.md 1: a slow batch of the CPU lane does not keep the next one waiting for long', async () => {
  const { carrier, answers, ask, sizes } = setup('cpu');
  await ask(1);
  await ask(1);
  expect(sizes()).toEqual([1]);
  await expect.poll(sizes, { interval: 2 }).toEqual([1, 1]);
  for (const { answer } of carrier.batches) answer();
  expect(await Promise.all(answers)).toHaveLength(2);
});

test('performance.md 1: in the store lane a second batch starts at once, and no third', async () => {
  const { carrier, answers, ask, sizes } = setup('store');
  for (let at = 0; at < 3; at += 1) await ask(1);
  expect(sizes()).toEqual([1, 1]);
  for (const { answer } of carrier.batches) answer();
  await turn();
  expect(carrier.batches.map(({ lane, size }) => `${lane} ${size}`)).toEqual(['store 1', 'store 1', 'store 1']);
  for (const { answer } of carrier.batches) answer();
  expect(await Promise.all(answers)).toHaveLength(3);
});

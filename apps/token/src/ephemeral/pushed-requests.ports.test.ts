import { openEphemeral } from '@authority/ephemeral';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TokenBench, tokenBench } from '../testing/bench.ts';
import { EphemeralPushedRequests } from './pushed-requests.ts';

let bench: TokenBench;
let requests: EphemeralPushedRequests;
let close: () => Promise<void>;

beforeAll(async () => {
  bench = await tokenBench();
  const { database } = await bench.replica();
  const ephemeral = await openEphemeral({ database, prefix: 'token', service: 'token' });
  close = () => ephemeral.close();
  requests = new EphemeralPushedRequests(ephemeral);
});
afterAll(async () => {
  await close?.();
  await bench?.close();
});

const request = (livesMs: number) => ({
  version: 1 as const,
  client_id: 'c',
  parameters: [{ name: 'state', value: 'x' }],
  scopes: ['openid'],
  delivery: { pushed: true, signed: false },
  expiresAt: Date.now() + livesMs,
});

test('RFC 9126 §7.3: of many that answer at once, one does', async () => {
  const reference = await requests.store(request(60_000), 3600);
  const { id = '' } = (await requests.find(reference)) ?? {};
  expect(await requests.keep(id, Date.now() + 3_600_000)).toBe(true);
  const taken = await Promise.all(Array.from({ length: 10 }, () => requests.take(id)));
  expect(taken.filter(Boolean)).toHaveLength(1);
  expect(await requests.find(reference)).toBeUndefined();
  expect(await requests.keep(id, Date.now() + 3_600_000)).toBe(false);
});

test('RFC 9126 §2.2: what nobody began is gone at its end, what was begun lives on', async () => {
  const [left, begun] = await Promise.all([requests.store(request(300), 3600), requests.store(request(300), 3600)]);
  const { id = '' } = (await requests.find(begun)) ?? {};
  await requests.keep(id, Date.now() + 60_000);
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(await requests.find(left)).toBeUndefined();
  expect(await requests.take(id)).toBe(true);
});

test('style.md 20: the id alone, as the store has it, opens nothing', async () => {
  const reference = await requests.store(request(60_000), 3600);
  const [id = ''] = reference.split('.');
  for (const forged of [id, `${id}.`, `${id}.${'A'.repeat(22)}`, '', 'x']) expect(await requests.find(forged)).toBeUndefined();
});

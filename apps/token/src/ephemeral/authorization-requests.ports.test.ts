import { openEphemeral } from '@authority/ephemeral';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TokenBench, tokenBench } from '../testing/bench.ts';
import { EphemeralAuthorizationRequests } from './authorization-requests.ts';
import { EphemeralReplayMarks } from './replay-marks.ts';

let bench: TokenBench;
let requests: EphemeralAuthorizationRequests;
let marks: EphemeralReplayMarks;
let close: () => Promise<void>;

beforeAll(async () => {
  bench = await tokenBench();
  const { database } = await bench.replica();
  const ephemeral = await openEphemeral({ database, prefix: 'token', service: 'token' });
  close = () => ephemeral.close();
  requests = new EphemeralAuthorizationRequests(ephemeral);
  marks = new EphemeralReplayMarks(ephemeral);
});
afterAll(async () => {
  await close?.();
  await bench?.close();
});

const request = (browser: string) => ({
  version: 1 as const,
  client_id: 'c',
  parameters: [{ name: 'state', value: 'x' }],
  browser,
  createdAt: Date.now(),
  expiresAt: Date.now() + 60_000,
});

test('house.md, walks: of many browsers that come at once with an unbound request, one gets it', async () => {
  const handle = await requests.store(request(''));
  const bound = await Promise.all(Array.from({ length: 10 }, (_, at) => requests.bind(handle, `browser-${at}`, 7)));
  expect(new Set(bound.map((one) => one?.browser)).size).toBe(1);
  expect(await requests.find(handle)).toMatchObject({ browser: bound[0]?.browser, createdAt: 7 });
});

test('house.md, walks: an interaction answers once', async () => {
  const handle = await requests.store(request('b'));
  expect(await requests.select(handle, 5)).toMatchObject({ selectedAt: 5, browser: 'b' });
  const taken = await Promise.all(Array.from({ length: 10 }, () => requests.take(handle)));
  expect(taken.filter((one) => one !== undefined)).toMatchObject([{ selectedAt: 5 }]);
  expect(await requests.find(handle)).toBeUndefined();
});

test('style.md 20: the id alone, as the store has it, opens nothing and takes nothing away', async () => {
  const handle = await requests.store(request('b'));
  const [id = ''] = handle.split('.');
  for (const forged of [id, `${id}.`, `${id}.${'A'.repeat(22)}`, '', 'x']) {
    expect(await requests.find(forged)).toBeUndefined();
    expect(await requests.take(forged)).toBeUndefined();
  }
  expect(await requests.find(handle)).toBeDefined();
});

test('RFC 7523 §3: a jti is marked once, whatever it holds', async () => {
  const expiresAt = Date.now() + 60_000;
  const marked = await Promise.all(Array.from({ length: 10 }, () => marks.markOnce('client_assertion', 'c\0jti', expiresAt)));
  expect(marked.filter(Boolean)).toHaveLength(1);
});

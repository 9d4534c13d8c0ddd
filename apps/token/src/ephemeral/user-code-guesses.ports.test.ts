import { type Ephemeral, openEphemeral } from '@authority/ephemeral';
import { fixedSettings } from '@authority/settings';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tokenSettingDefinitions } from '../settings.ts';
import { type TokenBench, tokenBench } from '../testing/bench.ts';
import { EphemeralUserCodeGuesses } from './user-code-guesses.ts';

let bench: TokenBench;
let ephemeral: Ephemeral;
let guesses: EphemeralUserCodeGuesses;

beforeAll(async () => {
  bench = await tokenBench();
  const { database } = await bench.replica();
  ephemeral = await openEphemeral({ database, prefix: 'token', service: 'token' });
  guesses = new EphemeralUserCodeGuesses(ephemeral, fixedSettings(tokenSettingDefinitions));
});
afterAll(async () => {
  await ephemeral?.close();
  await bench?.close();
});

async function guess(sub: string, peer_address: string, wasRight: boolean): Promise<string> {
  try {
    await (await guesses.admit({ sub, peer_address }, Date.now()))(wasRight);
    return 'admitted';
  } catch (error) {
    return error instanceof Error && 'reason' in error ? String(error.reason) : String(error);
  }
}

const times = <T>(count: number, act: (at: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, at) => act(at)));

test('RFC 8628 §5.1: a person has ten wrong guesses, also when they are made at the same time', async () => {
  const all = await times(30, () => guess('ada', '192.0.2.1', false));
  expect(all.filter((one) => one === 'admitted')).toHaveLength(10);
  expect(all.filter((one) => one === 'throttled_person')).toHaveLength(20);
  expect(await guess('ada', '198.51.100.1', true)).toBe('throttled_person');
  expect(await guess('bob', '192.0.2.1', true)).toBe('admitted');
});

test('RFC 8628 §5.1: right ones do not count', async () => {
  for (let at = 0; at < 25; at++) expect(await guess('carol', '192.0.2.2', true)).toBe('admitted');
});

test('RFC 8628 §5.1: an address has fifty, whoever guesses there; of IPv6 the whole network', async () => {
  const all = await times(60, (at) => guess(`person-${at}`, `2001:db8::${at}`, false));
  expect(all.filter((one) => one === 'admitted')).toHaveLength(50);
  expect(all.filter((one) => one === 'throttled_address')).toHaveLength(10);
  expect(await guess('dave', '2001:db8:1::1', true)).toBe('admitted');
});

test('RFC 8628 §5.1: the server has a limit too, and says when the window ends', async () => {
  const settings = { get: ((name: string) => (name === 'token.user_code_server_attempts' ? 70 : 600)) as never };
  guesses = new EphemeralUserCodeGuesses(ephemeral, settings);
  await times(20, (at) => guess(`crowd-${at}`, `203.0.113.${at}`, false));
  expect(await guess('erin', '203.0.113.200', true)).toBe('throttled_server');
  const refused = guesses.admit({ sub: 'erin', peer_address: '203.0.113.200' }, Date.now());
  await expect(refused).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED', reason: 'throttled_server' });
  await refused.catch(({ retryAfterMs }) => expect(retryAfterMs).toBeLessThanOrEqual(600_000));
});

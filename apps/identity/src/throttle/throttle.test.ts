import { fixedSettings } from '@authority/settings';
import { beforeEach, describe, expect, test } from 'vitest';
import { FakeCounters } from '../fakes.ts';
import { identitySettings } from '../settings.ts';
import { type Admission, type Attempt, Throttle } from './throttle.ts';

let counters: FakeCounters;
let throttle: Throttle;

beforeEach(() => {
  counters = new FakeCounters();
  throttle = new Throttle(counters, fixedSettings(identitySettings));
});

const attempt = (more: Partial<Attempt> = {}): Promise<Admission> =>
  throttle.admit({ identifier: 'a@b.c', address: '192.0.2.1', browser: 'B', knownBrowser: false, now: counters.now, ...more });
const admitted = async (count: number, more: (at: number) => Partial<Attempt>): Promise<number> => {
  const all = await Promise.all(Array.from({ length: count }, (_, at) => attempt(more(at))));
  return all.filter((one) => one.admitted).length;
};

describe('guessing is slowed down', () => {
  test('300 parallel guesses at one account from one address: never more than the limit', async () => {
    expect(await admitted(300, () => ({}))).toBe(10);
    expect(await attempt()).toMatchObject({ admitted: false, reason: 'throttled_account', retryAt: 600_000 });
  });

  test('one address that tries many accounts is slowed as well', async () => {
    expect(await admitted(300, (at) => ({ identifier: `${at}@b.c` }))).toBe(100);
    expect(await attempt({ identifier: 'x@b.c' })).toMatchObject({ admitted: false, reason: 'throttled_address' });
  });

  test('many addresses at one account: a few attempts each', async () => {
    await admitted(100, (at) => ({ address: `192.0.2.${at}` }));
    expect(await admitted(10, () => ({ address: '198.51.100.1' }))).toBe(3);
  });

  test('RFC 6177: the addresses of one IPv6 site are one', async () => {
    expect(await admitted(20, (at) => ({ address: `2001:db8:1:2::${at + 1}` }))).toBe(10);
  });
});

describe('nobody is locked out for good', () => {
  test('a browser that has signed in before is not slowed by the guesses of others, only by its own', async () => {
    await admitted(300, (at) => ({ address: `192.0.2.${at % 250}` }));
    expect(await admitted(20, () => ({ knownBrowser: true, address: '192.0.2.1' }))).toBe(10);
  });

  test('from an address of one’s own there are always attempts left', async () => {
    await admitted(1000, (at) => ({ address: `10.0.${at % 250}.1` }));
    expect(await attempt({ address: '203.0.113.9' })).toMatchObject({ admitted: true });
  });

  test('the next window begins anew', async () => {
    await admitted(20, () => ({}));
    counters.now = 600_000;
    expect(await attempt()).toMatchObject({ admitted: true });
  });

  test('a success gives its attempt back: signing in often is no guessing', async () => {
    for (let at = 0; at < 200; at += 1) {
      const one = await attempt();
      expect(one.admitted).toBe(true);
      if (one.admitted) await one.succeeded();
    }
  });
});

test('registrations from one address are counted whether they succeed or not', async () => {
  const all = await Promise.all(Array.from({ length: 150 }, () => throttle.admitRegistration('192.0.2.1', 0)));
  expect(all.filter((one) => one.admitted)).toHaveLength(100);
});

test('throttle.enabled=false counts nothing', async () => {
  throttle = new Throttle(counters, fixedSettings(identitySettings, { 'throttle.enabled': false }));
  expect(await admitted(300, () => ({}))).toBe(300);
});

test('a store that is away lets nobody in', async () => {
  const away = Object.assign(new FakeCounters(), { increment: () => Promise.reject(new Error('away')) });
  throttle = new Throttle(away, fixedSettings(identitySettings));
  await expect(attempt()).rejects.toThrow('away');
});

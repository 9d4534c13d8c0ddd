import { afterEach, expect, test, vi } from 'vitest';
import { longestTtlMs } from './ephemeral.ts';
import { isAlive, mintId, restingTables, ringSize, slotEnd, slotOf, slotOfId, tableOf } from './slots.ts';

const hour = 3_600_000;
const start = Date.UTC(2026, 10, 23, 18, 59, 59, 999);

afterEach(() => {
  vi.useRealTimers();
});

test('ARCH: an id has 144 random bits in base64url, and names its hour of expiry', () => {
  vi.useFakeTimers({ now: start });
  const id = mintId(60_000);
  expect(id).toMatch(/^h[0-9a-z]{4}[A-Za-z0-9_-]{24}$/);
  expect(slotOfId(id)).toEqual(slotOf('h', start + 60_000));
  expect(new Set(Array.from({ length: 1000 }, () => mintId(1))).size).toBe(1000);
});

test('ARCH: up to a day goes by hour, up to 31 days by day, and nothing longer', () => {
  expect(mintId(24 * hour)).toMatch(/^h/);
  expect(mintId(24 * hour + 1)).toMatch(/^d/);
  expect(mintId(longestTtlMs)).toMatch(/^d/);
  for (const ttl of [0, -1, longestTtlMs + 1, Number.NaN]) expect(() => mintId(ttl)).toThrow(RangeError);
});

test('what mint() has not made names no slot', () => {
  const id = mintId(60_000);
  for (const text of ['', 'x', `${id}x`, id.slice(1), `z${id.slice(1)}`, `hzzzz${id.slice(5)}`, `h0000${id.slice(5)}`]) {
    expect(slotOfId(text), text).toBeUndefined();
  }
});

test('a slot outlives everything that was named for it by more than an hour', () => {
  vi.useFakeTimers({ now: start });
  const slot = slotOfId(mintId(1000));
  expect(slot && slotEnd(slot)).toBeGreaterThan(start + 1000 + hour);
});

test.each(['h', 'd'] as const)(
  'house.md: no table of the ring %s is emptied while something in it may be alive, and some always rest',
  (unit) => {
    const step = unit === 'h' ? hour : 24 * hour;
    for (let at = start; at < start + 100 * step; at += step / 4) {
      const resting = new Set(restingTables(unit, at));
      expect(resting.size).toBeGreaterThan(0);
      const longest = unit === 'h' ? 24 * hour : longestTtlMs;
      const expiries = Array.from({ length: (2 * longest) / step + 1 }, (_, half) => at + (half * step) / 2);
      expect(expiries.filter((expiry) => resting.has(tableOf(slotOf(unit, expiry))))).toEqual([]);
      // One that expires now was stored under the slot before, at the longest.
      expect(resting.has(tableOf(slotOf(unit, at - step)))).toBe(false);
    }
    expect(restingTables(unit, start).length).toBeLessThan(ringSize[unit]);
  },
);

test('two slots that are alive at the same time never share a table', () => {
  for (const unit of ['h', 'd'] as const) {
    const now = slotOf(unit, start).number;
    const alive = Array.from({ length: 100 }, (_, at) => ({ unit, number: now - 50 + at })).filter((slot) => isAlive(slot, start));
    expect(new Set(alive.map(tableOf)).size).toBe(alive.length);
  }
});

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Ephemeral, longestTtlMs } from './ephemeral.ts';

/** A store under test, with the ways in which it can fail. Replicas are instances with connections of their own. */
export interface StoreUnderTest {
  replica(): Promise<Ephemeral>;
  /** Everything that it holds is gone, and connections stay (FLUSHALL, TRUNCATE). */
  empty(): Promise<void>;
  /** Its process is killed and started again, with nothing. */
  crash(): Promise<void>;
  /** Keeps what it holds now; the answer puts that back in place of everything. */
  snapshot(): Promise<() => Promise<void>>;
  /** Sets its heartbeat back, as a failover to a replica that lagged does. */
  setBack(): Promise<void>;
  cut(): Promise<void>;
  hang(): void;
  restore(): Promise<void>;
  stop(): Promise<void>;
}

const minute = 60_000;
const times = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));

async function until(condition: () => boolean | Promise<boolean>, withinMs: number): Promise<number> {
  const start = Date.now();
  while (!(await condition())) {
    if (Date.now() - start > withinMs) throw new Error(`not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return Date.now() - start;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What every driver must do. The titles cite house.md ("What survives what") and the port. */
export function conformance(name: string, makeStore: () => Promise<StoreUnderTest>): void {
  describe(name, () => {
    let store: StoreUnderTest;
    let one: Ephemeral;
    let two: Ephemeral;

    beforeAll(async () => {
      store = await makeStore();
      [one, two] = await Promise.all([store.replica(), store.replica()]);
    });
    afterEach(async () => {
      await store.restore();
      await until(() => one.isReady() && two.isReady(), 5000);
    });
    afterAll(async () => {
      await Promise.all([one.close(), two.close()]);
      await store.stop();
    });

    const either = (at: number): Ephemeral => (at % 2 === 0 ? one : two);
    /** A store that is back may need a moment. */
    const answers = (replica: Ephemeral): Promise<boolean> =>
      replica.get('par', replica.mint(minute)).then(
        () => true,
        () => false,
      );

    test('the first epoch has no beginning, and two replicas that start at once share it', async () => {
      expect(one.epochStartedAt()).toBe(0);
      expect(two.epochStartedAt()).toBe(0);
      const id = one.mint(minute);
      await one.put('par', id, 'value', minute);
      expect(await two.get('par', id)).toBe('value');
    });

    describe('values', () => {
      test('put, get, overwrite, remove; spaces are apart', async () => {
        const id = one.mint(minute);
        expect(await one.get('par', id)).toBeUndefined();
        await one.put('par', id, 'a', minute);
        expect(await two.get('session', id)).toBeUndefined();
        await two.put('par', id, 'b', minute);
        expect(await one.get('par', id)).toBe('b');
        await one.remove('par', id);
        expect(await two.get('par', id)).toBeUndefined();
      });

      test('values may be empty, long and of any script; NUL and halves of surrogate pairs are refused', async () => {
        for (const value of ['', '0', '\u{1f600} ä\n\t\r"\'\\:{}', '\u0001\u001f', 'x'.repeat(50_000)]) {
          const id = one.mint(minute);
          await one.put('par', id, value, minute);
          expect(await two.get('par', id)).toBe(value);
          expect(await two.compareAndSet('par', id, value, `${value}!`, minute)).toBe(true);
          expect(await one.take('par', id)).toBe(`${value}!`);
        }
        for (const bad of ['a\0b', '\ud800']) {
          const id = one.mint(minute);
          await expect(one.put('par', id, bad, minute)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', reason: 'encoding_invalid' });
          await expect(one.markOnce('jti', bad, Date.now() + minute)).rejects.toMatchObject({ reason: 'encoding_invalid' });
          await expect(one.indexAdd('sub', bad, 'm', minute)).rejects.toMatchObject({ reason: 'encoding_invalid' });
        }
      });

      test('ids that mint() has not made are missing when asked for, and a fault when stored under', async () => {
        const made = one.mint(minute);
        for (const id of ['', 'x', `${made}x`, `h0000${made.slice(5)}`, `hzzzz${made.slice(5)}`, '*', 'a\0']) {
          expect(await one.get('par', id)).toBeUndefined();
          expect(await one.take('par', id)).toBeUndefined();
          expect(await one.compareAndSet('par', id, 'a', 'b', minute)).toBe(false);
          await one.remove('par', id);
        }
        await expect(one.put('par', 'x', 'v', minute)).rejects.toThrow(TypeError);
        await expect(one.get('Not a space', made)).rejects.toThrow(TypeError);
      });

      test('what has expired is missing for every operation', async () => {
        const [plain, taken, compared] = [one.mint(minute), one.mint(minute), one.mint(minute)] as const;
        for (const id of [plain, taken, compared]) await one.put('par', id, 'v', 300);
        expect(await two.get('par', plain)).toBe('v');
        await pause(400);
        expect(await two.get('par', plain)).toBeUndefined();
        expect(await two.take('par', taken)).toBeUndefined();
        expect(await two.compareAndSet('par', compared, 'v', 'w', minute)).toBe(false);
      });

      test('a time to live slides with put and compareAndSet, and is 31 days at most', async () => {
        const id = one.mint(longestTtlMs);
        await one.put('session', id, 'v', 400);
        expect(await two.compareAndSet('session', id, 'v', 'w', longestTtlMs)).toBe(true);
        await pause(500);
        expect(await one.get('session', id)).toBe('w');
        await one.put('session', id, 'x', 200);
        await pause(300);
        expect(await one.get('session', id)).toBeUndefined();
        await expect(one.put('session', id, 'v', longestTtlMs + 1)).rejects.toThrow(RangeError);
      });

      test('many at once, in hours and days, are each their own', async () => {
        const ids = times(200, (at) => one.mint(at % 2 === 0 ? (at + 1) * minute : longestTtlMs));
        await Promise.all(ids.map((id, at) => either(at).put('par', id, `value ${at}`, minute)));
        expect(await Promise.all(ids.map((id, at) => either(at + 1).get('par', id)))).toEqual(times(200, (at) => `value ${at}`));
      });
    });

    describe('one winner of 50 callers on two replicas', () => {
      test('take', async () => {
        const id = one.mint(minute);
        await one.put('completion', id, 'v', minute);
        const taken = await Promise.all(times(50, (at) => either(at).take('completion', id)));
        expect(taken.filter((value) => value === 'v')).toHaveLength(1);
        expect(taken.filter((value) => value === undefined)).toHaveLength(49);
      });

      test('compareAndSet', async () => {
        const id = one.mint(minute);
        await one.put('device', id, 'pending', minute);
        const done = await Promise.all(times(50, (at) => either(at).compareAndSet('device', id, 'pending', `by ${at}`, minute)));
        expect(done.filter(Boolean)).toHaveLength(1);
        expect(await one.get('device', id)).toBe(`by ${done.indexOf(true)}`);
      });

      test('markOnce', async () => {
        const expiresAt = Date.now() + minute;
        const marked = await Promise.all(times(50, (at) => either(at).markOnce('dpop', 'jti', expiresAt)));
        expect(marked.filter(Boolean)).toHaveLength(1);
        expect(await two.markOnce('dpop', 'jti', expiresAt)).toBe(false);
        expect(await two.markOnce('assertion', 'jti', expiresAt)).toBe(true);
      });

      test('increment counts every call, each with a number of its own', async () => {
        const counts = await Promise.all(times(50, (at) => either(at).increment('rate', 'client', 3_600_000 * 24)));
        expect(counts.toSorted((a, b) => a - b)).toEqual(times(50, (at) => at + 1));
      });
    });

    describe('marks, counters, indexes', () => {
      test('a mark of what has expired is false, and one for more than a day is a fault', async () => {
        expect(await one.markOnce('dpop', 'late', Date.now() - 1)).toBe(false);
        await expect(one.markOnce('dpop', 'long', Date.now() + 25 * 60 * minute)).rejects.toThrow(RangeError);
      });

      test('keys of any length and text are apart', async () => {
        const expiresAt = Date.now() + minute;
        const keys = [
          '',
          ' ',
          ':',
          'a:b',
          'a:b ',
          'ä',
          'A',
          'a',
          '*',
          `${'x'.repeat(5000)}1`,
          `${'x'.repeat(5000)}2`,
          '\u{1f600}',
          '__proto__',
        ];
        expect(await Promise.all(keys.map((key) => one.markOnce('odd', key, expiresAt)))).toEqual(keys.map(() => true));
        expect(await Promise.all(keys.map((key) => two.markOnce('odd', key, expiresAt)))).toEqual(keys.map(() => false));
      });

      test('a window begins anew, aligned to the clock; windows of other lengths are apart', async () => {
        await pause(1000 - (Date.now() % 1000) + 20);
        expect([
          await one.increment('rate', 'w', 1000),
          await two.increment('rate', 'w', 1000),
          await one.increment('rate', 'w', minute),
        ]).toEqual([1, 2, 1]);
        await pause(1000 - (Date.now() % 1000) + 20);
        expect(await two.increment('rate', 'w', 1000)).toBe(1);
      });

      test('an index has each member once, until it expires or is removed', async () => {
        const members = async (): Promise<string[]> => (await two.indexMembers('subject', 'alice')).toSorted();
        await one.indexAdd('subject', 'alice', 'short', 300);
        await one.indexAdd('subject', 'alice', 'prolonged', 300);
        await two.indexAdd('subject', 'alice', 'prolonged', longestTtlMs);
        await one.indexAdd('subject', 'alice', 'prolonged', 300);
        await one.indexAdd('subject', 'alice', 'removed', 20 * 24 * 60 * minute);
        await one.indexAdd('subject', 'bob', 'other', minute);
        expect(await members()).toEqual(['prolonged', 'removed', 'short']);
        await one.indexRemove('subject', 'alice', 'removed');
        await pause(400);
        expect(await members()).toEqual(['prolonged']);
        expect(await one.indexMembers('subject', 'nobody')).toEqual([]);
      });
    });

    /** After a loss: everything of before is forgotten on both replicas, in one new epoch. */
    async function expectNewEpoch(before: { id: string; epoch: number }, lost: number): Promise<void> {
      await until(async () => (await answers(one)) && (await answers(two)) && one.epochStartedAt() > before.epoch, 8000);
      await until(() => two.epochStartedAt() === one.epochStartedAt(), 2500);
      expect(one.epochStartedAt()).toBeGreaterThanOrEqual(lost - 50);
      expect(await Promise.all([one.get('session', before.id), two.get('session', before.id)])).toEqual([undefined, undefined]);
      expect(await one.indexMembers('subject', 'carol')).toEqual([]);
      // A proof of before the loss, whose mark is gone, is not let in; one of after it is, once.
      expect(await two.markOnce('dpop', before.id, Date.now() + minute, lost - 100)).toBe(false);
      const fresh = one.epochStartedAt() + 1;
      const marked = await Promise.all(times(20, (at) => either(at).markOnce('dpop', `new ${before.id}`, Date.now() + minute, fresh)));
      expect(marked.filter(Boolean).length).toBeLessThanOrEqual(1);
      const id = one.mint(minute);
      await one.put('session', id, 'new', minute);
      expect(await two.get('session', id)).toBe('new');
    }

    async function fill(): Promise<{ id: string; epoch: number }> {
      const id = one.mint(minute);
      await one.put('session', id, 'old', minute);
      await one.indexAdd('subject', 'carol', id, minute);
      expect(await one.markOnce('dpop', id, Date.now() + minute, Date.now())).toBe(true);
      return { id, epoch: one.epochStartedAt() };
    }

    describe('house.md: what survives what', () => {
      test('an emptied store gets a new epoch before it answers anybody, on both replicas the same', async () => {
        const before = await fill();
        // Taken before: emptying takes its time, and the heartbeat may begin the epoch within it.
        const lost = Date.now();
        await store.empty();
        // Nobody who asks in the first moment is told that the proof is new: its mark was lost.
        const first = await Promise.all(times(20, (at) => either(at).markOnce('dpop', before.id, Date.now() + minute, lost - 100)));
        expect(first).toEqual(times(20, () => false));
        await expectNewEpoch(before, lost);
      });

      test('without issuedAt, the mark that finds the store emptied is no answer', async () => {
        const before = await fill();
        await store.empty();
        const told = await one.markOnce('dpop', before.id, Date.now() + minute).catch((error: unknown) => error);
        // Where the heartbeat came first it is an answer of the new epoch, which the caller sees when it asks after it.
        if (told !== true) expect(told).toMatchObject({ reason: 'store_unavailable' });
        expect(one.epochStartedAt()).toBeGreaterThan(before.epoch);
      });

      test('a store that was killed and comes back empty gets a new epoch', async () => {
        const before = await fill();
        const lost = Date.now();
        await store.crash();
        await expectNewEpoch(before, lost);
      });

      test('what an earlier epoch held stays forgotten when it comes back', async () => {
        const before = await fill();
        const putBack = await store.snapshot();
        await store.empty();
        await until(async () => (await answers(one)) && one.epochStartedAt() > before.epoch, 5000);
        const between = one.epochStartedAt();
        const lost = Date.now();
        await putBack();
        await expectNewEpoch({ id: before.id, epoch: between }, lost);
      });

      test('a store that comes back older, in the same epoch, gets a new one', async () => {
        const before = await fill();
        const putBack = await store.snapshot();
        await pause(2500);
        const after = one.mint(minute);
        await one.put('session', after, 'v', minute);
        const lost = Date.now();
        await putBack();
        await expectNewEpoch(before, lost);
        expect(await one.get('session', after)).toBeUndefined();
      });

      test('a heartbeat that went back without a reconnect is noticed within its second', async () => {
        const before = await fill();
        await pause(1200);
        const lost = Date.now();
        await store.setBack();
        await until(() => one.epochStartedAt() > before.epoch, 2500);
        await expectNewEpoch(before, lost);
      });

      test('a connection that broke and a replica that starts later change nothing', async () => {
        const before = await fill();
        await store.cut();
        await pause(300);
        await store.restore();
        await until(async () => (await answers(one)) && (await answers(two)), 3000);
        expect(one.epochStartedAt()).toBe(before.epoch);
        expect(await two.get('session', before.id)).toBe('old');
        const three = await store.replica();
        expect(three.epochStartedAt()).toBe(before.epoch);
        expect(await three.take('session', before.id)).toBe('old');
        await three.close();
      });
    });

    describe('a store that is away', () => {
      async function expectAway(): Promise<void> {
        const id = one.mint(minute);
        const calls = [
          () => one.get('par', id),
          () => one.put('par', id, 'v', minute),
          () => one.take('par', id),
          () => one.compareAndSet('par', id, 'a', 'b', minute),
          () => one.markOnce('dpop', 'away', Date.now() + minute),
          () => one.increment('rate', 'away', minute),
          () => one.indexMembers('subject', 'carol'),
        ];
        const start = Date.now();
        const settled = await Promise.allSettled(calls.map((call) => call()));
        // The edge has two seconds for its 503.
        expect(Date.now() - start).toBeLessThan(1800);
        for (const each of settled) {
          expect(each).toMatchObject({
            status: 'rejected',
            reason: { code: 'UNAVAILABLE', reason: 'store_unavailable', retryAfterMs: 1000 },
          });
        }
      }

      test('calls throw UNAVAILABLE within a second, and work within one of its return', async () => {
        await store.cut();
        await expectAway();
        await until(() => !one.isReady(), 1500);
        await store.restore();
        expect(await until(() => answers(one), 3000)).toBeLessThan(1000);
      });

      test('the same for a store that does not answer', async () => {
        store.hang();
        await expectAway();
        await store.restore();
        expect(await until(() => answers(one), 3000)).toBeLessThan(1000);
      });

      test('one that is away at the start is used when it comes', async () => {
        await store.cut();
        const late = await store.replica();
        expect(late.isReady()).toBe(false);
        expect(() => late.epochStartedAt()).toThrow(/epoch/);
        await store.restore();
        expect(await until(() => answers(late), 3000)).toBeLessThan(1500);
        await late.close();
      });
    });
  });
}

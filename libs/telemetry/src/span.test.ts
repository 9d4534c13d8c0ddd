import { afterEach, describe, expect, it } from 'vitest';
import { inject, inRootContext, openSpan, parseTraceparent, span, withRemoteParent } from './index.ts';
import { recordSpansWith, type RecordedSpan } from './span.ts';

const parent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

afterEach(() => recordSpansWith(undefined));

describe('W3C Trace Context §3.2: traceparent', () => {
  it.each([
    '',
    'x',
    '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7',
    '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
    '00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01',
    '00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01',
    `${parent}-extra`,
    `ff${parent.slice(2)}`,
    `${parent}\n`,
  ])('§4.3: %j is as none', (text) => {
    expect(parseTraceparent(text)).toBeUndefined();
    expect(withRemoteParent(text, inject)).toBeUndefined();
  });

  it('§4.3: a later version is read as this one', () => {
    expect(parseTraceparent(`01${parent.slice(2)}-extra`)?.spanId).toBe('00f067aa0ba902b7');
  });

  it("with tracing off the caller's trace is passed on as it is, across awaits", async () => {
    const seen = await withRemoteParent(parent, async () => {
      await Promise.resolve();
      return span('work', undefined, async () => inject());
    });
    expect(seen).toBe(parent);
    expect(inject()).toBeUndefined();
    expect(withRemoteParent(parent, () => inRootContext(inject))).toBeUndefined();
  });
});

describe('performance.md 8: spans by hand', () => {
  it('cost under 1 µs when off', () => {
    const work = (): number => 1;
    const times = Array.from({ length: 5 }, () => {
      const began = process.hrtime.bigint();
      for (let i = 0; i < 20_000; i++) span('x', undefined, work);
      return Number(process.hrtime.bigint() - began) / 20_000;
    });
    expect(Math.min(...times)).toBeLessThan(1_000);
  });

  it('a fault, a refusal, a synchronous and an asynchronous end are all recorded once', async () => {
    const ended: [string, unknown][] = [];
    recordSpansWith({ begin: (name) => recorded((error) => ended.push([name, error])) });
    const fault = new Error('x');
    expect(span('sync', undefined, () => 1)).toBe(1);
    expect(await span('async', undefined, async () => 2)).toBe(2);
    expect(() =>
      span('sync fault', undefined, () => {
        throw fault;
      }),
    ).toThrow(fault);
    await expect(
      span('async fault', undefined, async () => {
        throw fault;
      }),
    ).rejects.toBe(fault);
    const open = openSpan('open');
    expect(open.run(inject)).toBe(open.traceparent);
    open.end();
    expect(ended).toEqual([
      ['sync', undefined],
      ['async', undefined],
      ['sync fault', fault],
      ['async fault', fault],
      ['open', undefined],
    ]);
  });
});

function recorded(end: (error: unknown) => void): RecordedSpan {
  const context = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), flags: 1 };
  return { context, set() {}, link() {}, fail() {}, end };
}

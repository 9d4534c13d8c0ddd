import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyMask, assertEtag, etagOf, maskedPaths } from './index.ts';

const allowed = ['client_name', 'scope', 'disabled'] as const;
const client = fc.record({ client_id: fc.string(), client_name: fc.string(), scope: fc.string(), disabled: fc.boolean() });

describe('AIP-134 update masks', () => {
  test('AIP-134: exactly what the mask names changes', () => {
    fc.assert(
      fc.property(client, client, fc.subarray([...allowed], { minLength: 1 }), (current, patch, mask) => {
        const before = structuredClone(current);
        const next = applyMask(current, patch, mask, allowed);
        const named = new Set<string>(mask);
        for (const key of ['client_id', ...allowed] as const) expect(next[key]).toBe(named.has(key) ? patch[key] : current[key]);
        expect(current).toEqual(before);
      }),
    );
  });

  test('AIP-134: * is all that may change, and nothing else', () => {
    const current = { client_id: 'a', client_name: 'a', scope: 'a', disabled: false };
    const patch = { client_id: 'b', client_name: 'b', scope: 'b', disabled: true };
    expect(applyMask(current, patch, ['*'], allowed)).toEqual({ ...patch, client_id: 'a' });
  });

  test.each([[undefined], [[]], [['client_id']], [['__proto__']], [['scope', 'nonsense']], [['*', 'scope']]])(
    'AIP-134: the mask %j is INVALID_ARGUMENT at update_mask',
    (mask) => {
      expect(() => maskedPaths(mask, allowed)).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT', violations: [expect.objectContaining({ field: 'update_mask' })] }),
      );
    },
  );
});

describe('AIP-154 etags', () => {
  test('AIP-154: an etag changes with every field and not with the order of keys or the etag itself', () => {
    fc.assert(
      fc.property(client, client, (a, b) => {
        const turned = Object.fromEntries(Object.entries(a).reverse());
        expect(etagOf({ ...turned, etag: 'old' })).toBe(etagOf(a));
        expect(etagOf(a) === etagOf(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
    expect(etagOf({ at: new Date(1) })).not.toBe(etagOf({ at: new Date(2) }));
    expect(etagOf({ key: Buffer.from('a') })).not.toBe(etagOf({ key: Buffer.from('b') }));
  });

  test('AIP-154: a changed resource is ABORTED; no etag, no question', () => {
    expect(() => assertEtag('', 'b')).not.toThrow();
    expect(() => assertEtag('b', 'b')).not.toThrow();
    expect(() => assertEtag('a', 'b')).toThrow(expect.objectContaining({ code: 'ABORTED', reason: 'etag_mismatch' }));
  });
});

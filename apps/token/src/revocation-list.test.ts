import { expect, test } from 'vitest';
import { revocationListDocument } from './revocation-list.ts';

const now = 1_767_225_600_000;

/** A set whose lists take so many milliseconds to make. */
function setOf(cost: number) {
  let elapsed = 0;
  let made = 0;
  const revocations = {
    revision: 0,
    assertFresh: () => undefined,
    *live() {
      made += 1;
      elapsed += cost;
      yield { kind: 'token' as const, hash: `h${revocations.revision}`, notBefore: 0 };
    },
  };
  const signingKeys = { sign: () => `signed ${revocations.revision}`, verify: () => undefined };
  const document = revocationListDocument('https://id.example.test', revocations, signingKeys, () => elapsed);
  const revokeAndAsk = (at: number, recent: boolean) => {
    revocations.revision += 1;
    return document({ etag: '', recent }, at).body;
  };
  return { revokeAndAsk, made: () => made };
}

test('house.md, "One revocation set": a list that is made at once is made anew with every change', () => {
  const { revokeAndAsk } = setOf(2);
  for (const [at, recent] of [false, false, true, true].entries()) expect(revokeAndAsk(now, recent)).toBe(`signed ${at + 1}`);
});

test('house.md, "One revocation set": a long list is not made over and over: a tenth of the time at most', () => {
  const { revokeAndAsk, made } = setOf(600);
  for (let at = 0; at < 60_000; at += 500) revokeAndAsk(now + at, false);
  expect(made()).toBeLessThanOrEqual(10);
});

test('house.md, "One revocation set": what is recent is told within a second, however long the set is', () => {
  const { revokeAndAsk } = setOf(600);
  revokeAndAsk(now, true);
  expect(revokeAndAsk(now + 500, true)).toBe('signed 2');
});

test('house.md, "One revocation set": a whole list is ten seconds old at most, which the recent one covers', () => {
  const { revokeAndAsk } = setOf(60_000);
  revokeAndAsk(now, false);
  expect(revokeAndAsk(now + 10_000, false)).toBe('signed 2');
});

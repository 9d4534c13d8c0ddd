import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary as common } from '@zxcvbn-ts/language-common';
import { dictionary as english } from '@zxcvbn-ts/language-en';
import type { Assessment } from './passwords.ts';

/** A longer password is judged by its beginning: the estimate's cost grows faster than its worth. */
const judgedLength = 100;

// Not the surnames and not the words of an encyclopedia: half of the memory for little more than the rest finds.
const { 'lastnames-en': _surnames, 'wikipedia-en': _encyclopedia, ...words } = english;

const estimator = new ZxcvbnFactory({
  dictionary: { ...common, ...words },
  graphs: adjacencyGraphs,
  maxLength: judgedLength,
});

/**
 * The breached passwords that ship with the code: the 48,000 most common ones of public leaks, as @zxcvbn-ts/language-common
 * (MIT) carries them. Compared without case: `PASSWORD1` is no better than `password1`.
 */
const breached = new Set(common['passwords-common'].map((password) => String(password).toLowerCase()));

/** Slow (milliseconds) and large (tens of MiB): loaded by the password worker when first needed. */
export function assess(password: string, inputs: readonly string[]): Assessment {
  return {
    breached: breached.has(password.normalize('NFKC').toLowerCase()),
    score: estimator.check(password.slice(0, judgedLength), [...inputs]).score,
  };
}

import { contractVariables } from './contract-settings.ts';
import { type Spec, variableOf } from './setting.ts';

/**
 * AUTHORITY_* variables that nobody reads, as lines for a warning with the nearest name that exists. A warning and no
 * fault: an environment may be shared with a newer release.
 */
export function unknownSettings(env: NodeJS.ProcessEnv, ...specs: Spec[]): string[] {
  const known = new Set(contractVariables);
  for (const [key, setting] of specs.flatMap((spec) => Object.entries(spec))) {
    known.add(variableOf(key, setting));
    if (setting.kind.secret) known.add(`${variableOf(key, setting)}_FILE`);
  }
  return Object.keys(env)
    .filter((name) => name.startsWith('AUTHORITY_') && !known.has(name))
    .sort()
    .map((name) => {
      const near = nearest(name, known);
      return `${name}: is not a setting${near === undefined ? '' : `; did you mean ${near}?`}`;
    });
}

function nearest(name: string, known: ReadonlySet<string>): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, Math.floor((name.length - 'AUTHORITY_'.length) / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(name, candidate);
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** Levenshtein's, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

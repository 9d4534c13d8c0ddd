import type { Definition } from './define.ts';

interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** A whole number within bounds. */
export function numberSetting(value: number, description: string, { min, max }: Bounds): Definition<number> {
  return {
    default: value,
    description,
    parse: (given) => {
      if (typeof given !== 'number' || !Number.isSafeInteger(given) || given < min || given > max) {
        throw new Error(`must be a whole number from ${min} to ${max}`);
      }
      return given;
    },
  };
}

/** A duration in whole seconds, as settings have it everywhere. */
export const durationSetting = (seconds: number, description: string, bounds: Bounds): Definition<number> =>
  numberSetting(seconds, `${description} In seconds.`, bounds);

/** On or off. `weakens`: the value that weakens a public server. */
export const flagSetting = (value: boolean, description: string, weakens?: boolean): Definition<boolean> => ({
  default: value,
  description,
  ...(weakens === undefined ? {} : { weakens: (given: boolean) => given === weakens }),
});

/** One of a few words. */
export const wordSetting = <const W extends string>(value: NoInfer<W>, description: string, words: readonly W[]): Definition<W> => ({
  default: value,
  description,
  parse: (given) => {
    const found = words.find((word) => word === given);
    if (found === undefined) throw new Error(`must be one of ${words.join(', ')}`);
    return found;
  },
});

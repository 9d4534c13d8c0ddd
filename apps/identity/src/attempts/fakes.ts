import type { Attempts, Counted } from './attempts.ts';

/** Attempts in memory; whoever has used up the limit waits for an hour. */
export class FakeAttempts implements Attempts {
  readonly counted = new Map<string, number>();

  count = async (sub: string, what: string, _browser: string, limit: number): Promise<Counted> => {
    const number = (this.counted.get(`${sub} ${what}`) ?? 0) + 1;
    if (number > limit) return { admitted: false, retryAt: 3_600_000 };
    this.counted.set(`${sub} ${what}`, number);
    return { admitted: true, bucket: '' };
  };
}

/** Values "sealed" as readable text, and MACs that are; bound to their place like real ones. */
export const fakeSealed = {
  seal: async (value: Uint8Array, place: { purpose: string; row: string }): Promise<string> =>
    JSON.stringify([place.purpose, place.row, Buffer.from(value).toString('base64')]),
  open: async (sealed: string, place: { purpose: string; row: string }): Promise<Buffer | undefined> => {
    const [purpose, row, value] = JSON.parse(sealed) as string[];
    return purpose === place.purpose && row === place.row ? Buffer.from(value ?? '', 'base64') : undefined;
  },
};

export const fakeMacs = {
  make: async (value: string, { row }: { row: string }) => ({ key_id: 'k_1', mac: `${row} ${value}` }),
  again: async (key_id: string, value: string, { row }: { row: string }) =>
    key_id === 'k_1' ? { key_id, mac: `${row} ${value}` } : undefined,
};

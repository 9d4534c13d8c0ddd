import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { decoys } from './decoys.ts';

const ours = '$argon2id$v=19$m=19456,t=2,p=1$iga1q37osj+Cd5/YmlfyTQ$aANrp1W8AQeDT+qkA2VN4K6N8/ohOKOLmE45+3x+ALc';
const [bcrypt, ssha] = ['$2b$10$cBlqca8skQE.1gxm2M/I1etxefUHLdOcdFmBSOoM6eKsoIgBxFnUi', '{SSHA}xCoAhsXWiKbSyTjqWPV5SBDy7r1zYWx0'];
const macs = {
  make: async (value: string) => ({ key_id: 'k_1', mac: createHash('sha256').update(value).digest('base64url') }),
};
const people = Array.from({ length: 2000 }, (_, index) => `nobody-${index}@example.com`);
let sampled: string[];
let reads: number;
let time: number;

const made = () =>
  decoys({
    macs,
    now: () => time,
    sample: async () => {
      reads += 1;
      return sampled;
    },
  });

beforeEach(() => {
  [sampled, reads, time] = [[], 0, 1000];
});

describe('how-to/import.md, "What a stranger can measure"', () => {
  test('unknown people take the time of the hashes that people have, as many each, and each always the same', async () => {
    sampled = [...Array<string>(50).fill(bcrypt), ...Array<string>(30).fill(ours), ...Array<string>(20).fill(ssha)];
    const [one, other] = [made(), made()];
    const found = await Promise.all(people.map((name) => one.find(name)));
    expect(await Promise.all(people.map((name) => other.find(name)))).toEqual(found);
    const share = (hash: string): number => found.filter((decoy) => decoy === hash).length / people.length;
    expect(share(bcrypt)).toBeCloseTo(0.5, 1);
    expect(share(ours)).toBeCloseTo(0.3, 1);
    expect(share(ssha)).toBeCloseTo(0.2, 1);
  });

  test('a sample that changes a little moves few of them', async () => {
    sampled = [...Array<string>(60).fill(bcrypt), ...Array<string>(40).fill(ours)];
    const finder = made();
    const before = await Promise.all(people.map((name) => finder.find(name)));
    sampled = [...Array<string>(58).fill(bcrypt), ...Array<string>(42).fill(ours)];
    time += 61_000;
    await finder.find('');
    await new Promise(setImmediate);
    const after = await Promise.all(people.map((name) => finder.find(name)));
    expect(after.filter((decoy, index) => decoy !== before[index]).length).toBeLessThan(people.length * 0.04);
  });

  test('where all hashes are ours there is nothing to stand in for', async () => {
    sampled = [ours, ours];
    expect(await made().find('a')).toBeUndefined();
    sampled = [];
    expect(await made().find('a')).toBeUndefined();
  });

  test('the sample is read once a minute, and one that cannot be read now is used further', async () => {
    sampled = [bcrypt];
    const finder = made();
    await Promise.all(people.slice(0, 20).map((name) => finder.find(name)));
    expect(reads).toBe(1);
    time += 61_000;
    const failing = decoys({
      macs,
      now: () => time,
      sample: () => Promise.reject(new Error('away')),
    });
    expect(await failing.find('a')).toBeUndefined();
    expect(await finder.find('a')).toBe(bcrypt);
    expect(reads).toBe(2);
  });
});

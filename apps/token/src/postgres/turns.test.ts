import { expect, test } from 'vitest';
import { inTurns } from './turns.ts';

test('performance.md 6: equal requests are one, different ones of a row take turns, and everybody is answered in place', async () => {
  const statements: number[][] = [];
  const run = async (inputs: readonly number[]): Promise<string[]> => {
    statements.push([...inputs]);
    return inputs.map((input) => `${statements.length}:${input}`);
  };
  const turnOf = (input: number): { order: number; equal: string } => ({ order: input, equal: String(input) });
  const answers = await inTurns([[5, 4, 5], [7], [1, 2, 3]], turnOf, run);
  expect(statements).toEqual([[4, 7, 1], [5, 2], [3]]);
  expect(answers).toEqual([['2:5', '1:4', '2:5'], ['1:7'], ['1:1', '2:2', '3:3']]);
});

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readmePath, readmeWithTable, valuesPath, valuesWithTopology } from './generated.ts';

it('values.yaml has the topology of libs/rpc (else: node test/chart/generate.ts)', () => {
  expect(readFileSync(valuesPath, 'utf8')).toBe(valuesWithTopology());
});

it('the README has a row for every value (else: node test/chart/generate.ts)', () => {
  expect(readFileSync(readmePath, 'utf8')).toBe(readmeWithTable());
});

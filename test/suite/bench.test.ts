import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from '@authority/testing/suite';
import { expect, test } from 'vitest';

test('performance.md: the benchmark measures all three servers, its shortest flow for one second each', { timeout: 180_000 }, () => {
  const args = [join(root, 'test/bench/run.mjs'), '--short', '--only', 'client_credentials'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  const row = stdout.split('\n').find((line) => line.startsWith('| client_credentials |'));
  // Ratios against the peer, and nothing that failed on the way.
  expect(row).toMatch(/\*\*\d+\.\d\*\*.*\*\*\d+\.\d\*\*/);
  expect(row).not.toContain('failures');
});

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from '@authority/testing/suite';
import { expect, test } from 'vitest';

test('how-to/import.md: people with hashes of six kinds are imported, sign in and are found, two thousand for a million', {
  timeout: 180_000,
}, () => {
  const args = [join(root, 'test/prove/identities/run.mjs'), '--short'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  expect(status, stdout + stderr).toBe(0);
  expect(stdout).toMatch(/imported 1800 people[\s\S]*with 2000 people: sign-in \d+ ms, list \d+ ms, exact \d+ ms, substring \d+ ms/);
});

// `npm test`: every tier on a fresh clone. Installs what the tiers need where the system's packages allow it; a tier whose
// tools are missing is named, counted as not run, and fails in CI. Arguments: names of tiers, or nothing for all.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { allApps, nodePath, prepare, Refusal, root } from '../apps/standalone/launch/prepare.mjs';

const say = (line) => process.stdout.write(`${line}\n`);
const inCi = process.env.CI === 'true';

/** What each tier needs beside Node: a program, or a file, and the Debian package that has it. */
const tools = {
  'redis-server': 'redis-server',
  chromium: 'chromium',
  curl: 'curl',
  haproxy: 'haproxy',
  apache2: 'apache2-bin',
  '/usr/lib/apache2/modules/mod_oauth2.so': 'libapache2-mod-oauth2',
  '/usr/lib/apache2/modules/mod_auth_openidc.so': 'libapache2-mod-auth-openidc',
  'oidc-agent': 'oidc-agent-cli',
  '/usr/lib/python3/dist-packages/authlib/__init__.py': 'python3-authlib',
  '/usr/lib/python3/dist-packages/requests/__init__.py': 'python3-requests',
};
/** Software of others that signs in here, or verifies what is signed here. */
const thirdParty = Object.keys(tools).filter((name) => !['redis-server', 'chromium', 'curl'].includes(name));
const tiers = [
  { name: 'house', needs: [] },
  { name: 'core', needs: [] },
  { name: 'ports', needs: ['redis-server'] },
  { name: 'service', needs: ['redis-server'] },
  { name: 'suite', needs: ['redis-server', 'chromium', 'curl', ...thirdParty] },
  { name: 'specs', needs: ['redis-server', 'chromium'] },
  { name: 'chart', needs: ['redis-server'] },
  { name: 'chaos', needs: ['redis-server'] },
];

function has(program) {
  if (program.startsWith('/')) return existsSync(program);
  return spawnSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' }).status === 0;
}

function installTools(names) {
  const missing = names.filter((name) => !has(name));
  if (missing.length === 0) return;
  if (!has('apt-get') || process.getuid?.() !== 0) return;
  const packages = missing.map((name) => tools[name]);
  say(`Installing ${packages.join(' and ')} from the system's packages …`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const quiet = { stdio: ['ignore', 'ignore', 'inherit'], env };
  spawnSync('apt-get', ['update', '-qq'], quiet);
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], quiet);
}

function runTier(name) {
  const report = join(root, `test/reports/${name}.json`);
  rmSync(report, { force: true });
  mkdirSync(join(root, 'test/reports'), { recursive: true });
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const started = Date.now();
  const args = [
    vitest,
    'run',
    '--project',
    name,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    '--silent=passed-only',
  ];
  const done = spawnSync(nodePath(), args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}` },
  });
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  if (!existsSync(report)) return { name, passed: 0, failed: 1, skipped: 0, seconds };
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, numFailedTestSuites } = JSON.parse(readFileSync(report, 'utf8'));
  const failed = numFailedTests + (numFailedTests === 0 && (done.status !== 0 || numFailedTestSuites > 0) ? 1 : 0);
  return { name, passed: numPassedTests, failed, skipped: numPendingTests + numTodoTests, seconds };
}

try {
  prepare({ bundles: allApps, say });
} catch (error) {
  say(error instanceof Refusal ? `test: ${error.message}` : String(error?.stack ?? error));
  say('0 passed, 1 failed');
  process.exit(1);
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !tiers.some((tier) => tier.name === name));
if (unknown.length > 0) {
  say(`test: there is no tier ${unknown.join(', ')}; there are ${tiers.map((tier) => tier.name).join(', ')}`);
  process.exit(2);
}
const chosen = tiers.filter((tier) => wanted.length === 0 || wanted.includes(tier.name));
installTools([...new Set(chosen.flatMap((tier) => tier.needs))]);

const results = [];
const notRun = [];
for (const tier of chosen) {
  const missing = tier.needs.filter((name) => !has(name));
  if (missing.length > 0) notRun.push({ ...tier, missing });
  else results.push(runTier(tier.name));
}

say('');
for (const { name, passed, failed, skipped, seconds } of results)
  say(`${name.padEnd(8)} ${passed} passed, ${failed} failed, ${skipped} skipped (${seconds} s)`);
for (const { name, missing } of notRun)
  say(
    `${name.padEnd(8)} not run: ${missing.join(' and ')} is missing (Debian: apt-get install ${missing.map((tool) => tools[tool]).join(' ')})`,
  );
const sum = (key) => results.reduce((total, result) => total + result[key], 0);
const failed = sum('failed') + (inCi ? notRun.length : 0);
say(`${sum('passed')} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);

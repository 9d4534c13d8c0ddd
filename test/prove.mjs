// `npm run prove`: what takes too long for CI. Each proof says what it shows; the report of the last run is committed as
// test/prove/report.md. Arguments: names of proofs, or nothing for all. The same code runs in CI in a short form: the chart
// and its starts (tier chart), the benchmark's shortest flow (tier suite).
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodePath, root } from '../apps/standalone/launch/prepare.mjs';

const say = (line) => process.stdout.write(`${line}\n`);
const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).stdout.trim();

const proofs = [
  { name: 'clone', shows: "the README's two commands work in a fresh clone with nothing of this machine's environment", run: freshClone },
  {
    name: 'image',
    shows: 'the five images build from a clean checkout without a daemon, and start for any user on a read-only root',
    run: () => node(['test/chart/image.prove.ts']),
  },
  {
    name: 'identities',
    shows: 'a million people are imported, and what signs in and is looked for is as quick as with a thousand',
    run: () => node(['test/prove/identities/run.mjs']),
  },
  { name: 'bench', shows: 'the ratios of performance.md', run: () => node(['test/bench/run.mjs']) },
];

function node(args) {
  return spawnSync(nodePath(), args, { cwd: root, stdio: 'inherit' }).status === 0;
}

function freshClone() {
  const folder = mkdtempSync(join(tmpdir(), 'authority-clone-'));
  const clone = join(folder, 'authority');
  const env = { HOME: folder, PATH: process.env.PATH?.replace(join(root, 'node_modules/.bin'), '') ?? '' };
  const run = (command, args) => spawnSync(command, args, { cwd: clone, env, stdio: 'inherit' }).status === 0;
  try {
    if (spawnSync('git', ['clone', '--quiet', root, clone], { stdio: 'inherit' }).status !== 0) return false;
    // The second command starts the first by itself: test/suite/start.test.ts.
    return run('npm', ['test']);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !proofs.some((proof) => proof.name === name));
if (unknown.length > 0) {
  say(`prove: there is no proof ${unknown.join(', ')}; there are ${proofs.map((proof) => proof.name).join(', ')}`);
  process.exit(2);
}

const rows = [];
for (const proof of proofs.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  say(`---- ${proof.name}: ${proof.shows}`);
  const started = Date.now();
  const held = proof.run();
  rows.push({ ...proof, held, seconds: Math.round((Date.now() - started) / 1000) });
}

const report = join(root, 'test/prove/report.md');
const kept = wanted.length === 0 ? [] : readRows(report).filter((row) => !rows.some(({ name }) => row.startsWith(`| ${name} |`)));
const date = new Date().toISOString().slice(0, 10);
const lines = rows.map(
  ({ name, shows, held, seconds }) => `| ${name} | ${shows} | ${held ? 'holds' : 'does not hold'} | ${seconds} s | ${commit}, ${date} |`,
);
writeFileSync(
  report,
  `# Last run of npm run prove\n\n| proof | what it shows | outcome | took | commit, date |\n|---|---|---|---|---|\n${[...kept, ...lines].join('\n')}\n`,
);
for (const { name, held, seconds } of rows) say(`${held ? 'holds' : 'FAILED'}  ${name} (${seconds} s)`);
process.exit(rows.every(({ held }) => held) ? 0 : 1);

function readRows(file) {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => /^\| [a-z]+ \|/.test(line) && !line.startsWith('| proof |'));
  } catch {
    return [];
  }
}

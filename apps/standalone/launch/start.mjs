// `npm start`: prepares a fresh clone, then runs the suite and stays as its guard: a suite that dies is started again.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { allApps, nodePath, prepare, Refusal, root } from './prepare.mjs';

const startedAt = Date.now();
const say = (line) => process.stderr.write(`${line}\n`);
/** The suite ends with this when starting again cannot help. */
const EXIT_REFUSED = 1;

try {
  const inOneProcess = ['standalone', 'cli'];
  const all = process.argv.includes('--split') || process.argv.includes('--prepare-only');
  prepare({ bundles: all ? allApps : inOneProcess, say });
} catch (error) {
  say(error instanceof Refusal ? `authority: ${error.message}` : `authority: ${error?.stack ?? error}`);
  process.exit(EXIT_REFUSED);
}

if (process.argv.includes('--prepare-only')) process.exit(0);

const main = join(root, 'dist/apps/standalone/main.js');
if (!existsSync(main)) {
  say('authority: the build left no dist/apps/standalone/main.js; remove dist/ and start again');
  process.exit(EXIT_REFUSED);
}

let child;
let stopping = false;
let restarts = 0;

function start() {
  child = spawn(nodePath(), ['--enable-source-maps', '--max-semi-space-size=16', main, ...process.argv.slice(2)], {
    stdio: 'inherit',
    cwd: process.env.INIT_CWD ?? process.cwd(),
    // A group of its own, so that Ctrl-C in a terminal reaches it once: through us.
    detached: true,
    env: {
      ...process.env,
      AUTHORITY_STARTED_AT: String(restarts === 0 ? startedAt : Date.now()),
      AUTHORITY_GUARD_PID: String(process.pid),
    },
  });
  child.on('exit', (code, signal) => {
    if (stopping || code === 0 || code === EXIT_REFUSED) process.exit(stopping ? 0 : (code ?? 1));
    restarts++;
    say(`authority: stopped unexpectedly (${signal ?? `exit ${code}`}); starting again`);
    setTimeout(start, Math.min(250 * restarts, 5_000));
  });
  child.on('error', (error) => {
    say(`authority: cannot start ${nodePath()}: ${error.message}`);
    process.exit(EXIT_REFUSED);
  });
}

function stop(signal) {
  if (stopping) {
    // The second Ctrl-C: at once.
    child?.kill('SIGKILL');
    process.exit(130);
  }
  stopping = true;
  child?.kill(signal);
}

process.on('SIGINT', () => stop('SIGTERM'));
process.on('SIGTERM', () => stop('SIGTERM'));
process.on('SIGHUP', () => stop('SIGTERM'));
start();

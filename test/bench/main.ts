// `npm run bench`: Authority, split and standalone, against oidc-provider on the same machine and the same Node.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '@authority/testing/suite';
import { startAuthority } from './authority-target.ts';
import { pin } from './cpu.ts';
import { startFloor } from './floor-target.ts';
import { flows } from './flows.ts';
import { measure, type Row } from './measure.ts';
import { readOptions } from './options.ts';
import { startPeer } from './peer-target.ts';
import { environmentOf, signsPerSecond, table } from './report.ts';
import { measureSignIn, type SignInRow, signInName } from './sign-in.ts';
import type { Target } from './target.ts';

const { seconds, rounds, only, short } = readOptions(process.argv.slice(2));
const chosen = flows.filter((flow) => flow.name.includes(only));
const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(): Promise<void> {
  pin([process.pid], 1);
  const signs = signsPerSecond();
  say(`openssl: ${signs} ecdsap256 signs a second on one core`);
  const rows: Row[] = [];
  const signIn: SignInRow[] = [];
  const starters: [string, () => Promise<Target>][] = [
    ['split', () => startAuthority('split')],
    ['standalone', () => startAuthority('standalone')],
    ['peer', () => startPeer('keep')],
    ['peer (rotating)', () => startPeer('rotate')],
    ['floor', startFloor],
  ];
  const targets: Target[] = [];
  try {
    // Sign-ins have no peer: oidc-provider knows no passwords.
    for (const [name, start] of chosen.length === 0 ? starters.slice(0, 2) : starters) {
      say(`starting ${name} …`);
      targets.push(await start());
    }
    for (const flow of chosen) {
      for (let round = 0; round < rounds; round++) await everyTarget(flow, targets, rows);
    }
    for (let round = 0; round < rounds && signInName.includes(only); round++) signIn.push(...(await signIns(targets)));
  } finally {
    for (const target of targets) await target.stop();
  }
  const report = { environment: environmentOf(), seconds, rounds, signsPerSecond: signs, rows, signIn };
  const text = table(report);
  process.stdout.write(`${text}\n`);
  if (short || only) return;
  writeFileSync(join(root, 'test/bench/results/latest.json'), `${JSON.stringify(report, null, 1)}\n`);
  writeFileSync(join(root, 'test/bench/results/latest.md'), `${text}\n`);
}

async function everyTarget(flow: (typeof flows)[number], targets: readonly Target[], rows: Row[]): Promise<void> {
  const [split, standalone, keeping, rotating, floor] = targets;
  const peer = flow.name === 'refresh, rotating' ? rotating : keeping;
  const others = flow.name === 'client_credentials' ? [peer, floor] : flow.notOfferedByPeer ? [] : [peer];
  for (const target of [split, standalone, ...others]) {
    if (!target) continue;
    const row = await measure(flow, target, seconds);
    rows.push(row);
    const { perSecond, cpuMicrosPerRequest, p50, p99, failures, firstFailure } = row;
    say(
      `${flow.name} | ${target.name}: ${perSecond.toFixed(0)}/s, ${cpuMicrosPerRequest.toFixed(0)} µs, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms${failures ? `, ${failures} FAILED: ${firstFailure}` : ''}`,
    );
  }
}

async function signIns(targets: readonly Target[]): Promise<SignInRow[]> {
  const rows: SignInRow[] = [];
  for (const target of targets.slice(0, 2)) {
    const row = await measureSignIn(target, seconds);
    rows.push(row);
    say(
      `${signInName} | ${target.name}: ${row.signIns.perSecond.toFixed(0)}/s of ${row.bare.perSecond.toFixed(0)}, CPU ${row.signIns.cpuMillis.toFixed(1)} ms of ${row.bare.cpuMillis.toFixed(1)}; token p99 ${row.quiet.p99.toFixed(1)} ms, in a storm of ${row.storm.signIns.toFixed(0)}/s ${row.storm.p99.toFixed(1)} ms${row.failures ? `, ${row.failures} FAILED` : ''}`,
    );
  }
  return rows;
}

await main();
process.exit(0);

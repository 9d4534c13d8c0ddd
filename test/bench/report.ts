import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import type { Row } from './measure.ts';
import type { SignInRow } from './sign-in.ts';

export interface Report {
  environment: string;
  seconds: number;
  rounds: number;
  signsPerSecond: number;
  rows: Row[];
  signIn: SignInRow[];
}

export function environmentOf(): string {
  return `Node ${process.versions.node}, ${cpus()[0]?.model ?? 'unknown CPU'}, ${cpus().length} cores`;
}

/** What one core can sign at best. */
export function signsPerSecond(): number {
  const output = execFileSync('taskset', ['-c', '0', 'openssl', 'speed', '-seconds', '1', 'ecdsap256'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return Math.round(Number(/nistp256\).*?\s([\d.]+)\s+[\d.]+\s*$/m.exec(output)?.[1] ?? 0));
}

interface Summary {
  perSecond: number;
  cpu: number;
  storeCpu: number;
  p50: number;
  p99: number;
  rss: number;
  busy: number;
  failures: number;
}

/** Rounds of one flow at one target, as one. */
function summarize(rows: readonly Row[]): Summary | undefined {
  if (rows.length === 0) return undefined;
  const mean = (pick: (row: Row) => number): number => rows.reduce((sum, row) => sum + pick(row), 0) / rows.length;
  return {
    perSecond: mean((row) => row.perSecond),
    cpu: mean((row) => row.cpuMicrosPerRequest),
    storeCpu: mean((row) => row.storeCpuMicrosPerRequest),
    p50: mean((row) => row.p50),
    p99: mean((row) => row.p99),
    rss: Math.max(...rows.map((row) => row.rssMiB)),
    busy: mean((row) => row.loadCoreBusy),
    failures: rows.reduce((sum, row) => sum + row.failures, 0),
  };
}

/** A Markdown table: ratios first, raw figures beside them. */
export function table(report: Report): string {
  const lines = [
    `${report.environment}; ${report.rounds} × ${report.seconds} s a flow, 64 connections, after up to 20,000 requests to warm up; servers on one core, load and stores on the other.`,
    `Ratios are throughput ÷ oidc-provider; where the load's core was over 90 % busy, CPU a request counts (marked ᶜ).`,
    '',
    '| flow | split ÷ peer | standalone ÷ peer | split: /s, µs, p99 ms, MiB | standalone: /s, µs, p99 ms, MiB | peer: /s, µs, p99 ms, MiB |',
    '|---|---|---|---|---|---|',
  ];
  for (const flow of new Set(report.rows.map((row) => row.flow))) {
    const of = (target: string): Summary | undefined => summarize(report.rows.filter((row) => row.flow === flow && row.target === target));
    const [split, standalone, peer] = [of('split'), of('standalone'), of('peer')];
    lines.push(
      `| ${flow} | ${ratio(split, peer)} | ${ratio(standalone, peer)} | ${raw(split)} | ${raw(standalone)} | ${peer ? raw(peer) : 'not offered'} |`,
    );
  }
  lines.push(...ceilings(report), ...signIns(report.signIn));
  return lines.join('\n');
}

/** What the machine itself sets as the limit: signatures a second, and bare node:http that does nothing else. */
function ceilings(report: Report): string[] {
  const of = (target: string): Summary | undefined =>
    summarize(report.rows.filter((row) => row.flow === 'client_credentials' && row.target === target));
  const [standalone, peer, floor] = [of('standalone'), of('peer'), of('floor')];
  const lines: string[] = [];
  if (standalone && report.signsPerSecond > 0) {
    const share = standalone.perSecond / report.signsPerSecond;
    lines.push(
      `Tokens a second in standalone ÷ \`openssl speed\` ecdsap256 signs a second of one core (${report.signsPerSecond}): ${share.toFixed(2)}`,
    );
  }
  if (standalone && peer && floor) {
    lines.push(
      `The ceiling, a bare node:http server that signs a token and does nothing else: ${floor.perSecond.toFixed(0)}/s, ${floor.cpu.toFixed(0)} µs; ÷ peer ${ratio(floor, peer)}. Standalone reaches ${((100 * standalone.perSecond) / floor.perSecond).toFixed(0)} % of it.`,
    );
  }
  return lines.flatMap((line) => ['', line]);
}

/** What passwords cost, and whom. */
function signIns(rows: readonly SignInRow[]): string[] {
  if (rows.length === 0) return [];
  const lines = [
    '',
    'Passwords, on the same core as everything else of the server; tokens are client_credentials at half the rate that saturates it.',
    '',
    '| | argon2id alone ÷ sign-in, CPU (ms) | sign-ins /s, argon2id alone /s | token p99 in a storm ÷ quiet | tokens quiet: /s, p50, p99 ms | in a storm: /s, p50, p99 ms, sign-ins /s |',
    '|---|---|---|---|---|---|',
  ];
  for (const target of new Set(rows.map((row) => row.target))) {
    const of = (pick: (row: SignInRow) => number): number => middle(rows.filter((row) => row.target === target).map(pick));
    const tokens = (kind: 'quiet' | 'storm'): string =>
      `${of((row) => row[kind].perSecond).toFixed(0)}, ${of((row) => row[kind].p50).toFixed(1)}, ${of((row) => row[kind].p99).toFixed(1)}`;
    const failed = of((row) => row.failures) > 0 ? ' (failures!)' : '';
    const share = `**${of(({ bare, signIns }) => bare.cpuMillis / signIns.cpuMillis).toFixed(2)}** (${of((row) => row.bare.cpuMillis).toFixed(1)} ÷ ${of((row) => row.signIns.cpuMillis).toFixed(1)})`;
    const rates = `${of((row) => row.signIns.perSecond).toFixed(0)}, ${of((row) => row.bare.perSecond).toFixed(0)}`;
    lines.push(
      `| ${target}${failed} | ${share} | ${rates} | **${of((row) => row.storm.p99 / row.quiet.p99).toFixed(1)}** | ${tokens('quiet')} | ${tokens('storm')}, ${of((row) => row.storm.signIns).toFixed(0)} |`,
    );
  }
  return lines;
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? 0;
}

function ratio(ours: Summary | undefined, peer: Summary | undefined): string {
  if (!ours || !peer) return '–';
  const failed = ours.failures + peer.failures > 0 ? ' (failures!)' : '';
  if (ours.busy > 0.9) return `**${(peer.cpu / ours.cpu).toFixed(1)}**ᶜ${failed}`;
  return `**${(ours.perSecond / peer.perSecond).toFixed(1)}**${failed}`;
}

function raw(summary: Summary | undefined): string {
  if (!summary) return '–';
  return `${summary.perSecond.toFixed(0)}, ${summary.cpu.toFixed(0)}, ${summary.p99.toFixed(1)}, ${summary.rss.toFixed(0)}`;
}

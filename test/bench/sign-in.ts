import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { person } from './authority-target.ts';
import { cookiesOf, hiddenFields } from './browser-walk.ts';
import { cpuSeconds } from './cpu.ts';
import { drive, formBytes, type Load, type Measured } from './driver.ts';
import { flowOf } from './flows.ts';
import { SERVER_CORE, settle } from './measure.ts';
import type { Target } from './target.ts';

/** Passwords on the servers' core: how near they come to hashing alone, and what they do to everybody else's tokens. */
export interface SignInRow {
  target: string;
  /** Password POSTs that ended signed in, and argon2id verifications by a thread that does nothing else, a second. */
  signIns: Rate;
  bare: Rate;
  /** Milliseconds of token requests at half the saturated rate: alone, and beside as many sign-ins as fit. */
  quiet: { perSecond: number; p50: number; p99: number };
  storm: { perSecond: number; p50: number; p99: number; signIns: number };
  failures: number;
}

interface Rate {
  perSecond: number;
  /** Of CPU, for one: other work on the machine changes it less than the rate. */
  cpuMillis: number;
}

export const signInName = 'sign-in';

const connections = 16;
/** A sign-in runs much code, once for each hash: it takes this long to be as quick as it will be. */
const warmUpSeconds = 6;
/** Pages that are opened before the clock starts: more than any core verifies. */
const mostPerSecond = 160;

type Requests = Pick<Load, 'host' | 'port' | 'next' | 'accepts'>;

export async function measureSignIn(target: Target, seconds: number): Promise<SignInRow> {
  settle(target);
  const tokens = await tokenRequests(target);
  await drive({ ...tokens, connections: 64, seconds: 2 });
  await drive({ ...(await signInRequests(target, warmUpSeconds)), connections, seconds: warmUpSeconds });

  const bare = bareRate(seconds);
  const requests = await signInRequests(target, seconds);
  const before = cpuSeconds(target.pids());
  const signIns = await drive({ ...requests, connections, seconds });
  const cpuMillis = ((cpuSeconds(target.pids()) - before) * 1000) / Math.max(1, signIns.requests);
  const saturated = await drive({ ...tokens, connections: 64, seconds });
  const paced = { ...tokens, connections: 64, seconds, perSecond: saturated.perSecond / 2 };
  const quiet = await drive(paced);
  const storming = await signInRequests(target, seconds + 1);
  const storm = drive({ ...storming, connections, seconds: seconds + 1 });
  const beside = await drive(paced);
  const stormed = await storm;
  const figures = ({ perSecond, p50, p99 }: Measured) => ({ perSecond, p50, p99 });
  return {
    target: target.name,
    signIns: { perSecond: signIns.perSecond, cpuMillis },
    bare,
    quiet: figures(quiet),
    storm: { ...figures(beside), signIns: stormed.perSecond },
    failures: signIns.failures + saturated.failures + quiet.failures + beside.failures + stormed.failures,
  };
}

function bareRate(seconds: number): Rate {
  const script = fileURLToPath(new URL('./argon2.js', import.meta.url));
  const command = ['-c', String(SERVER_CORE), process.execPath, script, String(seconds)];
  return JSON.parse(execFileSync('taskset', command, { encoding: 'utf8' })) as Rate; // what argon2.ts writes
}

const addressOf = (target: Target): { host: string; port: number } => ({ host: '127.0.0.1', port: Number(new URL(target.issuer).port) });

async function tokenRequests(target: Target): Promise<Requests> {
  const { next, accepts } = await flowOf('client_credentials').prepare(target, 1);
  return { ...addressOf(target), next, accepts };
}

/** A page of its own for each: whoever is signed in by it does not sign in by it again. */
async function signInRequests(target: Target, seconds: number): Promise<Requests> {
  const requests: Buffer[] = [];
  let left = Math.ceil(seconds * mostPerSecond);
  const open = async (): Promise<void> => {
    while (left-- > 0) requests.push(await signInRequest(target));
  };
  await Promise.all(Array.from({ length: 8 }, open));
  return {
    ...addressOf(target),
    next: () => requests.pop(),
    accepts: ({ status, headers }) => status === 303 && /^set-cookie: [^=]*session/im.test(headers),
  };
}

async function signInRequest(target: Target): Promise<Buffer> {
  const page = await fetch(`${target.issuer}/login`, { headers: { accept: 'text/html' } });
  const form = { ...hiddenFields(await page.text()), email: person.email, password: person.password };
  const { origin, host } = new URL(target.issuer);
  const cookie = cookiesOf(page)
    .map(({ name, value }) => `${name}=${value}`)
    .join('; ');
  return formBytes('/login', host, { cookie, origin, accept: 'text/html', 'sec-fetch-site': 'same-origin' }, form);
}

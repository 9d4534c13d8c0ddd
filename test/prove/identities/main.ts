import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startEmbeddedPostgres } from '@authority/postgres';
import { postgresAt } from '@authority/testing';
import { authorityctl, Operator, startOneProcess, type Suite } from '@authority/testing/suite';
import pg from 'pg';
import { kinds, load, type Measured, percentile } from './load.ts';
import { writePeople } from './people.ts';

// `npm run prove identities`: a million people are imported with the hashes of other systems, and what signs in and is looked
// for is as quick as with a thousand. `--short` is what CI runs: it shows that all of it works, and judges no times.
const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    people: { type: 'string' },
    seconds: { type: 'string' },
    rate: { type: 'string', default: '10' },
  },
});
const few = values.short ? 200 : 1000;
const many = Number(values.people ?? (values.short ? 2000 : 1_000_000));
const seconds = Number(values.seconds ?? (values.short ? 3 : 90));
// Fewer for a machine that has other things to do: what is proved is ten a second.
const rate = Number(values.rate);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const folder = mkdtempSync(join(tmpdir(), 'authority-prove-'));
const postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), isDurable: !values.short, endsWithUs: true });
let suite: Suite | undefined;
try {
  suite = await startOneProcess({ postgres: postgresAt(postgres.url), env: { AUTHORITY_LOG_LEVEL: 'warn' } });
  const operator = new Operator(suite);
  await operator.setSetting('throttle.enabled', false);
  operator.close();

  await importPeople(suite, 0, few);
  const before = await measure(suite, few);
  await importPeople(suite, few, many);
  await settle(suite.databaseUrl);
  const after = await measure(suite, many);
  if (!values.short && !report(before, after)) process.exitCode = 1;
} finally {
  await suite?.stop();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function importPeople(on: Suite, from: number, to: number): Promise<void> {
  const file = join(folder, `people-${from}.ndjson`);
  await writePeople(file, from, to);
  const started = performance.now();
  const { code, stdout, stderr } = await authorityctl(on, ['identities', 'import', file]);
  if (code !== 0) throw new Error(`the import failed: ${stdout}${stderr}`);
  const took = (performance.now() - started) / 1000;
  say(
    `imported ${to - from} people (${Math.round(statSync(file).size / 2 ** 20)} MiB) in ${took.toFixed(0)} s, ${Math.round((to - from) / took)} a second`,
  );
}

/** From a fresh start: what a server holds for its people is compared, and not what an import has left in its heap. */
async function measure(on: Suite, people: number): Promise<Measured> {
  const server = on.process('standalone');
  await server.end();
  server.restart();
  await on.ready();
  const warm = Math.min(5, seconds);
  await load(on, people, { seconds: warm, rate }, 0);
  const measured = await load(on, people, { seconds, rate }, warm * rate);
  say(
    `with ${people} people: ${kinds.map((kind) => `${kind} ${ms(measured, kind)} ms`).join(', ')} (p99); load average ${loadavg()[0]?.toFixed(1)}`,
  );
  if (measured.failures.length > 0) throw new Error(`${measured.failures.length} failed: ${measured.failures.slice(0, 5).join('; ')}`);
  return measured;
}

/** Autovacuum looks at what came, as it would in the minutes after any import. */
async function settle(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await sleep(values.short ? 0 : 70_000);
  for (let quiet = 0, turn = 0; quiet < 5 && turn < 600; turn += 1) {
    const { rows } = await client.query(
      "SELECT 1 FROM pg_stat_activity WHERE backend_type = 'autovacuum worker' AND datname = current_database()",
    );
    quiet = rows.length === 0 ? quiet + 1 : 0;
    await sleep(values.short ? 0 : 1000);
  }
  await client.end();
}

function ms({ times }: Measured, kind: (typeof kinds)[number]): number {
  return Math.round(percentile(times[kind], 0.99));
}

function report(before: Measured, after: Measured): boolean {
  const rows: readonly (readonly [what: string, value: number, bound: number])[] = [
    ['p99 of a list, ms', ms(after, 'list'), 50],
    ['p99 of an exact search, ms', ms(after, 'exact'), 50],
    ['p99 of a substring search, ms', ms(after, 'substring'), 200],
    ['p99 of a sign-in ÷ with few', percentile(after.times['sign-in'], 0.99) / percentile(before.times['sign-in'], 0.99), 1.5],
    ['memory ÷ with few', after.rssMiB / before.rssMiB, 1.1],
  ];
  say(
    `sign-in p50 ${percentile(before.times['sign-in'], 0.5).toFixed(0)} ms, then ${percentile(after.times['sign-in'], 0.5).toFixed(0)} ms;`,
  );
  say(`memory ${before.rssMiB.toFixed(0)} MiB, then ${after.rssMiB.toFixed(0)} MiB`);
  for (const [what, value, bound] of rows)
    say(`${value <= bound ? 'holds' : 'MISSED'}  ${what}: ${Number(value.toFixed(2))} (at most ${bound})`);
  return rows.every(([, value, bound]) => value <= bound);
}

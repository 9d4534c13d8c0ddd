import { appendFileSync } from 'node:fs';
import { type ImportedIdentity, ImportServiceService, type ImportResult } from '@authority/contracts/admin';
import type { Connection } from '../connection/connection.ts';
import { Fault, failure } from '../fault.ts';
import { type Line, linesOf } from './lines.ts';
import { Progress } from './progress.ts';
import { readRecord, type Violation } from './record.ts';
import { type ImportState, writeState } from './state.ts';
import type { Surroundings } from '../surroundings.ts';

export interface Import {
  readonly file: string;
  /** Where refused lines are told, a JSON object each. */
  readonly report: string;
  readonly isTrial: boolean;
  readonly connection: Connection;
  readonly stderr: Surroundings['stderr'];
  /** Somebody pressed Ctrl-C: the call under way is finished. */
  readonly interrupted: AbortSignal;
}

const [mostRecords, mostBytes] = [500, 512 << 10];
/** The server starts anew, or has much to do: a minute in all. */
const pausesMs = [250, 500, 1000, 2000, 4000, 8000, 15_000, 30_000];

interface Batch {
  readonly lines: readonly Line[];
}

/** Sends a file from where the state is, and answers how far it came. What was sent twice is there once. */
export async function runImport(work: Import, from: ImportState): Promise<ImportState> {
  let state = from;
  const progress = new Progress(work.stderr, { done: from.offset });
  try {
    for await (const { lines } of batchesOf(work.file, from)) {
      state = tally(work, state, lines, await sendBatch(work, from.import_id, lines));
      if (!work.isTrial) writeState(work.file, state);
      progress.show({ ...state, done: state.offset });
      if (work.interrupted.aborted) break;
    }
    return state;
  } finally {
    progress.end();
  }
}

async function* batchesOf(file: string, { offset, line }: ImportState): AsyncGenerator<Batch> {
  let lines: Line[] = [];
  let bytes = 0;
  for await (const one of linesOf(file, { offset, number: line })) {
    const length = Buffer.byteLength(one.text ?? '');
    if (lines.length === mostRecords || bytes + length > mostBytes) {
      yield { lines };
      [lines, bytes] = [[], 0];
    }
    lines.push(one);
    bytes += length;
  }
  if (lines.length > 0) yield { lines };
}

interface Outcome {
  readonly external_id: string;
  readonly outcome: string;
  readonly violations: readonly Violation[];
}

async function sendBatch(work: Import, import_id: string, lines: readonly Line[]): Promise<Outcome[]> {
  const read = lines.map(({ text }) => (text === undefined ? { field: 'line', description: 'is too long' } : readRecord(text)));
  const identities = read.filter((one): one is ImportedIdentity => 'traits' in one);
  const results = identities.length === 0 ? [] : await send(work, import_id, identities);
  if (results.length !== identities.length) throw failure('identities import', 'the server left some people out', 'its log may say why');
  let next = 0;
  return read.map((one) => {
    if (!('traits' in one)) return { external_id: '', outcome: 'refused', violations: [one] };
    const result = results[next++];
    return { external_id: one.external_id, outcome: result?.outcome ?? 'refused', violations: result?.violations ?? [] };
  });
}

/** Again after a while when the server is away: a call that is repeated does nothing twice. */
async function send(
  { connection, interrupted, isTrial }: Import,
  import_id: string,
  identities: ImportedIdentity[],
): Promise<ImportResult[]> {
  for (const pause of [...pausesMs, undefined]) {
    try {
      return (await connection.call(ImportServiceService.importIdentities, { import_id, identities, validate_only: isTrial })).results;
    } catch (error) {
      if (!(error instanceof Fault) || !error.mayPass || pause === undefined || interrupted.aborted) throw error;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
  throw failure('identities import', 'the server does not answer', 'go on with --resume');
}

/** What was refused is told without what was in the line: hashes stay where they are. */
function tally({ report }: Import, before: ImportState, lines: readonly Line[], outcomes: readonly Outcome[]): ImportState {
  const count = (outcome: string): number => outcomes.filter((one) => one.outcome === outcome).length;
  const told = outcomes.flatMap(({ external_id, outcome, violations }, index) =>
    outcome === 'refused' ? [`${JSON.stringify({ line: lines[index]?.number, external_id, violations })}\n`] : [],
  );
  if (told.length > 0) appendFileSync(report, told.join(''), { mode: 0o600 });
  const last = lines.at(-1);
  return {
    ...before,
    offset: last?.end ?? before.offset,
    line: (last?.number ?? before.line) + 1,
    created: before.created + count('created'),
    unchanged: before.unchanged + count('unchanged'),
    refused: before.refused + told.length,
  };
}

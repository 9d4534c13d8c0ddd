import { existsSync, rmSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import type { Commands, Work } from '../command.ts';
import { failure, usage } from '../fault.ts';
import { runImport } from '../import/run-import.ts';
import { type ImportState, readState, removeState } from '../import/state.ts';

interface ImportOptions {
  readonly dryRun?: boolean;
  readonly resume?: boolean;
  readonly importId?: string;
  readonly report?: string;
}

export function importing(command: Command, commands: Commands): void {
  command
    .option('--dry-run', 'say what would be refused, and import nobody')
    .option('--resume', 'go on with an import of this file that was interrupted')
    .option('--import-id <id>', 'which import this is, the name of the file if left out; who came by it before is left alone')
    .option('--report <path>', 'where refused lines are told; <file>.refused.ndjson if left out');
  commands.does<ImportOptions>(command, doImport);
}

async function doImport({ connection, operands: [name = ''], options, print, surroundings }: Work<ImportOptions>): Promise<void> {
  const file = resolve(surroundings.cwd, name);
  const from = beginning(file, name, options);
  const report = resolve(surroundings.cwd, options.report ?? `${name}.refused.ndjson`);
  if (!options.resume) rmSync(report, { force: true });

  const interruption = new AbortController();
  const heedNoMore = surroundings.onInterrupt(() => interruption.abort());
  const isTrial = options.dryRun ?? false;
  const work = { file, report, isTrial, connection, stderr: surroundings.stderr, interrupted: interruption.signal };
  const state = await runImport(work, from).finally(heedNoMore);
  if (state.offset < state.size && interruption.signal.aborted) {
    throw failure(
      'identities import',
      `interrupted before line ${state.line}`,
      `go on with authorityctl identities import ${name} --resume`,
    );
  }
  if (!isTrial) removeState(file);
  tell(state, isTrial, existsSync(report) ? report : '', print);
}

function tell(
  { import_id, line, created, unchanged, refused }: ImportState,
  isTrial: boolean,
  report: string,
  print: Work<unknown>['print'],
) {
  const before = unchanged > 0 ? `, ${unchanged} were here from before` : '';
  print.done(`${isTrial ? 'Would import' : 'Imported'} ${created} people${before}.`, { import_id, created, unchanged, refused });
  if (refused > 0) {
    throw failure(
      'identities import',
      `${refused} of ${line - 1} lines were refused`,
      `see ${report}, mend them, and import the file again`,
    );
  }
}

/** Where to begin. An import that was interrupted is never begun anew unseen. */
function beginning(file: string, name: string, { dryRun, resume, importId }: ImportOptions): ImportState {
  const size = sizeOf(file);
  const import_id =
    importId ??
    basename(file)
      .replace(/\.[a-z]+$/i, '')
      .replace(/[^\w.-]/g, '_')
      .slice(0, 64);
  const fresh = { import_id, size, offset: 0, line: 1, created: 0, unchanged: 0, refused: 0 };
  if (dryRun) return fresh;
  const state = readState(file);
  if (!resume) {
    if (!state) return fresh;
    throw usage(
      'identities import',
      `it was interrupted before line ${state.line}`,
      `give --resume, or remove ${name}.import.json to begin anew`,
    );
  }
  if (!state) throw usage('--resume', 'no import of this file was interrupted', 'leave it out');
  if (state.size !== size) throw usage('--resume', 'the file has changed since', `remove ${name}.import.json, and begin anew`);
  if (importId !== undefined && importId !== state.import_id)
    throw usage('--import-id', `the import is ${state.import_id}`, 'leave it out');
  return state;
}

function sizeOf(file: string): number {
  try {
    const stat = statSync(file);
    if (!stat.isFile()) throw Object.assign(new Error('no file'), { code: 'no file' });
    return stat.size;
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw usage('identities import', `the file cannot be read (${why}: ${file})`, 'give the path of a file of JSON objects, one a line');
  }
}

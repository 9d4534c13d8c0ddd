import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { failure } from '../fault.ts';

/** How far an import has come; kept beside its file, so that it goes on after Ctrl-C or a fault. */
export interface ImportState {
  readonly import_id: string;
  /** Bytes of the file, which must not change meanwhile. */
  readonly size: number;
  /** Where the next line begins, and its number. */
  readonly offset: number;
  readonly line: number;
  readonly created: number;
  readonly unchanged: number;
  readonly refused: number;
}

export const statePath = (file: string): string => `${file}.import.json`;

export function readState(file: string): ImportState | undefined {
  const path = statePath(file);
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    throw failure(
      'identities import',
      `${path} cannot be read`,
      'remove it, and import the file anew; who is there already stays as they are',
    );
  }
}

/** Beside its place first: an import that is killed leaves a whole one. */
export function writeState(file: string, state: ImportState): void {
  const path = statePath(file);
  writeFileSync(`${path}.new`, JSON.stringify(state), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function removeState(file: string): void {
  rmSync(statePath(file), { force: true });
}

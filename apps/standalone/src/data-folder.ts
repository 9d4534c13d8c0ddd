import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isAlive, type ProcessMark, markOf } from './process-mark.ts';
import { Refusal } from './refusal.ts';

/** The folder that holds everything of one installation on this machine: database, secrets, certificates, mail. */
export interface DataFolder {
  path: string;
  postgres: string;
  tls: string;
  operatorFile: string;
  run: string;
  secret(name: string): string;
}

export function dataFolderAt(path: string): DataFolder {
  const folder = resolve(path);
  return {
    path: folder,
    postgres: join(folder, 'postgres'),
    tls: join(folder, 'tls'),
    operatorFile: join(folder, 'operator.json'),
    run: join(folder, 'run'),
    secret: (name) => join(folder, 'secrets', name),
  };
}

/** Makes the folder, or says in one line why it cannot be used. Others may pass through it, nobody may read it. */
export function openDataFolder(folder: DataFolder): void {
  try {
    mkdirSync(folder.path, { recursive: true });
    if (!statSync(folder.path).isDirectory()) throw new Error('it is not a folder');
    // The embedded PostgreSQL may run as another user, who must be able to pass.
    chmodSync(folder.path, 0o711);
    accessSync(folder.path, constants.W_OK | constants.X_OK);
    for (const inner of [folder.run, dirname(folder.secret('x'))]) mkdirSync(inner, { recursive: true, mode: 0o700 });
  } catch (error) {
    const why = error instanceof Error ? error.message.split(',')[0] : String(error);
    throw new Refusal(`the data folder ${folder.path} cannot be used: ${why}; make it writable or set AUTHORITY_DATA_DIR`);
  }
}

/** One suite a data folder: a second one is refused, what a killed one left behind is claimed. */
export function claim(folder: DataFolder): () => void {
  const file = join(folder.run, 'suite.json');
  const holder = readMark(file);
  if (holder && holder.pid !== process.pid && isAlive(holder)) {
    throw new Refusal(
      `Authority already runs on ${folder.path} (process ${holder.pid}): stop it, or set AUTHORITY_DATA_DIR to another folder`,
    );
  }
  writeWhole(file, JSON.stringify(markOf(process.pid)), 0o600);
  return () => rmSync(file, { force: true });
}

export function readMark(file: string): ProcessMark | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const { pid, startedAt } = JSON.parse(readFileSync(file, 'utf8')) as Partial<ProcessMark>; // checked in the next line
    return typeof pid === 'number' && typeof startedAt === 'string' ? { pid, startedAt } : undefined;
  } catch {
    return undefined;
  }
}

/** Writes a file so that nobody ever reads half of it. */
export function writeWhole(file: string, text: string, mode: number): void {
  const fresh = `${file}.${process.pid}`;
  writeFileSync(fresh, text, { mode });
  renameSync(fresh, file);
}

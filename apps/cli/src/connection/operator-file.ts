import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { failure } from '../fault.ts';
import type { Surroundings } from '../surroundings.ts';

/** operator.json: what the first start writes (contract.md, "Operators"). */
export interface OperatorFile {
  readonly issuer: string;
  readonly admin_address: string;
  readonly client_id: string;
  readonly client_secret: string;
}

const name = 'operator.json';

/**
 * Finds the local operator: the file that was named, the data folder's, or `.authority/operator.json` here or in a folder
 * above. One that was only met on the way must be ours: a stranger's file would send us, and what we are told, elsewhere.
 */
export function findOperatorFile(named: string | undefined, { env, cwd }: Pick<Surroundings, 'env' | 'cwd'>): OperatorFile | undefined {
  const chosen = named ?? (env.AUTHORITY_DATA_DIR ? join(env.AUTHORITY_DATA_DIR, name) : undefined);
  if (chosen !== undefined) {
    const path = resolve(cwd, chosen);
    const found = read(path, false);
    if (!found) throw failure('operator', `there is no file ${path}`, 'give the path of operator.json with --operator-file');
    return found;
  }
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const found = read(join(folder, '.authority', name), true);
    if (found || folder === dirname(folder)) return found;
  }
}

/** The file is opened once, so that whose it is and what it says are of the same file. */
function read(path: string, onlyOurs: boolean): OperatorFile | undefined {
  const file = open(path);
  if (file === undefined) return undefined;
  try {
    if (onlyOurs) assertOurs(path, fstatSync(file).uid);
    return parse(path, readFileSync(file, 'utf8'));
  } finally {
    closeSync(file);
  }
}

function open(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw failure(
      'operator',
      `${path} cannot be read (${code || 'unreadable'})`,
      'run as the user who started the server, or give --operator-file',
    );
  }
}

function assertOurs(path: string, owner: number): void {
  const us = process.getuid?.();
  if (us === undefined || owner === us || owner === 0) return;
  throw failure('operator', `${path} belongs to another user`, `if you trust it, give --operator-file ${path}`);
}

function parse(path: string, text: string): OperatorFile {
  const content = object(text);
  const field = (key: keyof OperatorFile): string => {
    const value = content?.[key];
    if (typeof value === 'string' && value !== '') return value;
    throw failure('operator', `${path} has no ${key}`, 'start the server again, or give another file with --operator-file');
  };
  return {
    issuer: field('issuer').replace(/\/$/, ''),
    admin_address: field('admin_address'),
    client_id: field('client_id'),
    client_secret: field('client_secret'),
  };
}

function object(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { usage } from './fault.ts';
import type { Surroundings } from './surroundings.ts';

/** The two ways in which a secret comes. Never as an argument: those are seen by everybody on the machine. */
export interface SecretOptions {
  readonly passwordStdin?: boolean;
  readonly passwordFile?: string;
}

/** The secret, or undefined when neither way was chosen. One newline at its end is no part of it. */
export async function readSecret(options: SecretOptions, surroundings: Surroundings): Promise<string | undefined> {
  const { passwordStdin, passwordFile } = options;
  if (passwordStdin && passwordFile !== undefined)
    throw usage('password', 'it comes from two places', 'give --password-stdin or --password-file');
  if (!passwordStdin && passwordFile === undefined) return undefined;
  const raw = passwordFile === undefined ? await fromStdin(surroundings) : fromFile(resolve(surroundings.cwd, passwordFile));
  const secret = raw.replace(/\r?\n$/, '');
  if (secret === '') throw usage('password', 'it is empty', 'write it to standard input or into the file');
  if (/[\r\n]/.test(secret)) throw usage('password', 'it has more than one line', 'give one line');
  return secret;
}

function fromFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw usage('password', `the file cannot be read (${why}: ${path})`, 'give the path of a file that holds it');
  }
}

function fromStdin({ stdin, stderr }: Surroundings): Promise<string> {
  if (!stdin.isTTY) return text(stdin);
  stderr.write('Password: ');
  // On a terminal it is typed unseen: readline echoes into nothing.
  const nothing = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: nothing, terminal: true });
  return new Promise((done) => {
    let typed = '';
    lines.once('line', (line) => {
      typed = line;
      lines.close();
    });
    lines.once('close', () => {
      stderr.write('\n');
      done(typed);
    });
    lines.once('SIGINT', () => lines.close());
  });
}

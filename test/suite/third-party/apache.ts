import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Program } from './program.ts';

const modules = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'dir', 'headers', 'auth_openidc'];

export interface Apache {
  readonly origin: string;
  /** What it has written to its log. */
  log(): string;
  stop(): Promise<void>;
}

/** Debian's apache2 on loopback: a page for everybody, and one for members, which `lines` are about. */
export async function startApache(port: number, lines: readonly string[]): Promise<Apache> {
  const program = new Program('apache');
  const { folder } = program;
  chmodSync(folder, 0o755); // its workers run as somebody else
  mkdirSync(join(folder, 'htdocs/secure'), { recursive: true });
  program.write('htdocs/index.html', '<!doctype html><title>Everybody</title><h1>Everybody</h1>');
  program.write('htdocs/secure/index.html', '<!doctype html><title>Members</title><h1>Members</h1>');
  const configuration = program.write('httpd.conf', configurationOf(folder, port, lines));
  const origin = `http://127.0.0.1:${port}`;
  try {
    await program.start('apache2', ['-f', configuration, '-DFOREGROUND'], `${origin}/`);
  } catch (error) {
    await program.stop();
    throw error;
  }
  return { origin, log: () => readFileSync(join(folder, 'error.log'), 'utf8'), stop: () => program.stop() };
}

function configurationOf(folder: string, port: number, lines: readonly string[]): string {
  return [
    `ServerRoot ${folder}`,
    'ServerName 127.0.0.1',
    `Listen 127.0.0.1:${port}`,
    `PidFile ${folder}/httpd.pid`,
    `DefaultRuntimeDir ${folder}`,
    'Mutex pthread',
    ...modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`),
    // Started by root, it hands its work to another; by anybody else, it is its own.
    ...(process.getuid?.() === 0 ? ['User www-data', 'Group www-data'] : []),
    `ErrorLog ${folder}/error.log`,
    'LogLevel warn',
    `DocumentRoot ${folder}/htdocs`,
    'DirectoryIndex index.html',
    'ForceType text/html',
    'StartServers 1',
    'ServerLimit 2',
    'ThreadsPerChild 8',
    'MaxRequestWorkers 16',
    ...lines,
    '',
  ].join('\n');
}

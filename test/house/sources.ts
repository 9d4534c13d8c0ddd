import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

export interface Source {
  /** From the root, with forward slashes. */
  path: string;
  text: string;
  /** `libs/rpc`, `apps/token`. */
  project: string;
  isTest: boolean;
}

/** Every TypeScript source that git knows or would know, generated code aside. */
export function sources(): Source[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '--', '*.ts', '*.tsx', '*.mjs'], {
    cwd: root,
    encoding: 'utf8',
  });
  return listed
    .split('\n')
    .filter((path) => path !== '' && existsSync(join(root, path)))
    .map((path) => ({
      path,
      text: readFileSync(join(root, path), 'utf8'),
      project: /^(?:libs|apps)\/[^/]+/.exec(path)?.[0] ?? 'root',
      isTest: /\.test\.ts$/.test(path) || path.startsWith('test/') || path.startsWith('libs/testing/') || /\/testing\//.test(path),
    }));
}

/** What a source imports, in any form. */
export function importsOf(text: string): string[] {
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^'"`;]*?from\s*['"]([^'"]+)['"]|import\s*\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)\s*import\s*['"]([^'"]+)['"]/g,
  );
  return [...found].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface ScriptCoverage {
  readonly url: string;
  readonly functions: readonly {
    readonly functionName: string;
    readonly ranges: readonly { readonly startOffset: number; readonly count: number }[];
  }[];
}

/** How often functions ran, by where their source is: `node_modules/pg/lib/client.js`, `libs/contracts/src/...`. */
export type Work = ReadonlyMap<string, ReadonlyMap<string, number>>;

/**
 * What processes that ran with NODE_V8_COVERAGE left when they ended: which functions of which source ran. In a bundle
 * the source of a function is told by the comment that esbuild writes before each module.
 */
export function readWork(folder: string): Work {
  const work = new Map<string, Map<string, number>>();
  for (const file of readdirSync(folder)) {
    const { result } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { result: ScriptCoverage[] };
    for (const script of result) if (script.url.startsWith('file:')) addScript(work, script);
  }
  return work;
}

/** How often a function of a package or folder of ours ran. */
export function ran(work: Work, source: string, functionName: string): number {
  let sum = 0;
  for (const [path, functions] of work) if (path.includes(source)) sum += functions.get(functionName) ?? 0;
  return sum;
}

function addScript(work: Map<string, Map<string, number>>, { url, functions }: ScriptCoverage): void {
  const path = fileURLToPath(url);
  if (!existsSync(path)) return;
  const sourceAt = sourcesOf(path);
  for (const { functionName, ranges } of functions) {
    const [whole] = ranges;
    if (functionName === '' || whole === undefined || whole.count === 0) continue;
    const source = sourceAt(whole.startOffset);
    const found = work.get(source) ?? new Map<string, number>();
    found.set(functionName, (found.get(functionName) ?? 0) + whole.count);
    work.set(source, found);
  }
}

/** Which source a place of a file came from; a file that is no bundle is its own source. */
function sourcesOf(path: string): (offset: number) => string {
  if (!path.includes('/dist/apps/')) return () => path;
  const text = readFileSync(path, 'utf8');
  const modules = [...text.matchAll(/^(?: {2})*\/\/ ((?:node_modules|libs|apps)\/\S+)$/gm)].map(({ index, 1: source = '' }) => ({ index, source }));
  return (offset) => {
    let [low, high] = [0, modules.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((modules[middle]?.index ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return modules[low - 1]?.source ?? path;
  };
}

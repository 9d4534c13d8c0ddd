import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
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
 * What processes that ran with NODE_V8_COVERAGE left when they ended: which functions of which source ran. Bundles are
 * read through their source maps.
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

/** By file: a map is large, and several processes run one bundle. */
const readers = new Map<string, (offset: number) => string>();

function addScript(work: Map<string, Map<string, number>>, { url, functions }: ScriptCoverage): void {
  const path = fileURLToPath(url);
  if (!existsSync(path)) return;
  const sourceAt = readers.get(path) ?? sourcesOf(path);
  readers.set(path, sourceAt);
  for (const { functionName, ranges } of functions) {
    const [whole] = ranges;
    if (functionName === '' || whole === undefined || whole.count === 0) continue;
    const source = sourceAt(whole.startOffset);
    const found = work.get(source) ?? new Map<string, number>();
    found.set(functionName, (found.get(functionName) ?? 0) + whole.count);
    work.set(source, found);
  }
}

/** Which source a place of a file came from, by the bundle's source map; any other file is its own source. */
function sourcesOf(path: string): (offset: number) => string {
  const map = `${path}.map`;
  if (!path.includes('/dist/apps/') || !existsSync(map)) return () => path;
  const entries = new SourceMap(JSON.parse(readFileSync(map, 'utf8')) as ConstructorParameters<typeof SourceMap>[0]);
  const lineStarts = [0, ...[...readFileSync(path, 'utf8').matchAll(/\n/g)].map(({ index }) => index + 1)];
  return (offset) => {
    const line = lastAtMost(lineStarts, offset);
    const entry = entries.findEntry(line, offset - (lineStarts[line] ?? 0));
    // What the bundler put in itself has no source, whatever the types say.
    const source: string | undefined = 'originalSource' in entry ? entry.originalSource : undefined;
    return source?.replace(/^(\.\.\/)+/, '') ?? path;
  };
}

/** The place of the last number that is not above a bound, in an ascending list. */
function lastAtMost(ascending: readonly number[], bound: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? 0) <= bound) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

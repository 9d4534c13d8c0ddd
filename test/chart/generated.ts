import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { serviceNames, topology } from './peers.ts';
import { isMap, isScalar, parseDocument, type Pair, type YAMLMap } from 'yaml';
import { chart } from './render.ts';

/** What of the chart is written by generate.ts, as text: a test compares it with what is there. */

export const valuesPath = join(chart, 'values.yaml');
export const readmePath = join(chart, 'README.md');

/** values.yaml with the table of libs/rpc/src/topology.ts. */
export function valuesWithTopology(): string {
  const text = readFileSync(valuesPath, 'utf8');
  const block = serviceNames.map((service) => {
    const rules = Object.entries(topology[service]).map(([rpc, callers]) => `    ${rpc}: [${callers.join(', ')}]\n`);
    return rules.length === 0 ? `  ${service}: {}\n` : `  ${service}:\n${rules.join('')}`;
  });
  const made = text.replace(/^topology:\n(?: .*\n)+/m, `topology:\n${block.join('')}`);
  if (!made.includes('\ntopology:\n')) throw new Error('values.yaml has no topology');
  return made;
}

/** README.md with a row for every value whose comment begins with `--`. */
export function readmeWithTable(): string {
  const text = readFileSync(readmePath, 'utf8');
  const document = parseDocument(readFileSync(valuesPath, 'utf8'));
  if (!isMap(document.contents)) throw new Error('values.yaml is no map');
  const rows = rowsOf(document.contents, '').map(({ path, shown, doc }) => `| \`${path}\` | ${shown} | ${cell(doc)} |`);
  const table = ['| value | default | what it is |', '|---|---|---|', ...rows].join('\n');
  const parts = text.split(/(?<=<!-- values: [^\n]*-->\n)[\s\S]*(?=<!-- end of values -->)/);
  if (parts.length !== 2) throw new Error('README.md has no place for the values');
  return parts.join(`${table}\n`);
}

interface Row {
  readonly path: string;
  readonly shown: string;
  readonly doc: string;
}

function rowsOf(map: YAMLMap, prefix: string): Row[] {
  return map.items.flatMap((pair, index) => {
    const path = `${prefix}${String(isScalar(pair.key) ? pair.key.value : pair.key)}`;
    const doc = docOf(pair, index === 0 ? map.commentBefore : undefined);
    if (doc !== undefined) return [{ path, shown: shownOf(path, pair), doc }];
    if (isMap(pair.value)) return rowsOf(pair.value, `${path}.`);
    throw new Error(`values.yaml: ${path} has no comment that begins with --`);
  });
}

/** The comment before a key; the parser hangs the one before a map's first key on the map. */
function docOf(pair: Pair, ofMap: string | null | undefined): string | undefined {
  const comment = (isScalar(pair.key) ? pair.key.commentBefore : undefined) ?? ofMap ?? '';
  const [, doc] = /(?:^|\n) -- ([^\n]*)$/.exec(comment) ?? [];
  return doc;
}

function shownOf(path: string, pair: Pair): string {
  if (path === 'topology') return 'the table';
  // toJSON is what a value would be in JSON: all that a default here can be.
  const value: unknown =
    pair.value && typeof pair.value === 'object' && 'toJSON' in pair.value ? (pair.value as YAMLMap).toJSON() : undefined;
  const text = JSON.stringify(value);
  return text.length > 120 ? 'see values.yaml' : `\`${cell(text)}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

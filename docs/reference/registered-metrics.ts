import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { metricNames } from '@authority/telemetry';

export interface RegisteredMetric {
  name: string;
  kind: string;
  help: string;
}

/** `counter('name', 'help'`, and the one that asks OpenTelemetry itself: `.createObservableCounter(metricNames.name, { description: 'help'`. */
const callShape =
  /(?<![\w])(counter|histogram|gauge|createObservableCounter)\(\s*(?:'(\w+)'|metricNames\.(\w+)),\s*(?:\{ description: )?'([^']*)'/g;

/** Every metric that a source registers, by name. */
export function registeredMetrics(root: string): RegisteredMetric[] {
  const found = new Map<string, RegisteredMetric>();
  for (const path of ['libs', 'apps'].flatMap((folder) => sourcesBelow(join(root, folder)))) {
    const text = readFileSync(path, 'utf8');
    const calls = text.matchAll(callShape);
    for (const [, kind = '', literal, key = '', help = ''] of calls) {
      const name = literal ?? Object.entries(metricNames).find(([one]) => one === key)?.[1] ?? key;
      found.set(name, { name, kind: kind === 'createObservableCounter' ? 'counter' : kind, help });
    }
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function sourcesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return /^(node_modules|generated|testing)$/.test(entry.name) ? [] : sourcesBelow(path);
    return entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts') ? [path] : [];
  });
}

import { type Command, Option } from 'commander';
import { count } from './command.ts';
import { failure } from './fault.ts';
import type { Print } from './output/print.ts';

export interface ListOptions {
  readonly limit: number;
}

interface Answer<T> {
  readonly things: readonly T[];
  readonly next_page_token: string;
}

export function limitOption(command: Command): Command {
  return command.addOption(new Option('--limit <n>', 'at most so many; 0 for all').argParser(count).default(100));
}

/** Reads pages until there are enough; tells people when there is more. */
export async function listAll<T>(
  { limit }: ListOptions,
  fetch: (page: { page_size: number; page_token: string }) => Promise<Answer<T>>,
  print: Print,
): Promise<readonly T[]> {
  const found: T[] = [];
  const most = limit === 0 ? Number.POSITIVE_INFINITY : limit;
  let page_token = '';
  do {
    const answer = await fetch({ page_size: Math.min(500, most - found.length), page_token });
    if (answer.next_page_token === page_token && page_token !== '') {
      throw failure('list', 'the server gives the same page again', 'its log may say why');
    }
    found.push(...answer.things);
    page_token = answer.next_page_token;
  } while (page_token !== '' && found.length < most);
  if (page_token !== '') print.note(`There are more than ${limit}; see them with --limit 0 or find some with a filter.`);
  return found.slice(0, Math.min(most, found.length));
}

/** A filter of the terms that were given: `field = "value"` joined by AND. A `*` at the end keeps its meaning. */
export function filterOf(terms: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(terms)
    .flatMap(([field, value]) => (value === undefined ? [] : [`${field} = "${quoted(value)}"`]))
    .join(' AND ');
}

function quoted(value: string): string {
  const body = value.endsWith('*') ? value.slice(0, -1) : value;
  return body.replace(/["\\*]/g, '\\$&') + value.slice(body.length);
}

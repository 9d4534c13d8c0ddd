import { setTimeout as sleep } from 'node:timers/promises';
import { type ListIdentitiesRequest, type ListIdentitiesResponse, IdentityServiceService } from '@authority/contracts/admin';
import { Operator, Person, type Suite } from '@authority/testing/suite';
import { rssMiB } from '../../bench/cpu.ts';
import { emailOf, password, wordOf } from './people.ts';

/** Milliseconds of each kind of request, and what the server held meanwhile. */
export interface Measured {
  readonly times: Readonly<Record<Kind, readonly number[]>>;
  readonly rssMiB: number;
  readonly failures: readonly string[];
}

export const kinds = ['sign-in', 'list', 'exact', 'substring'] as const;
export type Kind = (typeof kinds)[number];

export interface Pace {
  readonly seconds: number;
  /** Sign-ins a second; operators look for somebody as often. */
  readonly rate: number;
}

/** Sign-ins and looks of operators at a steady rate, whatever the answers take. Each sign-in is somebody's first. */
export async function load(suite: Suite, people: number, { seconds, rate }: Pace, firstPerson: number): Promise<Measured> {
  const times: Record<Kind, number[]> = { 'sign-in': [], list: [], exact: [], substring: [] };
  const failures: string[] = [];
  const held: number[] = [];
  const operator = new Operator(suite);
  await operator.token();
  const under: Promise<void>[] = [];
  const measured = (kind: Kind, work: () => Promise<number>): void => {
    under.push(
      work().then(
        (ms) => void times[kind].push(ms),
        (error: unknown) => void failures.push(`${kind}: ${String(error)}`),
      ),
    );
  };
  const lister = listsOf(operator, people);
  const signIns = seconds * rate;
  const step = Math.max(1, Math.floor(people / signIns / 20)) * 20;
  const started = performance.now();
  for (let turn = 0; turn < signIns; turn += 1) {
    // Spread over all, and the kinds of hashes in the same order at any number of people.
    const index = (firstPerson + Math.floor(turn / 20) * step + (turn % 20)) % people;
    measured('sign-in', () => signIn(suite.issuer, index));
    lister(turn, measured);
    if (turn % rate === 0) held.push(rssMiB([...suite.processes.values()].map(({ pid }) => pid)));
    await sleep(Math.max(0, started + ((turn + 1) * 1000) / rate - performance.now()));
  }
  await Promise.all(under);
  operator.close();
  return { times, rssMiB: percentile(held, 0.5), failures };
}

/** The password POST with the pages that it leads to; the disabled ones are let alone. */
async function signIn(issuer: string, asked: number): Promise<number> {
  const index = asked % 100 === 99 ? asked - 20 : asked;
  const person = new Person(issuer, emailOf(index), password);
  const page = await person.visit(`${issuer}/login`);
  const started = performance.now();
  const place = await person.signIn(page);
  const ms = performance.now() - started;
  if (place.page?.status !== 200 || person.cookie('session') === undefined) {
    throw new Error(`${emailOf(index)} was not signed in: ${place.page?.status} ${place.url.pathname}`);
  }
  return ms;
}

type Measure = (kind: Kind, work: () => Promise<number>) => void;

/** What operators look for, in turn: pages one after another, people by what they have, parts of names. */
function listsOf(operator: Operator, people: number): (turn: number, measured: Measure) => void {
  let page_token = '';
  const ask = async (asked: Partial<ListIdentitiesRequest>, expect: (answer: ListIdentitiesResponse) => boolean): Promise<number> => {
    const request = { page_size: 50, page_token: '', filter: '', search: '', ...asked };
    const started = performance.now();
    const answer = await operator.call(IdentityServiceService.listIdentities, request);
    const ms = performance.now() - started;
    if (!expect(answer)) throw new Error(`${JSON.stringify(asked)} found ${answer.identities.length}`);
    return ms;
  };
  const nextPage = async (): Promise<number> => {
    const at = page_token;
    return ask({ page_token: at }, (answer) => {
      page_token = answer.next_page_token;
      return answer.identities.length > 0;
    });
  };
  const needles: readonly ((index: number) => readonly [needle: string, finds: boolean])[] = [
    (index) => [wordOf(index).slice(1), true],
    () => ['dijkstra', true],
    (index) => [`.${index}@mail`, true],
    () => ['EXAMPLE.com', true],
    (index) => [`@mail${index % 50}.exa`, true],
    () => ['nobody at all', false],
    (index) => [wordOf(index).slice(0, 3), true],
    () => ['ada hop', true],
  ];
  return (turn, measured) => {
    const index = (turn * 7919) % people;
    const [needle, finds] = needles[Math.floor(turn / 4) % needles.length]?.(index) ?? ['', true];
    if (turn % 4 === 0) measured('list', nextPage);
    else if (turn % 4 === 1)
      measured('exact', () => ask({ filter: `email = "${emailOf(index)}"` }, ({ identities }) => identities.length === 1));
    else if (turn % 4 === 2) measured('list', () => ask({ filter: 'disabled = "true"' }, ({ identities }) => identities.length > 0));
    else
      measured('substring', () =>
        ask({ search: needle }, (answer) => !finds || answer.identities.length > 0 || answer.next_page_token !== ''),
      );
  };
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

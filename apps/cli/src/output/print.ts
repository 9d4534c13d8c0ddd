import { stringify } from 'yaml';
import type { Surroundings } from '../surroundings.ts';
import { type Column, fields, table, type TableStyle } from './table.ts';

export const formats = ['table', 'json', 'yaml'] as const;
export type Format = (typeof formats)[number];

/** How one kind of thing is shown. */
export interface View<T> {
  readonly columns: readonly Column<T>[];
  /** Its stable shape for programs: the fields of the contract in their wire spelling. Empty fields are kept. */
  readonly data: (thing: T) => Readonly<Record<string, unknown>>;
  /** The fields of one thing for people, where they are not those of `data`. */
  readonly people?: (thing: T) => Readonly<Record<string, unknown>>;
}

/** What a command writes. */
export class Print {
  constructor(
    private readonly surroundings: Pick<Surroundings, 'stdout' | 'stderr' | 'env'>,
    private readonly format: Format,
  ) {}

  list<T>(things: readonly T[], view: View<T>, none: string): void {
    if (this.format !== 'table') this.data(things.map(view.data));
    else if (things.length === 0) this.note(none);
    else this.out(table(things, view.columns, this.style));
  }

  one<T>(thing: T, view: View<T>, more: Readonly<Record<string, unknown>> = {}): void {
    const shown = this.format === 'table' && view.people ? view.people(thing) : view.data(thing);
    this.record({ ...shown, ...more });
  }

  record(data: Readonly<Record<string, unknown>>): void {
    if (this.format !== 'table') this.data(data);
    else
      this.out(
        fields(
          Object.entries(data).flatMap(([name, value]) => field(name, value)),
          this.style,
        ),
      );
  }

  /** The answer of a command that gives nothing back: a line for people, a small object for programs. */
  done(line: string, data: Readonly<Record<string, unknown>>): void {
    if (this.format !== 'table') this.data(data);
    else this.out(`${line}\n`);
  }

  /** For people beside the answer; never on standard output. */
  note(line: string): void {
    this.surroundings.stderr.write(`${line}\n`);
  }

  private data(value: unknown): void {
    const text = this.format === 'yaml' ? stringify(value, { lineWidth: 0 }) : `${JSON.stringify(value, null, 2)}\n`;
    // JSON leaves these as they are, and a terminal would obey them.
    this.out(text.replace(/[\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '?'));
  }

  private out(text: string): void {
    this.surroundings.stdout.write(text);
  }

  private get style(): TableStyle {
    const { stdout, env } = this.surroundings;
    // https://no-color.org: present and not empty, whatever its value.
    return { bold: stdout.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb' };
  }
}

/** A field for people: times as times, lists as words; empty ones are left out. */
function field(name: string, value: unknown): [string, string][] {
  if (value === '' || value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return [];
  if (typeof value === 'number' && name.endsWith('_ms')) {
    return value === 0 ? [] : [[name.slice(0, -'_ms'.length), `${new Date(value).toISOString().slice(0, 19).replace('T', ' ')} UTC`]];
  }
  if (typeof value === 'boolean') return [[name, value ? 'yes' : 'no']];
  if (Array.isArray(value) && value.every((one) => typeof one !== 'object')) return [[name, value.join(' ')]];
  if (typeof value === 'object' && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([inner, one]) => field(`${name}.${inner}`, one));
  }
  return [[name, typeof value === 'object' ? JSON.stringify(value) : String(value)]];
}

/** A field that holds JSON as text is data to a program; what is no JSON stays text. */
export function json(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

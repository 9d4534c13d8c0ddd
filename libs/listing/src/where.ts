import { createHash } from 'node:crypto';
import type { Term } from './filter.ts';
import type { Page } from './page.ts';

/**
 * Where a filter's field is in a statement: a column, or the condition for a parameter (`(p) => `${p} = ANY(grant_types)``).
 * Written by the owner, never made from what a caller sent.
 */
export type ColumnOf = string | ((parameter: string) => string);

/** The condition of a list statement. What a caller sent becomes parameters only. */
export class Where {
  readonly values: unknown[];
  private readonly conditions: string[] = [];
  private limit = 0;

  /** `values` are the parameters that the statement already has before the condition. */
  constructor(values: readonly unknown[] = []) {
    this.values = [...values];
  }

  /** A condition of the owner's own: `where.add('realm = ', realm)`, `where.add('deleted_at IS NULL')`. */
  add(condition: string, ...value: readonly [unknown?]): this {
    this.conditions.push(value.length === 0 ? condition : condition + this.parameter(value[0]));
    return this;
  }

  /** Gives a value a place: `$3`. */
  parameter(value: unknown): string {
    return `$${this.values.push(value)}`;
  }

  filter<F extends string>(terms: readonly Term<F>[], columns: Readonly<Record<F, ColumnOf>>): this {
    for (const term of terms) this.conditions.push(this.condition(term, columns[term.field]));
    return this;
  }

  /** Rows behind the page before, compared as one row value so that an index on the order serves it. */
  after({ after, order, limit }: Page): this {
    this.limit = limit;
    if (after === undefined) return this;
    const columns = order.columns.map(({ column }) => column).join(', ');
    const keys = order.columns.map(({ type }, index) => `${this.parameter(after[index])}::${type}`).join(', ');
    this.conditions.push(`(${columns}) ${order.descending ? '<' : '>'} (${keys})`);
    return this;
  }

  /** `WHERE …`, or nothing. */
  get sql(): string {
    return this.conditions.length === 0 ? '' : `WHERE ${this.conditions.map((one) => `(${one})`).join(' AND ')}`;
  }

  /**
   * A short name of this condition's text: prepared statements of different texts need different names. It tells pages of
   * different sizes apart too, for statements that write `LIMIT ${page.limit}` into their text.
   */
  get shape(): string {
    return createHash('sha256').update(`${this.limit} ${this.sql}`).digest('base64url').slice(0, 10);
  }

  private condition(term: Term, column: ColumnOf): string {
    const parameter = this.parameter(term.value);
    if (typeof column === 'function') return column(parameter);
    // starts_with and not LIKE: nothing in the value is a pattern.
    return term.match === 'prefix' ? `starts_with(${column}, ${parameter})` : `${column} = ${parameter}`;
  }
}

import type { Outcome } from './outcome.ts';
import type { Visit } from './visit.ts';

/** The values of a query, a form or a JSON object, by name. A step's fields may not be repeated. */
export type Values = ReadonlyMap<string, string>;

/**
 * One browser step. It ends by asking Authorize again, and never knows which step comes next (house.md). `submit` is only
 * called for forms that passed the CSRF checks.
 */
export interface Step {
  /** `/login`, and `/self-service/v1/login` as JSON. */
  readonly path: string;
  /** Where the JSON has another name. */
  readonly jsonPath?: string;
  show(visit: Visit, query: Values): Promise<Outcome>;
  submit?(visit: Visit, values: Values): Promise<Outcome>;
}

export const value = (values: Values, name: string): string => values.get(name) ?? '';

/** A path of ours with parameters; absent ones are left out. */
export function withQuery(path: string, parameters: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, one]) => one !== ''));
  return query.size === 0 ? path : `${path}?${query}`;
}

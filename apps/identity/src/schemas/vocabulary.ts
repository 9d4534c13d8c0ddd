import { formats } from './formats.ts';
import { LinearRegExp } from './linear-regexp.ts';

/** What a keyword's value must be; answers what is wrong with it. */
type Judge = (value: unknown) => string | undefined;

export const bounds = { text: 512, items: 50, choices: 100, properties: 60, definitions: 50 } as const;

const whole =
  (most: number): Judge =>
  (value) =>
    Number.isInteger(value) && Number(value) >= 0 && Number(value) <= most ? undefined : `must be a whole number from 0 to ${most}`;
const finite: Judge = (value) => (typeof value === 'number' && Number.isFinite(value) ? undefined : 'must be a number');
const text: Judge = (value) =>
  typeof value === 'string' && value.length <= 1000 ? undefined : 'must be a text of at most 1000 characters';
const names: Judge = (value) =>
  Array.isArray(value) && value.length <= bounds.properties && value.every((name) => typeof name === 'string')
    ? undefined
    : `must be a list of at most ${bounds.properties} names`;
const isScalar = (value: unknown): boolean =>
  (typeof value === 'string' && value.length <= bounds.text && value.isWellFormed()) ||
  Number.isFinite(value) ||
  typeof value === 'boolean';

/** Keywords of JSON Schema 2020-12 whose value is no schema. The draft's others are refused, and so is whatever it does not know. */
export const assertions: Readonly<Record<string, Judge>> = {
  title: text,
  description: text,
  $comment: text,
  type: (value) =>
    ['string', 'number', 'integer', 'boolean', 'object', 'array'].some((type) => type === value)
      ? undefined
      : 'must be one of string, number, integer, boolean, object, array',
  enum: (value) =>
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= bounds.choices &&
    value.every(isScalar) &&
    new Set(value).size === value.length
      ? undefined
      : `must be a list of 1 to ${bounds.choices} different texts, numbers or flags`,
  const: (value) => (isScalar(value) ? undefined : 'must be a text, a number or a flag'),
  minLength: whole(bounds.text),
  maxLength: whole(bounds.text),
  pattern: (value) => (typeof value === 'string' ? patternFault(value) : 'must be a regular expression'),
  format: (value) =>
    typeof value === 'string' && Object.hasOwn(formats, value) ? undefined : `must be one of ${Object.keys(formats).join(', ')}`,
  minimum: finite,
  maximum: finite,
  exclusiveMinimum: finite,
  exclusiveMaximum: finite,
  multipleOf: (value) => (typeof value === 'number' && Number.isFinite(value) && value > 0 ? undefined : 'must be a number greater than 0'),
  minItems: whole(bounds.items),
  maxItems: whole(bounds.items),
  uniqueItems: (value) => (typeof value === 'boolean' ? undefined : 'must be true or false'),
  required: names,
};

/** Keywords that judge the same value once more. */
export const applicators = ['not', 'if', 'then', 'else'] as const;
export const lists = ['allOf', 'anyOf', 'oneOf'] as const;

function patternFault(pattern: string): string | undefined {
  try {
    new LinearRegExp(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

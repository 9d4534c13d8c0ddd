import { refusal } from './refusal.ts';
import { FilterMistake, type Token, words } from './filter-lexer.ts';

/** What a filter may say about one field. */
export type FilterField =
  | { readonly kind: 'text'; readonly prefix: boolean; readonly normalize?: (value: string) => string }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'flag' };

export type FilterFields = Readonly<Record<string, FilterField>>;

/** The value must be equal. `normalize` brings it into the stored spelling (an address in lower case). */
export const exact = (normalize?: (value: string) => string): FilterField => ({
  kind: 'text',
  prefix: false,
  ...(normalize ? { normalize } : {}),
});

/** As `exact`, and `"abc*"` finds what begins with `abc`. */
export const prefix = (normalize?: (value: string) => string): FilterField => ({ ...exact(normalize), kind: 'text', prefix: true });

/** One of a few words; another word is refused rather than finding nothing. */
export const oneOf = (...choices: readonly string[]): FilterField => ({ kind: 'choice', choices });

/** `"true"` or `"false"`, quoted or not. */
export const flag = (): FilterField => ({ kind: 'flag' });

/** One term of a filter. All terms hold for a row that is found. */
export type Term<F extends string = string> =
  | { readonly field: F; readonly match: 'equals' | 'prefix'; readonly value: string }
  | { readonly field: F; readonly match: 'is'; readonly value: boolean };

const longestFilter = 2048;
const mostTerms = 16;

/** Reads a filter: `field = "value"` terms joined by `AND`. Empty finds all. */
export function parseFilter<F extends FilterFields>(filter: string, fields: F): Term<keyof F & string>[] {
  try {
    // NUL is a character that PostgreSQL's text cannot hold; a lone surrogate cannot be sent to it as UTF-8.
    if (filter.includes('\0') || !filter.isWellFormed()) throw new FilterMistake('must be well-formed text without NUL');
    if (filter.length > longestFilter) throw new FilterMistake(`must have at most ${longestFilter} characters`);
    return terms(words(filter), fields);
  } catch (mistake) {
    if (!(mistake instanceof FilterMistake)) throw mistake;
    throw refusal('filter_invalid', [{ field: 'filter', description: mistake.message }]);
  }
}

function terms<F extends FilterFields>(tokens: readonly Token[], fields: F): Term<keyof F & string>[] {
  const found: Term<keyof F & string>[] = [];
  for (let index = 0; index < tokens.length; index += 4) {
    found.push(term(tokens.slice(index, index + 3), fields));
    if (found.length > mostTerms) throw new FilterMistake(`must have at most ${mostTerms} terms`);
    const joint = tokens[index + 3];
    if (joint === undefined) break;
    if (joint.kind !== 'word' || joint.text !== 'AND') throw new FilterMistake(`needs AND at character ${joint.at}`);
    if (index + 4 >= tokens.length) throw new FilterMistake('must not end with AND');
  }
  return found;
}

function term<F extends FilterFields>(tokens: readonly Token[], fields: F): Term<keyof F & string> {
  const [name, equals, value] = tokens;
  if (name?.kind !== 'word') throw new FilterMistake(`needs the name of a field at character ${name?.at ?? 1}`);
  const field = fieldNamed(name.text, fields);
  if (equals?.kind !== 'equals') throw new FilterMistake(`needs = after ${name.text}; other comparisons are not offered`);
  if (value === undefined || value.kind === 'equals' || (value.kind === 'word' && !/^(?:true|false)$/.test(value.text))) {
    throw new FilterMistake(`needs a value in double quotes after ${name.text} =`);
  }
  const wildcard = value.kind === 'value' && value.wildcard;
  // `fieldNamed` has found the name among the fields' own keys.
  return termOf(name.text as keyof F & string, field, value.text, wildcard);
}

function fieldNamed(name: string, fields: FilterFields): FilterField {
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (field !== undefined) return field;
  throw new FilterMistake(`has no field of this name: ${name}; there is ${Object.keys(fields).join(', ') || 'none'}`);
}

function termOf<F extends string>(field: F, kind: FilterField, value: string, wildcard: boolean): Term<F> {
  if (wildcard && !(kind.kind === 'text' && kind.prefix)) {
    throw new FilterMistake(`takes no * for ${field}; write the whole value, or \\* for the character`);
  }
  if (kind.kind === 'flag') {
    if (value !== 'true' && value !== 'false') throw new FilterMistake(`needs "true" or "false" for ${field}`);
    return { field, match: 'is', value: value === 'true' };
  }
  if (kind.kind === 'choice') {
    if (!kind.choices.includes(value)) throw new FilterMistake(`needs one of ${kind.choices.join(', ')} for ${field}`);
    return { field, match: 'equals', value };
  }
  return { field, match: wildcard ? 'prefix' : 'equals', value: kind.normalize?.(value) ?? value };
}

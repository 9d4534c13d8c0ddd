import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { formats } from './formats.ts';
import { LinearRegExp } from './linear-regexp.ts';

/** What is wrong with a set of traits. */
export interface TraitFault {
  /** The trait's name, with dots; empty: the traits as a whole. */
  readonly trait: string;
  /** Stable; the text for people lives with the user interface. */
  readonly id: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** For operators. */
  readonly description: string;
}

const ajv = new Ajv2020({
  allErrors: true,
  logger: false,
  ownProperties: true,
  strictSchema: true,
  strictNumbers: true,
  // Conditions say `required` and `properties` of what is described elsewhere.
  strictTypes: false,
  strictRequired: false,
  code: { regExp: Object.assign((pattern: string) => new LinearRegExp(pattern), { code: 'LinearRegExp' }) },
});
ajv.addKeyword({ keyword: 'authority', schemaType: 'object' });
for (const [name, validate] of Object.entries(formats)) ajv.addFormat(name, { type: 'string', validate });

/** The check that a document stands for; the document has been judged (document.ts). */
export function validatorOf(schema: Readonly<Record<string, unknown>>): (traits: unknown) => TraitFault[] {
  const copy = structuredClone(schema);
  const validate: ValidateFunction = ajv.compile(copy);
  // Ajv remembers every schema that it was given, and these come and go.
  ajv.removeSchema(copy);
  return (traits) => (validate(traits) ? [] : faultsOf(validate.errors ?? []));
}

function faultsOf(errors: readonly ErrorObject[]): TraitFault[] {
  const faults = errors.map(faultOf);
  // One for each trait is enough: the first, in the order of the document.
  const first = faults.filter((fault, index) => faults.findIndex(({ trait }) => trait === fault.trait) === index);
  const named = first.filter(({ trait }) => trait !== '');
  return (named.length > 0 ? named : first).slice(0, 50);
}

function faultOf({ keyword, instancePath, params, message }: ErrorObject): TraitFault {
  const at = instancePath.split('/').slice(1);
  const missing: unknown = params['missingProperty'] ?? params['additionalProperty'];
  const trait = [...at, ...(typeof missing === 'string' ? [missing.slice(0, 80)] : [])].join('.');
  const [id, parameters] = messageOf(keyword, params);
  return { trait, id, parameters, description: descriptions[id] ?? message ?? 'does not fit' };
}

function messageOf(keyword: string, params: Readonly<Record<string, unknown>>): [string, Record<string, string>] {
  const limit = String(params['limit'] ?? '');
  if (keyword === 'required' || keyword === 'dependentRequired') return ['required', {}];
  if (keyword === 'additionalProperties') return ['trait_unknown', {}];
  if (keyword === 'maxLength') return ['trait_too_long', { max: limit }];
  if (keyword === 'minLength') return ['trait_too_short', { min: limit }];
  if (/^(?:exclusiveM|m)inimum$/.test(keyword)) return ['trait_too_small', { min: limit }];
  if (/^(?:exclusiveM|m)aximum$/.test(keyword)) return ['trait_too_large', { max: limit }];
  if (keyword === 'format' && (params['format'] === 'email' || params['format'] === 'phone')) return [`${params['format']}_invalid`, {}];
  return ['trait_invalid', {}];
}

const descriptions: Readonly<Record<string, string>> = {
  required: 'is missing',
  trait_unknown: 'is no trait of the schema',
  email_invalid: 'must be an e-mail address',
  phone_invalid: 'must be a telephone number with its country, such as +49 151 23456789',
};

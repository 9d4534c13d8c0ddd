import type { FieldViolation } from '@authority/errors';
import { type Annotation, isObject, noAnnotation, readAnnotation } from './annotation.ts';
import { costFault } from './cost.ts';
import { addressKindOf, type Trait, type TraitType } from './trait.ts';
import { applicators, assertions, bounds, lists } from './vocabulary.ts';

/** A schema's document that has been judged: JSON Schema 2020-12 for an object of traits. */
export interface SchemaDocument {
  readonly title: string;
  readonly schema: Readonly<Record<string, unknown>>;
  readonly traits: readonly Trait[];
}

const draft = 'https://json-schema.org/draft/2020-12/schema';
export const mostDocumentBytes = 65_536;
const deepest = 12;
const mostSchemas = 1000;
const mostViolations = 20;

/** Names of fields that forms use for themselves. */
const taken: ReadonlySet<string> = new Set([
  ...[
    'password',
    'new_password',
    'current_password',
    'method',
    'action',
    'flow',
    'csrf',
    'csrf_token',
    'code',
    'token',
    'id',
    'identifier',
  ],
  ...['login', 'next', 'return_to', 'sub', 'resend', 'credential', 'captcha'],
]);

/** Where a schema stands: what it judges is a trait (or a part of one), or it is only one more condition on a trait. */
interface Place {
  readonly at: string;
  readonly depth: number;
  readonly condition: boolean;
  /** Members that lead to the trait; undefined in lists, conditions and definitions, which have no annotations. */
  readonly path: readonly string[] | undefined;
  readonly required: boolean;
}

/**
 * Reads a schema's document. It comes from an operator, and everything that it can make this server do is bounded before
 * anything is compiled: its size and depth, what it refers to (itself only, in no circle), which keywords it may use, how
 * much one set of traits can cost, and that every trait has a type and nobody can add others.
 */
export function readDocument(json: string, field: string): SchemaDocument | FieldViolation[] {
  if (Buffer.byteLength(json) > mostDocumentBytes) return [{ field, description: `must have at most ${mostDocumentBytes} bytes` }];
  const schema = parsed(json);
  if (!isObject(schema)) return [{ field, description: 'must be a JSON object: a schema of JSON Schema 2020-12' }];
  const reader = new DocumentReader(schema, field);
  return reader.read();
}

class DocumentReader {
  readonly #violations: FieldViolation[] = [];
  readonly #traits: Trait[] = [];
  readonly #definitions: ReadonlySet<string>;
  #schemas = 0;

  constructor(
    private readonly schema: Record<string, unknown>,
    private readonly field: string,
  ) {
    this.#definitions = new Set(isObject(schema['$defs']) ? Object.keys(schema['$defs']) : []);
  }

  read(): SchemaDocument | FieldViolation[] {
    const { $schema, $defs, ...root } = this.schema;
    if ($schema !== undefined && $schema !== draft) this.#report('$schema', `must be ${draft}`);
    if ($defs !== undefined) this.#named($defs, '$defs', bounds.definitions, (one, at) => this.#walk(one, condition(at, 1, false)));
    if (root['type'] !== 'object') this.#report('type', 'must be object');
    if (root['authority'] !== undefined) this.#report('authority', 'belongs to traits');
    this.#walk(root, { at: '', depth: 0, condition: false, path: [], required: true });
    if (this.#violations.length === 0) this.#judgeWhole();
    if (this.#violations.length > 0) return this.#violations;
    return { title: typeof root['title'] === 'string' ? root['title'] : '', schema: this.schema, traits: this.#ordered() };
  }

  #walk(schema: unknown, place: Place): void {
    this.#schemas += 1;
    if (this.#schemas > mostSchemas || place.depth > deepest) {
      if (this.#schemas === mostSchemas + 1 || place.depth === deepest + 1)
        this.#report(place.at, 'is too much: there are bounds on size and depth');
      return;
    }
    if (!isObject(schema)) {
      this.#report(place.at, 'must be a schema object');
      return;
    }
    for (const [keyword, value] of Object.entries(schema)) this.#judge(keyword, value, schema, place);
    if (!place.condition) this.#assertClosed(schema, place);
    if (place.path && place.path.length > 0) this.#note(schema, place.path, place);
  }

  #judge(keyword: string, value: unknown, schema: Record<string, unknown>, place: Place): void {
    const at = join(place.at, keyword.slice(0, 80));
    const deeper = condition(at, place.depth + 1);
    if (Object.hasOwn(assertions, keyword)) {
      const fault = assertions[keyword]?.(value);
      if (fault !== undefined) this.#report(at, fault);
    } else if (keyword === 'properties') this.#properties(value, schema, { ...place, at });
    else if (keyword === 'items') this.#walk(value, { ...deeper, condition: place.condition });
    else if (keyword === 'additionalProperties') {
      if (value !== false || place.condition) this.#report(at, 'must be false, where a trait is described');
    } else if (keyword === '$ref') this.#reference(value, at);
    else if (keyword === 'dependentRequired')
      this.#named(value, at, bounds.properties, (one, where) => this.#judge('required', one, schema, { ...deeper, at: where }));
    else if (applicators.some((one) => one === keyword)) this.#walk(value, deeper);
    else if (lists.some((one) => one === keyword)) this.#list(value, deeper);
    else if (keyword === 'authority') {
      if (!place.path) this.#report(at, 'belongs to traits: properties of the object, or of objects in it');
    } else this.#report(at, 'is no keyword that schemas of identities can have');
  }

  #properties(value: unknown, schema: Record<string, unknown>, { at, depth, condition: isCondition, path, required }: Place): void {
    const names: unknown = schema['required'];
    this.#named(value, at, bounds.properties, (one, where, name) => {
      if (path?.length === 0 && taken.has(name)) this.#report(where, 'is a name that forms need for something else');
      const isRequired = required && Array.isArray(names) && names.includes(name);
      this.#walk(one, { at: where, depth: depth + 1, condition: isCondition, path: path && [...path, name], required: isRequired });
    });
  }

  #named(value: unknown, at: string, most: number, act: (one: unknown, at: string, name: string) => void): void {
    if (!isObject(value) || Object.keys(value).length > most) {
      this.#report(at, `must be an object of at most ${most} members`);
      return;
    }
    for (const [name, one] of Object.entries(value)) {
      const where = join(at, name.slice(0, 80));
      if (/^[a-z][a-z0-9_]{0,39}$/.test(name) && !(name in {})) act(one, where, name);
      else this.#report(where, 'must be a name of at most 40 lower-case letters, digits and _, a letter first');
    }
  }

  #list(value: unknown, place: Place): void {
    if (!Array.isArray(value) || value.length === 0 || value.length > 20) {
      this.#report(place.at, 'must be a list of 1 to 20 schemas');
      return;
    }
    for (const [index, one] of value.entries()) this.#walk(one, { ...place, at: join(place.at, String(index)) });
  }

  /** What is elsewhere could change, or be asked for. */
  #reference(value: unknown, at: string): void {
    const name = typeof value === 'string' ? /^#\/\$defs\/([a-z][a-z0-9_]*)$/.exec(value)?.[1] : undefined;
    if (name === undefined || !this.#definitions.has(name))
      this.#report(at, 'must be #/$defs/ and the name of a definition of this document');
  }

  /** Every trait has a type and a bound, and nobody can add what the schema does not describe. */
  #assertClosed(schema: Record<string, unknown>, { at }: Place): void {
    const { type, $ref, additionalProperties, properties, items, maxItems } = schema;
    if (type === undefined && $ref === undefined) this.#report(at, 'needs a type');
    if (type === 'object' && (additionalProperties !== false || properties === undefined)) {
      this.#report(at, 'needs properties, and additionalProperties: false');
    }
    if (type === 'array' && (items === undefined || maxItems === undefined)) this.#report(at, 'needs items and maxItems');
  }

  #note(schema: Record<string, unknown>, path: readonly string[], { at, required }: Place): void {
    const described = this.#resolved(schema);
    const report = (member: string, description: string): void => this.#report(join(join(at, 'authority'), member), description);
    const annotation = schema['authority'] === undefined ? noAnnotation : readAnnotation(schema['authority'], report);
    const trait: Trait = {
      path,
      name: path.join('.'),
      // Judged by the walk; a wrong one makes the document wrong.
      type: described['type'] as TraitType,
      format: typeof described['format'] === 'string' ? described['format'] : '',
      required,
      choices: Array.isArray(described['enum']) ? described['enum'].map(String) : [],
      annotation,
    };
    judgeTrait(trait, annotation, report);
    this.#traits.push(trait);
  }

  #resolved(schema: Record<string, unknown>): Record<string, unknown> {
    const name = typeof schema['$ref'] === 'string' ? schema['$ref'].slice('#/$defs/'.length) : '';
    const definitions = this.schema['$defs'];
    const definition = isObject(definitions) && this.#definitions.has(name) ? definitions[name] : undefined;
    return isObject(definition) ? { ...definition, ...schema } : schema;
  }

  /** What only the whole document shows. */
  #judgeWhole(): void {
    const fault = costFault(this.schema);
    if (fault !== undefined) this.#report('', fault);
    const kinds = this.#traits.flatMap(({ annotation }) => annotation.identifier ?? []);
    if (kinds.length === 0) this.#report('properties', 'need a trait that people sign in with: "authority": {"identifier": "email"}');
    if (new Set(kinds).size < kinds.length) this.#report('properties', 'have two identifiers of one kind');
    const claims = this.#traits.flatMap(({ annotation }) => annotation.claims);
    const double = claims.find((claim, index) => claims.indexOf(claim) !== index);
    if (double !== undefined) this.#report('properties', `give the claim ${double} twice`);
  }

  #ordered(): Trait[] {
    return this.#traits
      .map((trait, index) => ({ trait, index }))
      .sort((a, b) => a.trait.annotation.order - b.trait.annotation.order || a.index - b.index)
      .map(({ trait }) => trait);
  }

  #report(at: string, description: string): void {
    if (this.#violations.length < mostViolations)
      this.#violations.push({ field: at === '' ? this.field : `${this.field}.${at}`, description });
  }
}

/** What the members of an annotation say together, and of the trait. */
function judgeTrait(
  trait: Trait,
  { identifier, verify, recovery, claims, scope }: Annotation,
  report: (member: string, description: string) => void,
): void {
  const address = addressKindOf(trait);
  if (identifier !== undefined && trait.type !== 'string') report('identifier', 'needs the type string');
  if ((verify || recovery) && address === undefined) report(verify ? 'verify' : 'recovery', 'needs the format email or phone');
  if (claims.includes('email') && address !== 'email') report('claim', 'email needs an e-mail address');
  if (claims.includes('phone_number') && address !== 'phone') report('claim', 'phone_number needs a telephone number');
  if (claims.some((claim) => !standardClaims.has(claim)) && scope === undefined)
    report('scope', 'is needed: the scope that gives a claim of your own');
}

/** Claims that have their scope by OpenID Connect Core §5.4. */
export const claimsByScope: Readonly<Record<string, readonly string[]>> = {
  profile: [
    ...['name', 'family_name', 'given_name', 'middle_name', 'nickname', 'preferred_username', 'profile', 'picture', 'website', 'gender'],
    ...['birthdate', 'zoneinfo', 'locale', 'updated_at'],
  ],
  email: ['email', 'email_verified'],
  phone: ['phone_number', 'phone_number_verified'],
  address: ['address'],
};
const standardClaims: ReadonlySet<string> = new Set(Object.values(claimsByScope).flat());

const condition = (at: string, depth: number, isCondition = true): Place => ({
  at,
  depth,
  condition: isCondition,
  path: undefined,
  required: false,
});

const join = (at: string, name: string): string => (at === '' ? name : name === '' ? at : `${at}.${name}`);

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

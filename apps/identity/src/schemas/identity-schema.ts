import { type Identifier, normalizeIdentifier, type AddressKind } from '../accounts/identifier.ts';
import { type Traits, isPlainText, longestTrait } from '../accounts/traits.ts';
import { isObject } from './annotation.ts';
import type { SchemaDocument } from './document.ts';
import { addressKindOf, type Trait } from './trait.ts';
import { type TraitFault, validatorOf } from './validator.ts';

/** Where a code can be sent to, in its one spelling. */
export interface Address {
  readonly kind: AddressKind;
  readonly value: string;
  readonly verify: boolean;
  readonly recovery: boolean;
}

export const mostTraitBytes = 16_384;

/** One version of a schema: it never changes. Compiled when it is first asked to judge. */
export class IdentitySchema {
  readonly id: string;
  readonly version: number;
  readonly title: string;
  readonly traits: readonly Trait[];
  readonly #schema: Readonly<Record<string, unknown>>;
  #validate: ((traits: unknown) => TraitFault[]) | undefined;

  constructor(id: string, version: number, { title, traits, schema }: SchemaDocument) {
    this.id = id;
    this.version = version;
    this.title = title;
    this.traits = traits;
    this.#schema = schema;
  }

  /** What is wrong with a set of traits; nothing when they fit. */
  faultsOf(traits: unknown): TraitFault[] {
    // What is too deep would be too much for whatever walks it.
    if (!isObject(traits) || depthOf(traits) > deepest || Buffer.byteLength(JSON.stringify(traits)) > mostTraitBytes) {
      return [fault('', 'trait_invalid', `must be a JSON object of at most ${mostTraitBytes} bytes, nested ${deepest} deep`)];
    }
    // Before patterns see them: texts that are too long, or cannot be shown.
    const texts = textFaults(traits, []);
    if (texts.length > 0) return texts.slice(0, 50);
    this.#validate ??= validatorOf(this.#schema);
    const faults = this.#validate(traits);
    if (faults.length > 0) return faults;
    const identifiers = this.#identifierTraits();
    const wrong = identifiers.flatMap((trait) => identifierFault(trait, traits));
    if (wrong.length > 0) return wrong;
    const isNobody = identifiers.every(({ path }) => valueAt(traits, path) === undefined);
    return isNobody ? identifiers.map(({ name }) => fault(name, 'required', 'is missing: people sign in with it')) : [];
  }

  /** What the person signs in with, in its one spelling; what has none (of an older version) is left out. */
  identifiersOf(traits: Traits): Identifier[] {
    return this.#identifierTraits().flatMap(({ path, annotation }) => {
      const typed = valueAt(traits, path);
      const kind = annotation.identifier;
      const value = kind !== undefined && typeof typed === 'string' ? normalizeIdentifier(kind, typed) : undefined;
      return kind === undefined || value === undefined ? [] : [{ kind, value }];
    });
  }

  /** The addresses that are verified or used for recovery, each once. */
  addressesOf(traits: Traits): Address[] {
    const all = new Map<string, Address>();
    for (const trait of this.traits) {
      const { verify, recovery } = trait.annotation;
      const kind = addressKindOf(trait);
      const typed = valueAt(traits, trait.path);
      if (kind === undefined || typeof typed !== 'string' || !(verify || recovery || trait.annotation.identifier)) continue;
      const value = normalizeIdentifier(kind, typed);
      if (value === undefined) continue;
      const before = all.get(`${kind} ${value}`);
      all.set(`${kind} ${value}`, {
        kind,
        value,
        verify: verify || (before?.verify ?? false),
        recovery: recovery || (before?.recovery ?? false),
      });
    }
    return [...all.values()];
  }

  /** The address that a claim tells, in its one spelling. */
  addressOfClaim(claim: 'email' | 'phone_number', traits: Traits): string | undefined {
    const trait = this.traits.find(({ annotation }) => annotation.claims.includes(claim));
    const typed = trait && valueAt(traits, trait.path);
    return typeof typed === 'string' ? normalizeIdentifier(claim === 'email' ? 'email' : 'phone', typed) : undefined;
  }

  #identifierTraits(): Trait[] {
    return this.traits.filter(({ annotation }) => annotation.identifier !== undefined);
  }
}

/** The member that a path leads to. */
export function valueAt(traits: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => (isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined), traits);
}

function identifierFault({ path, name, annotation }: Trait, traits: Traits): TraitFault[] {
  const value = valueAt(traits, path);
  if (value === undefined || annotation.identifier === undefined) return [];
  if (typeof value === 'string' && normalizeIdentifier(annotation.identifier, value) !== undefined) return [];
  return [fault(name, `${annotation.identifier}_invalid`, kindTexts[annotation.identifier])];
}

const kindTexts = {
  email: 'must be an e-mail address',
  phone: 'must be a telephone number with its country, such as +49 151 23456789',
  username: 'must be a user name: letters of one script, digits, and ., _ or - within',
} as const;

const deepest = 16;

/** One more than the deepest is as deep as it looks. */
function depthOf(value: unknown, depth = 0): number {
  if (typeof value !== 'object' || value === null || depth > deepest) return depth;
  return Object.values(value).reduce<number>((most, one) => Math.max(most, depthOf(one, depth + 1)), depth);
}

/** Whatever is text is shown somewhere. */
function textFaults(value: unknown, path: readonly string[]): TraitFault[] {
  if (typeof value === 'string' && !isPlainText(value)) {
    const description = `must be text of 1 to ${longestTrait} characters without control characters`;
    return [fault(path.join('.'), 'text_invalid', description)];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, one]) => textFaults(one, [...path, name.slice(0, 80)]));
}

const fault = (trait: string, id: string, description: string): TraitFault => ({ trait, id, parameters: {}, description });

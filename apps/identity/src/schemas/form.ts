import type { IdentifierKind } from '../accounts/identifier.ts';
import type { Traits } from '../accounts/traits.ts';
import type { Form } from '../flows/method.ts';
import { errorMessage, type FlowMessage, type Messages } from '../flows/state.ts';
import type { TraitForm } from './annotation.ts';
import { type IdentitySchema, valueAt } from './identity-schema.ts';
import { addressKindOf, type Trait } from './trait.ts';

type Fields = Form['fields'];

/** Which of a person's traits a form is about. */
export interface TraitSelection {
  readonly form: TraitForm;
  /** Whether only what people sign in with and where codes go, or only the rest; both without it. */
  readonly contact?: boolean;
}

/** The fields that ask for traits, in order; `traits` is what is there now, `locale` the language of the labels. */
export function formFieldsOf(schema: IdentitySchema, selection: TraitSelection, traits: Traits, locale: string): Fields {
  return selected(schema, selection).map((trait) => ({
    name: trait.name,
    type: typeOf(trait),
    autocomplete: trait.annotation.autocomplete ?? (trait.annotation.identifier ? 'username' : 'off'),
    // A box that need not be ticked is not required, whatever its trait is.
    required: trait.required && trait.type !== 'boolean',
    value: shown(valueAt(traits, trait.path)),
    label: labelOf(trait, locale),
    inputmode: addressKindOf(trait) === 'phone' ? 'tel' : trait.type === 'integer' ? 'numeric' : '',
    readonly: isReadonly(trait, selection),
    choices: [...trait.choices],
  }));
}

/** What a form makes of traits: its own fields and no others, everything else as it was. Or what is wrong, by field. */
export function traitsOf(
  schema: IdentitySchema,
  selection: TraitSelection,
  values: Readonly<Record<string, string>>,
  before: Traits,
): { readonly traits: Traits } | { readonly messages: Messages } {
  const fields = selected(schema, selection).filter((trait) => !isReadonly(trait, selection));
  const traits = fields.reduce<Traits>((all, trait) => withValue(all, trait.path, read(trait, values[trait.name], before)), before);
  const faults = schema.faultsOf(traits);
  if (faults.length === 0) return { traits };
  const messages: Record<string, FlowMessage[]> = {};
  for (const { trait, id, parameters } of faults) {
    const name = fields.some((field) => field.name === trait) ? trait : '';
    messages[name] = [...(messages[name] ?? []), errorMessage(name === '' ? 'traits_unfit' : id, parameters)].slice(0, 1);
  }
  return { messages };
}

/** An identifier that is somebody else's, told at its field. */
export function takenMessages(schema: IdentitySchema, kind: IdentifierKind): Messages {
  const trait = schema.traits.find(({ annotation }) => annotation.identifier === kind);
  return { [trait?.name ?? '']: [errorMessage(kind === 'email' ? 'identifier_taken' : `${kind}_taken`)] };
}

function selected(schema: IdentitySchema, { form, contact }: TraitSelection): Trait[] {
  return schema.traits.filter((trait) => {
    if (trait.type === 'object' || trait.type === 'array') return false;
    const forms = trait.annotation.forms ?? (trait.required ? ['registration', 'settings'] : ['settings']);
    return forms.includes(form) && (contact === undefined || contact === isContact(trait));
  });
}

/** With these somebody could take an account over. */
const isContact = ({ annotation: { identifier, verify, recovery } }: Trait): boolean => identifier !== undefined || verify || recovery;

/** At registration nothing is there yet that only operators could change. */
const isReadonly = ({ annotation }: Trait, { form }: TraitSelection): boolean => annotation.readonly && form === 'settings';

function typeOf(trait: Trait): string {
  if (trait.choices.length > 0) return 'select';
  if (trait.type === 'boolean') return 'checkbox';
  const kind = addressKindOf(trait);
  if (kind !== undefined) return kind === 'email' ? 'email' : 'tel';
  if (trait.format === 'date') return 'date';
  return trait.format === 'uri' ? 'url' : 'text';
}

/** The language itself, then its base, then English, then any. */
function labelOf({ annotation: { label } }: Trait, locale: string): string {
  const tags = Object.keys(label);
  const find = (wanted: string): string | undefined => tags.find((tag) => tag.toLowerCase() === wanted.toLowerCase());
  const tag = find(locale) ?? find(locale.split('-')[0] ?? '') ?? find('en') ?? tags[0];
  return tag === undefined ? '' : (label[tag] ?? '');
}

function shown(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 'true' : '';
  return typeof value === 'number' ? String(value) : '';
}

/** What was typed; an empty field is a trait that is not there. */
function read({ type, path }: Trait, typed: string | undefined, before: Traits): unknown {
  const text = (typed ?? '').trim().normalize('NFC');
  if (type === 'boolean') return text !== '' || (valueAt(before, path) === undefined ? undefined : false);
  if (text === '') return undefined;
  return (type === 'integer' || type === 'number') && /^-?\d{1,15}(?:\.\d{1,15})?$/.test(text) ? Number(text) : text;
}

/** The traits with another value at a path; objects that become empty go with what was in them. */
function withValue(traits: Traits, [name = '', ...rest]: readonly string[], value: unknown): Traits {
  const { [name]: current, ...others } = traits;
  const inner = typeof current === 'object' && current !== null ? { ...current } : {};
  const next = rest.length === 0 ? value : withValue(inner, rest, value);
  const isEmpty = next === undefined || (rest.length > 0 && Object.keys(Object(next)).length === 0);
  if (isEmpty) return others;
  return { ...traits, [name]: next };
}

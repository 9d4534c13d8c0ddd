import { type IdentifierKind, identifierKinds } from '../accounts/identifier.ts';

/** The forms that ask a person for traits. */
export const traitForms = ['registration', 'settings'] as const;
export type TraitForm = (typeof traitForms)[number];

/** What the keyword `authority` says of a trait; docs/how-to/schemas.md is its reference. */
export interface Annotation {
  /** The person signs in with it; it belongs to one person. */
  readonly identifier?: IdentifierKind;
  /** The person is asked to prove that the address is theirs. */
  readonly verify: boolean;
  /** Codes for recovery go there. */
  readonly recovery: boolean;
  /** The claims that it becomes (OpenID Connect Core §5.1). */
  readonly claims: readonly string[];
  /** The scope that gives claims that are no standard ones. */
  readonly scope?: string;
  /** What forms call it, by language (BCP 47); empty: what the pages call a field of this name. */
  readonly label: Readonly<Record<string, string>>;
  /** HTML autocomplete token. */
  readonly autocomplete?: string;
  /** Only operators change it. */
  readonly readonly: boolean;
  /** Its place in forms; equal ones stay in the order of the document. */
  readonly order: number;
  /** Where it is asked for; without it, required traits everywhere and others in the settings. */
  readonly forms?: readonly TraitForm[];
}

export const noAnnotation: Annotation = { verify: false, recovery: false, claims: [], label: {}, readonly: false, order: 0 };

/** Tells what is wrong, and where in the annotation. */
export type Report = (member: string, description: string) => void;

/** Claims that say something about a token or are this server's to say (RFC 7519 §4.1, RFC 9068 §2.2, OpenID Connect Core §2). */
const reserved: ReadonlySet<string> = new Set([
  ...[
    'iss',
    'sub',
    'aud',
    'exp',
    'nbf',
    'iat',
    'jti',
    'typ',
    'nonce',
    'auth_time',
    'acr',
    'amr',
    'azp',
    'at_hash',
    'c_hash',
    's_hash',
    'sid',
  ],
  ...['client_id', 'scope', 'cnf', 'act', 'may_act', 'active', 'username', 'token_type', 'events', 'toe', 'txn', 'sub_jwk', 'sub_id'],
  ...['email_verified', 'phone_number_verified', 'updated_at', '_claim_names', '_claim_sources'],
  ...['roles', 'groups', 'entitlements', 'org_id', 'organization', 'organizations', 'authorization_details'],
]);

const claimName = /^[A-Za-z][\w:/.-]{0,127}$/;
const language = /^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$/;

const members: Readonly<Record<string, (value: unknown) => string | undefined>> = {
  identifier: (value) => (identifierKinds.some((kind) => kind === value) ? undefined : `must be one of ${identifierKinds.join(', ')}`),
  verify: flag,
  recovery: flag,
  claim: (value) => {
    const names: unknown[] = Array.isArray(value) ? value : [value];
    if (names.length === 0 || names.length > 8) return 'must name 1 to 8 claims';
    const wrong = names.find((name) => typeof name !== 'string' || !claimName.test(name) || reserved.has(name) || name in {});
    return wrong === undefined ? undefined : `cannot be the claim ${String(wrong).slice(0, 80)}: it is this server's own, or no name`;
  },
  scope: (value) =>
    typeof value === 'string' && /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/.test(value) && !value.startsWith('authority.') && value !== 'openid'
      ? undefined
      : 'must be one scope of yours',
  label: (value) =>
    isObject(value) && Object.keys(value).length <= 40 && Object.entries(value).every(([tag, text]) => language.test(tag) && isLabel(text))
      ? undefined
      : 'must be texts of 1 to 120 characters by language, such as {"en": "Given name"}',
  autocomplete: (value) =>
    typeof value === 'string' && /^[a-z][a-z0-9-]*(?: [a-z][a-z0-9-]*){0,3}$/.test(value) && value.length <= 60
      ? undefined
      : 'must be an autocomplete token of HTML',
  readonly: flag,
  order: (value) => (Number.isInteger(value) && Math.abs(Number(value)) <= 10_000 ? undefined : 'must be a whole number'),
  forms: (value) =>
    Array.isArray(value) && new Set(value).size === value.length && value.every((one) => traitForms.some((form) => form === one))
      ? undefined
      : `must be a list of ${traitForms.join(', ')}`,
};

/** Reads an annotation; what is reported makes the document wrong. */
export function readAnnotation(value: unknown, report: Report): Annotation {
  if (!isObject(value)) {
    report('', `must be an object with ${Object.keys(members).join(', ')}`);
    return noAnnotation;
  }
  let isRight = true;
  for (const [name, member] of Object.entries(value)) {
    const fault = Object.hasOwn(members, name) ? members[name]?.(member) : `is no member; there is ${Object.keys(members).join(', ')}`;
    if (fault === undefined) continue;
    report(name.slice(0, 40), fault);
    isRight = false;
  }
  if (!isRight) return noAnnotation;
  const { claim, ...rest } = value;
  // Each member has been judged above.
  return { ...noAnnotation, ...(rest as Partial<Annotation>), claims: claim === undefined ? [] : ([claim].flat() as string[]) };
}

function flag(value: unknown): string | undefined {
  return typeof value === 'boolean' ? undefined : 'must be true or false';
}

const isLabel = (text: unknown): boolean =>
  typeof text === 'string' && /^[^\p{Cc}\p{Bidi_Control}<>]{1,120}$/u.test(text) && text.isWellFormed();

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

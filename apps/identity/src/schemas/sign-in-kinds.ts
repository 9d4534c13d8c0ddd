import { type IdentifierKind, identifierKinds } from '../accounts/identifier.ts';
import type { Schemas } from './ports.ts';

export interface SignInKindsPorts {
  /** The kinds that somebody has. */
  readonly inUse: () => Promise<readonly IdentifierKind[]>;
  readonly schemas: Pick<Schemas, 'newest'>;
  readonly registrationSchema: () => string;
  readonly now: () => number;
}

const freshForMs = 5000;

/** The kinds of identifiers that people can have: those that somebody has, and those that who registers will have. Every page
 *  of a sign-in asks, so the answer is some seconds old at most. */
export function signInKinds({ inUse, schemas, registrationSchema, now }: SignInKindsPorts): () => Promise<readonly IdentifierKind[]> {
  let known: { readonly until: number; readonly kinds: Promise<readonly IdentifierKind[]> } | undefined;
  const find = async (): Promise<readonly IdentifierKind[]> => {
    const [used, schema] = await Promise.all([inUse(), schemas.newest(registrationSchema())]);
    const wanted = schema?.traits.map(({ annotation }) => annotation.identifier) ?? [];
    const kinds = identifierKinds.filter((kind) => used.includes(kind) || wanted.includes(kind));
    return kinds.length === 0 ? ['email'] : kinds;
  };
  return () => {
    if (known && known.until > now()) return known.kinds;
    const kinds = find();
    known = { until: now() + freshForMs, kinds };
    // A store that was away is asked again at once.
    kinds.catch(() => (known = undefined));
    return kinds;
  };
}

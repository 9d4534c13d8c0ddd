import { type Queryable, statement } from '@authority/postgres';
import { type Identifier, type IdentifierKind, identifierKinds } from '../accounts/identifier.ts';

const dropOthers = statement(
  'identifiers_drop',
  `DELETE FROM identifiers WHERE sub = $1 AND NOT (kind || ' ' || value = ANY ($2::text[]))`,
);
const insert = statement(
  'identifiers_insert',
  'INSERT INTO identifiers (sub, kind, value) SELECT $1, * FROM unnest($2::text[], $3::text[]) ON CONFLICT DO NOTHING',
);
const ofPerson = statement('identifiers_of_person', 'SELECT kind, value FROM identifiers WHERE sub = $1');
const kindsInUse = statement(
  'identifier_kinds',
  'SELECT kind FROM unnest($1::text[]) AS asked (kind) WHERE EXISTS (SELECT FROM identifiers WHERE identifiers.kind = asked.kind)',
);

/** An identifier belongs to somebody else: rolls the transaction back. */
export class IdentifierTaken extends Error {
  readonly kind: IdentifierKind;

  constructor({ kind }: Identifier) {
    super(`the ${kind} belongs to another identity`);
    this.kind = kind;
  }
}

/** The identifiers of a person are these from now on; throws IdentifierTaken. */
export async function storeIdentifiers(tx: Queryable, sub: string, identifiers: readonly Identifier[]): Promise<void> {
  // In one order, so that two people who want each other's do not wait for one another.
  const sorted = [...identifiers].sort((a, b) => (a.kind < b.kind ? -1 : 1));
  await tx.query(dropOthers, [sub, sorted.map(({ kind, value }) => `${kind} ${value}`)]);
  await tx.query(insert, [sub, sorted.map(({ kind }) => kind), sorted.map(({ value }) => value)]);
  const theirs = await tx.query<Identifier>(ofPerson, [sub]);
  const taken = sorted.find(({ kind, value }) => !theirs.some((one) => one.kind === kind && one.value === value));
  if (taken) throw new IdentifierTaken(taken);
}

/** The kinds that somebody has. */
export async function identifierKindsInUse(db: Queryable): Promise<IdentifierKind[]> {
  const rows = await db.query<{ kind: IdentifierKind }>(kindsInUse, [identifierKinds]);
  return rows.map(({ kind }) => kind);
}

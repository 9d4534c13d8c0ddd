/** The types that a key of an order may have in PostgreSQL; a key travels as text and is cast back. */
export type KeyType = 'text' | 'bigint' | 'uuid' | 'timestamptz';

export interface OrderColumn {
  /** A column or expression of the owner's own statement; never anything that a caller sent. */
  readonly column: string;
  readonly type: KeyType;
}

/** A total order: the last column is unique, so that no two rows are in one place. */
export interface Order {
  readonly columns: readonly OrderColumn[];
  /** Newest first. */
  readonly descending?: boolean;
}

const shapes: Readonly<Record<KeyType, RegExp>> = {
  text: /^[^\0]*$/s,
  bigint: /^-?\d{1,18}$/,
  uuid: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  // Text that PostgreSQL itself wrote: a JS date would lose the microseconds, and with them rows.
  timestamptz: /^\d{4,6}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?:Z|[+-]\d{2}(?::?\d{2})?)?$/,
};

/** A cursor that was changed on its way must not reach a cast in a statement. */
export function isKeyOf(order: Order, key: readonly string[]): boolean {
  if (key.length !== order.columns.length) return false;
  return order.columns.every(({ type }, index) => shapes[type].test(key[index] ?? ''));
}

export function orderBy(order: Order): string {
  const direction = order.descending ? ' DESC' : '';
  return `ORDER BY ${order.columns.map(({ column }) => column + direction).join(', ')}`;
}

import { createHash } from 'node:crypto';
import type { FieldViolation } from '@authority/errors';
import { isKeyOf, type Order, orderBy } from './order.ts';
import { refusal } from './refusal.ts';

/** The paging fields of a `List…Request`. */
export interface PageRequest {
  readonly page_size: number;
  readonly page_token: string;
  readonly filter?: string;
}

export interface PageOptions {
  /** What is listed: `clients`. A token of one list is worth nothing at another. */
  readonly list: string;
  readonly order: Order;
  /** What else selects rows and is no part of the filter: the `sub` of ListSessions. */
  readonly bound?: readonly string[];
}

export interface CutPage<R> {
  readonly rows: R[];
  /** Empty on the last page. */
  readonly next_page_token: string;
}

export interface Page {
  readonly size: number;
  /** One more than the size: the row that tells whether a next page exists. */
  readonly limit: number;
  /** The keys of the last row of the page before, in the order's columns; absent on the first page. */
  readonly after: readonly string[] | undefined;
  readonly order: Order;
  readonly orderBy: string;
  /** Takes the rows that a statement with `limit` gave, and makes the token of the next page. */
  cut<R>(rows: readonly R[], keyOf: (row: R) => readonly (string | number | bigint)[]): CutPage<R>;
  /** The token of the page behind a key, for a list that ends its pages by itself. */
  tokenAfter(key: readonly (string | number | bigint)[]): string;
}

const defaultSize = 50;
const largestSize = 500;
const version = 1;
const longestToken = 2048;

/**
 * Reads the paging fields of a request (AIP-158): 50 when nothing is said, 500 at most, and a token that belongs to
 * this list with this filter. Keyset, not offset: rows that come or go between two pages neither hide nor double others.
 */
export function page(request: PageRequest, options: PageOptions): Page {
  const { order } = options;
  const violations: FieldViolation[] = [];
  if (!Number.isInteger(request.page_size) || request.page_size < 0) {
    violations.push({ field: 'page_size', description: `must be a whole number from 0 to ${largestSize}` });
  }
  const binding = bindingOf(request, options);
  const after = request.page_token === '' ? undefined : readToken(request.page_token, binding, order);
  if (after === null) violations.push({ field: 'page_token', description: foreignToken });
  if (violations.length > 0) throw refusal('page_token_invalid', violations);

  const size = Math.min(request.page_size || defaultSize, largestSize);
  return {
    size,
    limit: size + 1,
    after: after ?? undefined,
    order,
    orderBy: orderBy(order),
    cut: (rows, keyOf) => {
      const last = rows.length > size ? rows[size - 1] : undefined;
      return {
        rows: rows.slice(0, size),
        next_page_token: last === undefined ? '' : writeToken(keyOf(last).map(String), binding),
      };
    },
    tokenAfter: (key) => writeToken(key.map(String), binding),
  };
}

const foreignToken =
  'is not a token of this list with this filter; send the next_page_token of the page before with the same filter, or leave it empty';

function bindingOf(request: PageRequest, { list, bound = [], order }: PageOptions): Buffer {
  const text = JSON.stringify([list, request.filter ?? '', bound, order.columns.length, order.descending ?? false]);
  return createHash('sha256').update(text).digest().subarray(0, 12);
}

/** version (1 byte), binding (12 bytes), keys as JSON; base64url. */
function writeToken(key: readonly string[], binding: Buffer): string {
  return Buffer.concat([Buffer.of(version), binding, Buffer.from(JSON.stringify(key))]).toString('base64url');
}

/** `null` for whatever is not ours: it is one answer, however it is wrong. */
function readToken(token: string, binding: Buffer, order: Order): readonly string[] | null {
  if (token.length > longestToken) return null;
  const bytes = Buffer.from(token, 'base64url');
  if (bytes[0] !== version || !bytes.subarray(1, 13).equals(binding)) return null;
  const key = parsed(bytes.subarray(13));
  if (!Array.isArray(key) || !key.every((one) => typeof one === 'string')) return null;
  return isKeyOf(order, key) ? key : null;
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

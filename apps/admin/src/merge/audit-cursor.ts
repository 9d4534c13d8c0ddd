import { createHash } from 'node:crypto';
import { refusal } from '@authority/listing';

/** Where one stream of the merge stands. */
export interface StreamCursor {
  /** The page token to ask its owner with; empty for the newest. */
  readonly token: string;
  /** The last event of this stream that has been shown from that page; what comes up to it is passed over. */
  readonly shown?: { readonly id: string; readonly at: number };
}

/** Streams that are not in it have ended. */
export type MergeCursor = ReadonlyMap<string, StreamCursor>;

const version = 1;

/** A page token that holds one cursor for each stream, bound to the filter. */
export function writeCursor(cursor: MergeCursor, filter: string): string {
  if (cursor.size === 0) return '';
  const streams = [...cursor].map(([name, { token, shown }]) => [name, token, shown?.id ?? '', shown?.at ?? 0]);
  return Buffer.from(JSON.stringify([version, bindingOf(filter), streams])).toString('base64url');
}

/** The cursor at which a request begins; INVALID_ARGUMENT for a token that is not of this list with this filter. */
export function readCursor(token: string, filter: string, streams: readonly string[]): MergeCursor {
  if (token === '') return new Map(streams.map((name) => [name, { token: '' }]));
  const parts = parsed(token);
  if (!Array.isArray(parts) || parts[0] !== version || parts[1] !== bindingOf(filter) || !Array.isArray(parts[2])) throw foreign();
  return new Map(parts[2].map((part) => streamCursor(part, streams)));
}

function streamCursor(part: unknown, streams: readonly string[]): [string, StreamCursor] {
  if (!Array.isArray(part)) throw foreign();
  const [name, token, id, at] = part;
  const wellFormed = typeof token === 'string' && typeof id === 'string' && Number.isSafeInteger(at);
  if (!wellFormed || typeof name !== 'string' || !streams.includes(name)) throw foreign();
  return [name, id === '' ? { token } : { token, shown: { id, at } }];
}

function parsed(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token.slice(0, 16_384), 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

function bindingOf(filter: string): string {
  return createHash('sha256').update(`audit\0${filter}`).digest('base64url').slice(0, 16);
}

function foreign(): Error {
  const description = 'is not a token of this list with this filter; send the next_page_token of the page before with the same filter';
  return refusal('page_token_invalid', [{ field: 'page_token', description }]);
}

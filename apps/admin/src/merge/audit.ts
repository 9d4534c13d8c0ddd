import {
  type AuditEvent,
  AuditServiceService,
  type ListAuditEventsRequest,
  type ListAuditEventsResponse,
} from '@authority/contracts/admin';
import { exact, type FilterField, oneOf, page, parseFilter, prefix } from '@authority/listing';
import type { Ask } from '../peers/owners.ts';
import { owners } from '../policy.ts';
import { type MergeCursor, readCursor, type StreamCursor, writeCursor } from './audit-cursor.ts';

/** One list of events, newest first, that is merged with the others. */
export interface AuditStream {
  readonly name: string;
  list(request: ListAuditEventsRequest): Promise<ListAuditEventsResponse>;
}

/** The streams of the owners, as an operator's call asks for them. */
export function ownerStreams(ask: Ask): AuditStream[] {
  return owners.map((name) => ({ name, list: (request) => ask(name, AuditServiceService.listAuditEvents, request) }));
}

/** What is fetched of a stream: events that have not been shown, and how to go on behind each. */
interface Fetched {
  readonly events: readonly { readonly event: AuditEvent; readonly behind: StreamCursor | undefined }[];
}

/** Merges the streams by time, newest first. The order within each stream is its owner's and is kept. */
export async function listAuditEvents(request: ListAuditEventsRequest, streams: readonly AuditStream[]): Promise<ListAuditEventsResponse> {
  // Size only: the token is one of ours, below.
  const { size } = page({ ...request, page_token: '' }, { list: 'audit', order: { columns: [], descending: true } });
  const terms = parseFilter(request.filter, { action: prefix(), actor: exact(), target: exact(), owner: owner(streams) });
  const only = terms.flatMap((term) => (term.field === 'owner' ? [term.value] : []));
  const asked = streams.filter(({ name }) => only.every((one) => one === name));
  const cursor = readCursor(
    request.page_token,
    request.filter,
    streams.map(({ name }) => name),
  );

  const fetched = new Map<string, Fetched>();
  await Promise.all(
    asked.map(async (stream) => {
      const start = cursor.get(stream.name);
      if (start) fetched.set(stream.name, await fetchUnseen(stream, start, { size, filter: request.filter }));
    }),
  );
  const { events, next } = merge(fetched, cursor, size);
  return { audit_events: events, next_page_token: writeCursor(next, request.filter) };
}

const owner = (streams: readonly AuditStream[]): FilterField => oneOf(...streams.map(({ name }) => name));

/** Up to `size` events behind the cursor. New events push those already shown onto a second page: hence the loop. */
async function fetchUnseen(stream: AuditStream, start: StreamCursor, { size, filter }: { size: number; filter: string }): Promise<Fetched> {
  const events: { event: AuditEvent; behind: StreamCursor | undefined }[] = [];
  let { token } = start;
  let { shown } = start;
  while (events.length < size) {
    const answer = await stream.list({ page_size: size, page_token: token, filter });
    const skipped: number = shown === undefined ? 0 : passed(answer.audit_events, shown);
    if (skipped < answer.audit_events.length || answer.audit_events.at(-1)?.audit_event_id === shown?.id) shown = undefined;
    for (const [index, event] of answer.audit_events.entries()) {
      if (index < skipped) continue;
      const last = index === answer.audit_events.length - 1;
      events.push({ event, behind: last ? afterPage(answer) : { token, shown: { id: event.audit_event_id, at: event.at_ms } } });
    }
    if (answer.next_page_token === '') break;
    token = answer.next_page_token;
  }
  return { events };
}

function afterPage({ next_page_token }: ListAuditEventsResponse): StreamCursor | undefined {
  return next_page_token === '' ? undefined : { token: next_page_token };
}

/** How many events of a page are shown already. An event older than the last shown proves that one to be gone. */
function passed(events: readonly AuditEvent[], shown: { id: string; at: number }): number {
  const found = events.findIndex(({ audit_event_id }) => audit_event_id === shown.id);
  if (found >= 0) return found + 1;
  const older = events.findIndex(({ at_ms }) => at_ms < shown.at);
  return older >= 0 ? older : events.length;
}

function merge(fetched: ReadonlyMap<string, Fetched>, cursor: MergeCursor, size: number): { events: AuditEvent[]; next: MergeCursor } {
  const heads = new Map([...fetched.keys()].map((name) => [name, 0]));
  const next = new Map([...fetched.keys()].flatMap((name) => [...cursor].filter(([one]) => one === name)));
  const events: AuditEvent[] = [];
  for (const [name, { events: own }] of fetched) if (own.length === 0) next.delete(name);

  while (events.length < size) {
    const newest = newestHead(fetched, heads);
    if (newest === undefined) break;
    const { name, event, behind } = newest;
    events.push(event);
    heads.set(name, (heads.get(name) ?? 0) + 1);
    if (behind) next.set(name, behind);
    else next.delete(name);
  }
  return { events, next };
}

function newestHead(
  fetched: ReadonlyMap<string, Fetched>,
  heads: ReadonlyMap<string, number>,
): { name: string; event: AuditEvent; behind: StreamCursor | undefined } | undefined {
  let newest: { name: string; event: AuditEvent; behind: StreamCursor | undefined } | undefined;
  for (const [name, { events }] of fetched) {
    const head = events[heads.get(name) ?? 0];
    if (head && (newest === undefined || head.event.at_ms > newest.event.at_ms)) newest = { name, ...head };
  }
  return newest;
}

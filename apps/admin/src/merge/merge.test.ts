import type { AuditEvent, ListAuditEventsRequest, Setting } from '@authority/contracts/admin';
import { exact, page, pageOf, parseFilter, prefix, matches } from '@authority/listing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Ask } from '../peers/owners.ts';
import type { Owner } from '../policy.ts';
import { type AuditStream, listAuditEvents } from './audit.ts';
import { deleteSetting, getSetting, listSettings, updateSetting } from './settings.ts';

const order = {
  columns: [
    { column: 'at', type: 'bigint' },
    { column: 'id', type: 'bigint' },
  ],
  descending: true,
} as const;
const fields = { action: prefix(), actor: exact(), target: exact(), owner: exact() };

/** An owner's list, as the lib `audit` answers it. */
class FakeStream implements AuditStream {
  readonly events: AuditEvent[] = [];
  calls = 0;

  constructor(readonly name: string) {}

  add(at_ms: number): void {
    const audit_event_id = `${this.name}/${this.events.length + 1}`;
    this.events.push({
      audit_event_id,
      at_ms,
      action: `${this.name}.do`,
      actor: 'a',
      target: 't',
      details: '{}',
      trace_id: '',
      chain_hash: '',
    });
  }

  async list(request: ListAuditEventsRequest) {
    this.calls += 1;
    const terms = parseFilter(request.filter, fields);
    const found = this.events.filter((event) =>
      matches(terms, event, { action: (e) => e.action, actor: (e) => e.actor, target: (e) => e.target, owner: () => this.name }),
    );
    const cut = pageOf(found, page(request, { list: 'audit', order }), (event) => [
      event.at_ms,
      Number(event.audit_event_id.split('/')[1]),
    ]);
    return { audit_events: cut.rows, next_page_token: cut.next_page_token };
  }
}

function streamsOf(times: readonly (readonly number[])[]): FakeStream[] {
  return times.map((some, index) => {
    const stream = new FakeStream(['token', 'session', 'identity'][index] ?? 'admin');
    for (const at of [...some].sort((a, b) => a - b)) stream.add(at);
    return stream;
  });
}

async function walk(streams: readonly FakeStream[], size: number, between: () => void = () => {}): Promise<AuditEvent[]> {
  const seen: AuditEvent[] = [];
  let page_token = '';
  do {
    const answer = await listAuditEvents({ page_size: size, page_token, filter: '' }, streams);
    expect(answer.audit_events.length).toBeLessThanOrEqual(size);
    seen.push(...answer.audit_events);
    page_token = answer.next_page_token;
    between();
  } while (page_token !== '');
  return seen;
}

const ids = (events: readonly AuditEvent[]): string[] => events.map(({ audit_event_id }) => audit_event_id);
const times = fc.array(fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 20 }), { minLength: 1, maxLength: 4 });

describe('AIP-158: the merged audit log', () => {
  test('AIP-158: pages of the merge hold every event of every owner once, newest first', async () => {
    await fc.assert(
      fc.asyncProperty(times, fc.integer({ min: 1, max: 9 }), async (all, size) => {
        const streams = streamsOf(all);
        const seen = await walk(streams, size);
        expect(ids(seen).sort()).toEqual(streams.flatMap(({ events }) => ids(events)).sort());
        expect(seen.map(({ at_ms }) => at_ms)).toEqual(all.flat().sort((a, b) => b - a));
      }),
    );
  });

  test('AIP-158: events that come while the log is read neither hide nor double another', async () => {
    await fc.assert(
      fc.asyncProperty(times, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 12 }), async (all, size, burst) => {
        const streams = streamsOf(all);
        const before = streams.flatMap(({ events }) => ids(events));
        let rounds = 0;
        const seen = ids(
          await walk(streams, size, () => {
            rounds += 1;
            if (rounds <= 3) for (const stream of streams) for (let i = 0; i < burst; i++) stream.add(100 + rounds);
          }),
        );
        const found = new Set(seen);
        expect(found.size).toBe(seen.length);
        expect(before.filter((id) => !found.has(id))).toEqual([]);
      }),
    );
  });

  test('AIP-160: owner = "session" asks that owner alone', async () => {
    const streams = streamsOf([[1, 2], [3], [4]]);
    const answer = await listAuditEvents({ page_size: 10, page_token: '', filter: 'owner = "session"' }, streams);
    expect(ids(answer.audit_events)).toEqual(['session/1']);
    expect(streams.map(({ calls }) => calls)).toEqual([0, 1, 0]);
  });

  test('AIP-158: a token of another filter, or of nobody, is INVALID_ARGUMENT at page_token', async () => {
    const streams = streamsOf([[1, 2, 3]]);
    const { next_page_token } = await listAuditEvents({ page_size: 1, page_token: '', filter: '' }, streams);
    const forged = Buffer.from(JSON.stringify([1, 'x', [['gateway', '', '', 0]]])).toString('base64url');
    for (const [page_token, filter] of [
      [next_page_token, 'actor = "a"'],
      ['nonsense', ''],
      [forged, ''],
    ] as const) {
      await expect(listAuditEvents({ page_size: 1, page_token, filter }, streams)).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        violations: [{ field: 'page_token' }],
      });
    }
  });

  test('house.md: an owner that is away fails the list; half a log would be taken for the whole', async () => {
    const away: AuditStream = { name: 'session', list: () => Promise.reject(new Error('away')) };
    await expect(listAuditEvents({ page_size: 1, page_token: '', filter: '' }, [...streamsOf([[1]]), away])).rejects.toThrow('away');
  });
});

describe('house.md: settings are rows of the service that uses them', () => {
  const names: Record<Owner, string[]> = {
    token: ['token.code_lifetime', 'registration.open', 'token.access_token_lifetime'],
    session: ['session.idle_lifetime'],
    identity: ['throttle.enabled', 'flow.lifetime', 'password.min_length'],
  };
  const setting = (name: string, owner: string): Setting => ({ name, owner, value: '1', default_value: '1', description: '', etag: '' });
  const asked: string[] = [];
  /** The owners' settings, two to a page so that the merge has to turn them. */
  const ask: Ask = async (owner, method, request) => {
    asked.push(`${owner} ${method.path.split('/')[2]}`);
    if (!method.path.endsWith('ListSettings')) return {} as never;
    const { page_token } = request as { page_token: string };
    const start = Number(page_token || 0);
    const settings = names[owner].slice(start, start + 2).map((name) => setting(name, owner));
    return { settings, next_page_token: start + 2 < names[owner].length ? String(start + 2) : '' } as never; // the answer of ListSettings
  };

  test('AIP-158: ListSettings merges all owners by name, in pages', async () => {
    const all = await listSettings({ page_size: 0, page_token: '', filter: '' }, ask);
    const sorted = Object.values(names).flat().sort();
    expect(all.settings.map(({ name }) => name)).toEqual(sorted);
    const first = await listSettings({ page_size: 4, page_token: '', filter: '' }, ask);
    const second = await listSettings({ page_size: 4, page_token: first.next_page_token, filter: '' }, ask);
    expect([...first.settings, ...second.settings].map(({ name }) => name)).toEqual(sorted);
    expect(second.next_page_token).toBe('');
  });

  test.each([
    ['token.code_lifetime', 'token'],
    ['registration.schema', 'identity'],
    ['mail.from_address', 'identity'],
    ['passkey.rp_id', 'identity'],
    ['constructor.x', 'identity'],
    ['session.idle_lifetime', 'session'],
    ['throttle.enabled', 'identity'],
    ['password.min_length', 'identity'],
    ['flow.lifetime', 'identity'],
  ])('house.md: %s is asked of %s alone', async (name, owner) => {
    asked.length = 0;
    await getSetting({ name }, ask);
    await deleteSetting({ name }, ask);
    await updateSetting({ setting: setting(name, ''), update_mask: undefined, force: false }, ask);
    expect(asked).toEqual([`${owner} GetSetting`, `${owner} DeleteSetting`, `${owner} UpdateSetting`]);
  });

  test.each(['', 'nonsense', '__proto__.x', '.token', 'mail.', 'mail from_address'])('AIP-193: the setting %j is NOT_FOUND', (name) => {
    expect(() => getSetting({ name }, ask)).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
  });
});

import { type Outbound, OutboundError, type OutboundRequest } from '@authority/outbound';
import { client, protocolFakes } from '@authority/testing/protocol';
import { expect, test } from 'vitest';
import type { LogoutDelivery, PostgresLogoutDeliveries } from '../postgres/logout-deliveries.ts';
import { BackchannelLogout } from './backchannel-logout.ts';

/** The outbox in memory: what is due is given out once, until somebody postpones it. */
class FakeDeliveries implements Pick<PostgresLogoutDeliveries, 'take' | 'finish' | 'postpone' | 'waiting'> {
  readonly due: LogoutDelivery[] = [];
  readonly finished: string[] = [];
  readonly postponed: number[] = [];

  add(client_id: string, sid: string, attempts = 1): void {
    this.due.push({ sid, client_id, day: 1, sub: 'ann', attempts, created_at: new Date() });
  }

  take = async (limit: number, each: number, busy: readonly string[]): Promise<LogoutDelivery[]> => {
    const taken: LogoutDelivery[] = [];
    for (const one of this.due) {
      const ofClient = taken.filter(({ client_id }) => client_id === one.client_id).length;
      if (taken.length < limit && ofClient < each && !busy.includes(one.client_id)) taken.push(one);
    }
    for (const one of taken) this.due.splice(this.due.indexOf(one), 1);
    return taken;
  };

  finish = async ({ client_id, sid }: LogoutDelivery, outcome: string) => this.finished.push(`${client_id} ${sid} ${outcome}`);
  postpone = async (_: LogoutDelivery, seconds: number) => this.postponed.push(seconds);
  waiting = async () => this.due.length;
}

interface Told {
  url: string;
  request: OutboundRequest;
}

function setup(answer: (url: string) => Promise<number>) {
  const fakes = protocolFakes();
  for (const id of ['one', 'two']) fakes.clients.add(client({ client_id: id, backchannel_logout_uri: `https://${id}.example/out` }));
  fakes.clients.add(client({ client_id: 'silent' }));
  const deliveries = new FakeDeliveries();
  const told: Told[] = [];
  const outbound: Outbound = {
    async fetch(url, request = {}) {
      told.push({ url: String(url), request });
      return { status: await answer(String(url)), headers: {}, body: Buffer.alloc(0) };
    },
  };
  const logout = new BackchannelLogout(deliveries, fakes, outbound, () => 0.5);
  return { deliveries, told, logout, run: () => logout.run(new AbortController().signal) };
}

const claimsOf = ({ request }: Told) => {
  const token = new URLSearchParams(String(request.body)).get('logout_token') ?? '';
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
};

test('Back-Channel Logout §2.5: each client is told by a POST of a Logout Token for it', async () => {
  const { deliveries, told, run } = setup(async () => 200);
  deliveries.add('one', 's1');
  deliveries.add('two', 's1');
  await run();
  expect(told.map(({ url, request }) => [url, request.method])).toEqual([
    ['https://one.example/out', 'POST'],
    ['https://two.example/out', 'POST'],
  ]);
  expect(told.map((one) => claimsOf(one).aud)).toEqual(['one', 'two']);
  expect(deliveries.finished).toEqual(['one s1 delivered', 'two s1 delivered']);
});

test.each([
  [200, 'delivered'],
  [204, 'delivered'],
  [302, 'postponed'],
  [400, 'postponed'],
  [500, 'postponed'],
])('Back-Channel Logout §2.8: an answer %i counts as %s', async (status, outcome) => {
  const { deliveries, run } = setup(async () => status);
  deliveries.add('one', 's1');
  await run();
  expect([deliveries.finished.length, deliveries.postponed]).toEqual(outcome === 'delivered' ? [1, []] : [0, [2]]);
});

test('Back-Channel Logout §2.5: attempts come later and later, and end', async () => {
  const { deliveries, run } = setup(() => Promise.reject(new OutboundError('timeout', 'one.example', 'took too long')));
  for (let attempt = 1; attempt <= 7; attempt += 1) {
    deliveries.add('one', 's1', attempt);
    await run();
  }
  expect(deliveries.postponed).toEqual([2, 10, 60, 300, 900, 2400]);
  expect(deliveries.finished).toEqual(['one s1 given_up']);
});

test('a client that has gone, was disabled or wants to hear no more is passed over', async () => {
  const { deliveries, told, run } = setup(async () => 200);
  for (const id of ['gone', 'silent']) deliveries.add(id, 's1');
  await run();
  expect([told, deliveries.finished]).toEqual([[], ['gone s1 client_gone', 'silent s1 client_gone']]);
});

test('a client that does not answer holds up nobody else, and has few requests open at once', { timeout: 20_000 }, async () => {
  const hanging: (() => void)[] = [];
  const { deliveries, told, run } = setup((url) =>
    url.includes('one.') ? new Promise((resolve) => hanging.push(() => resolve(200))) : Promise.resolve(200),
  );
  for (let sid = 0; sid < 20; sid += 1) {
    deliveries.add('one', `s${sid}`);
    deliveries.add('two', `s${sid}`);
  }
  const running = run();
  await expect.poll(() => told.filter(({ url }) => url.includes('two.')).length, { timeout: 10_000, interval: 2 }).toBe(20);
  expect(told.filter(({ url }) => url.includes('one.'))).toHaveLength(4);
  let isOver = false;
  void running.then(() => {
    isOver = true;
  });
  while (!isOver) {
    for (const answer of hanging.splice(0)) answer();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await running;
  expect(deliveries.finished).toHaveLength(40);
});

test('house.md: who stops leading leaves what it had begun to its lease', async () => {
  const stopping = new AbortController();
  const { deliveries, logout } = setup(() => Promise.reject(new OutboundError('cancelled', 'one.example', 'was cancelled')));
  deliveries.add('one', 's1');
  const running = logout.run(stopping.signal);
  stopping.abort();
  await running;
  expect([deliveries.finished, deliveries.postponed]).toEqual([[], []]);
});

import { ClientServiceService } from '@authority/contracts/admin';
import {
  type CreatedClient,
  Operator,
  Person,
  post,
  RelyingParty,
  served,
  startFiveProcesses,
  type Suite,
  type Tokens,
} from '@authority/testing/suite';
import { decodeJwt } from 'jose';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const password = 'violet tractor hums 42 lullabies';
/** What the issue grants a revocation to reach every replica. */
const soonMs = 1_000;
/** More than enough for a round robin over two replicas to meet both. */
const looks = 12;

let suite: Suite;
let operator: Operator;
let web: CreatedClient;
let people = 0;
beforeAll(async () => {
  suite = await startFiveProcesses({ redis: true, tokenReplicas: 2 });
  operator = new Operator(suite);
  web = await newClient();
});
afterAll(async () => {
  operator?.close();
  await suite?.stop();
});

function newClient(): Promise<CreatedClient> {
  return operator.createClient({
    redirect_uris: ['http://127.0.0.1:9/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    scope: 'openid email offline_access',
  });
}

async function newPerson(): Promise<Person & { readonly sub: string }> {
  const email = `revoked-${++people}@example.com`;
  const { sub } = await operator.createIdentity({ email, password });
  return Object.assign(new Person(suite.issuer, email, password), { sub });
}

/** Everything that one person has given one client. */
interface Held {
  readonly party: RelyingParty;
  readonly person: Person;
  readonly offline: Tokens;
  readonly bound: Tokens;
  readonly code: Awaited<ReturnType<RelyingParty['code']>>;
}

async function hold(person: Person, client = web): Promise<Held> {
  const party = new RelyingParty(suite.issuer, client);
  const offline = await party.tokens(person);
  const bound = await new RelyingParty(suite.issuer, client, 'openid email').tokens(person);
  return { party, person, offline, bound, code: await party.code(person) };
}

/** Looks at a token many times over both replicas; answers whether any of them took it. */
async function isTakenAnywhere(look: () => Promise<boolean>): Promise<boolean> {
  const taken = await Promise.all(Array.from({ length: looks }, look));
  return taken.includes(true);
}

const isActive = ({ party }: Held, token: string): Promise<boolean> => isTakenAnywhere(() => party.isActive(token));
const showsUser = ({ party }: Held, token: string): Promise<boolean> =>
  isTakenAnywhere(async () => (await party.userInfo(token)).status === 200);

/** Waits for what must be in force within a second of `act`, then looks again at both replicas: it stays. */
async function within(act: () => Promise<unknown>, isOver: () => Promise<boolean>): Promise<void> {
  await act();
  const begun = Date.now();
  while (!(await isOver())) {
    if (Date.now() - begun > soonMs) throw new Error('a replica still accepts it after a second');
  }
  expect(await isOver()).toBe(true);
}

async function expectAllRefused(held: Held): Promise<void> {
  for (const { access_token } of [held.offline, held.bound]) {
    expect(await isActive(held, access_token)).toBe(false);
    expect(await showsUser(held, access_token)).toBe(false);
  }
  const refusals = await Promise.all(Array.from({ length: 4 }, () => held.party.refresh(held.offline.refresh_token)));
  for (const refusal of refusals) expect([refusal.status, refusal.json()['error']]).toEqual([400, 'invalid_grant']);
  expect((await held.party.redeem(held.code)).json()['error']).toBe('invalid_grant');
}

describe('issue 2 item 4: refused by every replica within a second of the act', () => {
  test('both token replicas answer, so that looking many times looks at both', async () => {
    const held = await hold(await newPerson());
    const count = (name: string): Promise<number> => served(suite.metrics.get(name) ?? '', 'Introspect');
    const before = [await count('token'), await count('token-2')];
    expect(await isActive(held, held.offline.access_token)).toBe(true);
    const after = [await count('token'), await count('token-2')];
    expect(after.map((value, at) => value > (before[at] ?? 0))).toEqual([true, true]);
  });

  test('a disabled identity: access tokens, refresh tokens and codes, and nobody signs in', async () => {
    const person = await newPerson();
    const held = await hold(person);
    await within(
      () => operator.updateIdentity(person.sub, { disabled: true }),
      async () => !(await isActive(held, held.offline.access_token)),
    );
    await expectAllRefused(held);
    const { url } = await person.visit(held.party.begin({ prompt: 'none' }).url);
    expect(url.searchParams.get('error')).toBe('login_required');
  });

  test('a password set by the operator: everything before it, nothing after it', async () => {
    const person = await newPerson();
    const held = await hold(person);
    const next = 'seventeen quiet umbrellas argue';
    await within(
      () => operator.setPassword(person.sub, next),
      async () => !(await isActive(held, held.offline.access_token)),
    );
    await expectAllRefused(held);
    const again = new Person(suite.issuer, person.email, next);
    const fresh = await held.party.tokens(again);
    expect((await held.party.refresh(fresh.refresh_token)).status).toBe(200);
    expect((await held.party.userInfo(fresh.access_token)).status).toBe(200);
  });

  test('a disabled client: its tokens for people and its own; another client goes on', async () => {
    const person = await newPerson();
    const client = await newClient();
    const machine = await operator.createClient({ grant_types: ['client_credentials'], client_name: 'Machine' });
    const held = await hold(person, client);
    const other = await hold(person);
    const own = await post(`${suite.issuer}/oauth2/token`, { grant_type: 'client_credentials' }, machine);
    await operator.updateClient(client.client_id, { disabled: true });
    await within(
      () => operator.updateClient(machine.client_id, { disabled: true }),
      async () => !(await showsUser(held, held.offline.access_token)),
    );
    expect(await showsUser(held, held.bound.access_token)).toBe(false);
    const refusals = await Promise.all(Array.from({ length: looks }, () => held.party.refresh(held.offline.refresh_token)));
    expect(new Set(refusals.map(({ status }) => status))).toEqual(new Set([401]));
    expect((await held.party.redeem(held.code)).status).toBe(401);
    expect(await isActive(other, other.offline.access_token)).toBe(true);

    // Enabled again, what was issued before stays refused.
    await operator.updateClient(client.client_id, { disabled: false });
    await operator.updateClient(machine.client_id, { disabled: false });
    await expect.poll(async () => (await held.party.redeem(held.code)).status, { timeout: soonMs }).toBe(400);
    await expectAllRefused(held);
    const party = new RelyingParty(suite.issuer, { ...machine, redirect_uri: '' });
    expect(await isTakenAnywhere(() => party.isActive(String(own.json()['access_token'])))).toBe(false);
  });

  test.each(['user', 'operator'] as const)('a session ended by the %s: what is bound to it, not what is offline', async (by) => {
    const person = await newPerson();
    const held = await hold(person);
    const sid = String(decodeJwt(held.bound.id_token)['sid']);
    const end = async (): Promise<unknown> => {
      if (by === 'operator') return operator.endSession(sid);
      return person.visit(`${suite.issuer}/oauth2/logout?${new URLSearchParams({ id_token_hint: held.bound.id_token })}`);
    };
    const boundCode = await new RelyingParty(suite.issuer, web, 'openid email').code(person);
    await within(end, async () => !(await isActive(held, held.bound.access_token)));
    expect(await showsUser(held, held.bound.access_token)).toBe(false);
    expect((await held.party.redeem(boundCode)).json()['error']).toBe('invalid_grant');
    const { url } = await person.visit(held.party.begin({ prompt: 'none' }).url);
    expect(url.searchParams.get('error')).toBe('login_required');

    expect(await isActive(held, held.offline.access_token)).toBe(true);
    expect((await held.party.refresh(held.offline.refresh_token)).status).toBe(200);
  });

  test('a new client, its new secret and its deletion are known to every replica within a second', async () => {
    const machine = await operator.createClient({ grant_types: ['client_credentials'], client_name: 'New' });
    const statuses = async (client_secret = machine.client_secret ?? ''): Promise<number[]> => {
      const asked = () => post(`${suite.issuer}/oauth2/token`, { grant_type: 'client_credentials' }, { ...machine, client_secret });
      const answers = await Promise.all(Array.from({ length: looks }, asked));
      return [...new Set(answers.map(({ status }) => status))];
    };
    await expect.poll(() => statuses(), { timeout: soonMs, interval: 20 }).toEqual([200]);
    const request = { client_id: machine.client_id, drop_previous: true };
    const { client_secret } = await operator.call(ClientServiceService.rotateClientSecret, request);
    await expect.poll(() => statuses(client_secret), { timeout: soonMs, interval: 20 }).toEqual([200]);
    expect(await statuses()).toEqual([401]);
    await operator.call(ClientServiceService.deleteClient, { client_id: machine.client_id, etag: '' });
    await expect.poll(() => statuses(client_secret), { timeout: soonMs, interval: 20 }).toEqual([401]);
  });

  test('all of it is still in force after every process was started again', async () => {
    const [person, steady] = [await newPerson(), await newPerson()];
    const held = await hold(person);
    const alive = await hold(steady);
    const gone = await hold(steady);
    await operator.updateIdentity(person.sub, { disabled: true });
    await gone.party.revoke(gone.offline.refresh_token);
    await gone.party.revoke(gone.bound.access_token);
    const sid = String(decodeJwt(alive.bound.id_token)['sid']);
    await operator.endSession(sid);

    await Promise.all([...suite.processes.values()].map((process) => process.end()));
    for (const process of suite.processes.values()) process.restart();
    await suite.ready();
    await expectAllRefused(held);
    expect(await isActive(gone, gone.offline.access_token)).toBe(false);
    expect(await isActive(gone, gone.bound.access_token)).toBe(false);
    expect((await gone.party.refresh(gone.offline.refresh_token)).json()['error']).toBe('invalid_grant');
    expect(await isActive(alive, alive.bound.access_token)).toBe(false);
    expect(await isActive(alive, alive.offline.access_token)).toBe(true);

    // A day later the entries about access tokens are gone, because no access token lives as long. Refresh tokens do.
    await forgetRevocations();
    await Promise.all(['token', 'token-2'].map((name) => suite.process(name).end()));
    for (const name of ['token', 'token-2']) suite.process(name).restart();
    await suite.ready();
    // The gateway finds its peers again within moments of their return.
    const goesOn = async (): Promise<number> => (await alive.party.refresh(alive.offline.refresh_token)).status;
    await expect.poll(goesOn, { timeout: 5_000 }).toBe(200);
    for (const { party, offline } of [held, gone]) {
      const refusals = await Promise.all(Array.from({ length: looks }, () => party.refresh(offline.refresh_token)));
      expect(new Set(refusals.map((refusal) => refusal.json()['error']))).toEqual(new Set(['invalid_grant']));
    }
  });
});

/** What the job that drops past partitions does, a day ahead of time. */
async function forgetRevocations(): Promise<void> {
  const client = new pg.Client({ connectionString: suite.databaseUrl });
  await client.connect();
  const { rowCount } = await client.query('DELETE FROM token.revocations');
  expect(rowCount).toBeGreaterThan(0);
  await client.end();
}

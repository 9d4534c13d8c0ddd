import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, type Code, post, request, type Tokens } from '@authority/testing/suite';
import { Redis } from 'ioredis';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStage, type Stage } from './stage.ts';

/** How old the snapshot of case (c) is; the epoch's heartbeat is written every second, so a few seconds show the same. */
const snapshotAgeMs = process.env['AUTHORITY_PROVE'] === 'true' ? 60_000 : 3_000;

/** What was done and acknowledged before the store's misfortune, and must stay so. */
interface Done {
  readonly usedCode: Code;
  readonly assertion: string;
  readonly revoked: Tokens;
  /** The cookies of a session that has ended, as a thief would bring them. */
  readonly endedSession: string;
  readonly bound: Tokens;
  readonly alive: Tokens;
}

interface Machine {
  readonly client_id: string;
  assert(): Promise<string>;
}

async function createMachine({ operator, suite }: Stage): Promise<Machine> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }] });
  const { client_id } = await operator.createClient({
    grant_types: ['client_credentials'],
    token_endpoint_auth_method: 'private_key_jwt',
    ...{ jwks, client_name: 'Machine with a key' },
  });
  return {
    client_id,
    assert: () =>
      new SignJWT({})
        .setProtectedHeader({ alg: 'ES256', kid: 'one' })
        .setIssuer(client_id)
        .setSubject(client_id)
        .setAudience(suite.issuer)
        .setJti(crypto.randomUUID())
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(privateKey),
  };
}

const useAssertion = ({ suite }: Stage, client_assertion: string): Promise<Answer> =>
  post(`${suite.issuer}/oauth2/token`, {
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion,
  });

async function act(stage: Stage, machine: Machine): Promise<Done> {
  const { party, suite } = stage;
  const [one, signedOut] = [await stage.newPerson(), await stage.newPerson()];
  const usedCode = await party.code(one);
  expect((await party.redeem(usedCode)).status).toBe(200);
  const alive = await party.tokens(one);
  const revoked = await party.tokens(one);
  expect((await party.revoke(revoked.refresh_token)).status).toBe(200);
  const bound = await party.tokens(signedOut, { scope: 'openid email' });
  const endedSession = signedOut.cookies;
  await signedOut.visit(`${suite.issuer}/oauth2/logout?${new URLSearchParams({ id_token_hint: bound.id_token })}`);
  const assertion = await machine.assert();
  expect((await useAssertion(stage, assertion)).status).toBe(200);
  return { usedCode, assertion, revoked, endedSession, bound, alive };
}

/** issue 2 item 3: a used code and assertion stay used, a revoked token and an ended session stay ended. */
async function expectDone(stage: Stage, machine: Machine, done: Done): Promise<void> {
  const { party } = stage;
  expect(await answerOf(party.redeem(done.usedCode))).toBe('400 invalid_grant');
  expect(await answerOf(useAssertion(stage, done.assertion))).toBe('401 invalid_client');
  expect(await answerOf(party.refresh(done.revoked.refresh_token))).toBe('400 invalid_grant');
  expect(await party.isActive(done.revoked.access_token)).toBe(false);
  expect(await party.isActive(done.bound.access_token)).toBe(false);
  expect(await silently(stage, done.endedSession)).toBe('login_required');

  // And what lives goes on: grants, new sign-ins, new assertions.
  expect((await party.refresh(done.alive.refresh_token)).status).toBe(200);
  expect((await party.tokens(await stage.newPerson())).access_token).not.toBe('');
  // An assertion is refused when it may be older than the epoch, and `iat` has whole seconds.
  await expect.poll(async () => (await useAssertion(stage, await machine.assert())).status, { timeout: 2_000 }).toBe(200);
}

const answerOf = async (asked: Promise<Answer>): Promise<string> => {
  const answer = await asked;
  return `${answer.status} ${answer.json()['error'] ?? ''}`;
};

/** prompt=none with these cookies: `code`, or the error. */
async function silently({ party }: Stage, cookie: string): Promise<string> {
  const answer = await request(party.begin({ prompt: 'none' }).url, { headers: { cookie } });
  const { searchParams } = new URL(answer.headers.get('location') ?? 'none:');
  return searchParams.has('code') ? 'code' : (searchParams.get('error') ?? 'neither');
}

/** Everything is served again: a person is registered by the operator and signs in. */
async function recovered(stage: Stage): Promise<void> {
  const signsIn = async (): Promise<string> => {
    try {
      return (await stage.party.code(await stage.newPerson())).code === '' ? 'no code' : 'signed in';
    } catch (error) {
      return String(error);
    }
  };
  await expect.poll(signsIn, { timeout: 5_000, interval: 100, message: 'recovers within 5 s' }).toBe('signed in');
}

describe('issue 2 item 3: durable stays, with the short-lived state in Redis', () => {
  let stage: Stage;
  let machine: Machine;
  beforeAll(async () => {
    stage = await openStage({ redis: true });
    machine = await createMachine(stage);
  });
  afterAll(() => stage?.close());

  const redis = () => {
    if (!stage.suite.redis) throw new Error('this stage has no Redis');
    return stage.suite.redis;
  };
  const snapshot = (): string => join(redis().folder, 'dump.rdb');
  async function save(): Promise<void> {
    const client = new Redis(redis().url);
    await client.save();
    client.disconnect();
  }

  test('(a) the store back as it was: live sessions live on', async () => {
    const living = await stage.newPerson();
    await stage.party.code(living);
    const done = await act(stage, machine);
    await save();
    await redis().kill();
    await redis().restart();
    await recovered(stage);
    await expectDone(stage, machine, done);
    expect(await silently(stage, living.cookies)).toBe('code');
  });

  test('(b) the store back empty: sessions are gone, and nothing is let in', async () => {
    const living = await stage.newPerson();
    await stage.party.code(living);
    const done = await act(stage, machine);
    await redis().kill();
    rmSync(snapshot(), { force: true });
    await redis().restart();
    await recovered(stage);
    expect(await silently(stage, living.cookies)).toBe('login_required');
    await expectDone(stage, machine, done);
  });

  test('(c) the store back from an old snapshot: what it remembers of before is forgotten', async () => {
    const living = await stage.newPerson();
    await stage.party.code(living);
    await save();
    copyFileSync(snapshot(), join(redis().folder, 'old.rdb'));
    await sleep(snapshotAgeMs);
    const done = await act(stage, machine);
    await redis().kill();
    copyFileSync(join(redis().folder, 'old.rdb'), snapshot());
    await redis().restart();
    await recovered(stage);
    expect(await silently(stage, living.cookies)).toBe('login_required');
    await expectDone(stage, machine, done);
  });

  test('PostgreSQL killed and recovered: what was acknowledged is in force', async () => {
    const done = await act(stage, machine);
    await stage.killPostgres();
    await stage.startPostgres();
    await recovered(stage);
    await expectDone(stage, machine, done);
  });
});

describe('issue 2 item 3: durable stays, with the short-lived state in PostgreSQL', () => {
  let stage: Stage;
  let machine: Machine;
  beforeAll(async () => {
    stage = await openStage({ redis: false });
    machine = await createMachine(stage);
  });
  afterAll(() => stage?.close());

  test('(d) crash recovery truncates the unlogged tables: sessions are gone, and nothing is let in', async () => {
    const living = await stage.newPerson();
    await stage.party.code(living);
    expect(await silently(stage, living.cookies)).toBe('code');
    const done = await act(stage, machine);
    await stage.killPostgres();
    await stage.startPostgres();
    await recovered(stage);
    expect(await silently(stage, living.cookies)).toBe('login_required');
    await expectDone(stage, machine, done);
  });

  test('every process and PostgreSQL killed at once: what was acknowledged is in force', async () => {
    const done = await act(stage, machine);
    await Promise.all([stage.killPostgres(), ...[...stage.suite.processes.values()].map((process) => process.kill())]);
    await stage.startPostgres();
    for (const process of stage.suite.processes.values()) process.restart();
    await stage.suite.ready();
    await expectDone(stage, machine, done);
  });
});

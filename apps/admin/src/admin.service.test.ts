import { Client, ClientServiceClient, GetClientResponse } from '@authority/contracts/admin';
import { health } from '@authority/contracts/standard';
import { OAuthError, StatusError } from '@authority/errors';
import type { Runtime } from '@authority/rpc';
import { type TestPostgres, testPostgres } from '@authority/testing';
import * as grpc from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { migrateAdmin, type Running, startAdmin } from './admin.ts';

let postgres: TestPostgres;
let running: Running | undefined;

beforeAll(async () => {
  postgres = await testPostgres();
});
afterEach(() => running?.stop());
afterAll(() => postgres?.stop());

const issuer = 'http://localhost:8080';
const facts = { active: true, client_id: 'c_operator', aud: `${issuer}/admin`, scope: 'authority.admin' };

/** The peers of this service: token's introspection and the raw forwarding, as libs/rpc offers them. */
function runtime(introspect: () => Promise<{ body: string }>, forward: Runtime['forward']): { runtime: Runtime; asked: unknown[] } {
  const asked: unknown[] = [];
  const fake: Pick<Runtime, 'connect' | 'forward' | 'self'> = {
    self: 'admin',
    // Only token's Introspect is ever connected to.
    connect: () =>
      ({
        introspect: (request: unknown) => {
          asked.push(request);
          return introspect();
        },
      }) as never,
    forward,
  };
  return { runtime: fake as Runtime, asked };
}

const active = async (): Promise<{ body: string }> => ({ body: JSON.stringify(facts) });
const someClient: Runtime['forward'] = async () =>
  Buffer.from(GetClientResponse.encode({ client: Client.fromPartial({ client_id: 'c_1' }) }).finish());

async function start(fake: Runtime, databaseUrl: string): Promise<string> {
  running = await startAdmin({ config: { issuer, listen: { host: '127.0.0.1', port: 0 }, databaseUrl }, runtime: fake });
  return `127.0.0.1:${running.port}`;
}

function getClient(address: string): Promise<{ error: grpc.ServiceError | null; client: Client | undefined }> {
  const client = new ClientServiceClient(address, grpc.credentials.createInsecure());
  const metadata = new grpc.Metadata();
  metadata.set('authorization', 'Bearer at.1');
  return new Promise((resolve) => {
    client.getClient({ client_id: 'c_1' }, metadata, { deadline: Date.now() + 5_000 }, (error, value) => {
      client.close();
      resolve({ error, client: value?.client });
    });
  });
}

const nowhere = 'postgres://nobody:nothing@127.0.0.1:1/none';

describe('house.md: the admin service', () => {
  test('RFC 7662 §2.1: each call asks the token service about the token, and goes on with the operator’s name', async () => {
    const forward = vi.fn(someClient);
    const { runtime: fake, asked } = runtime(active, forward);
    const address = await start(fake, nowhere);
    expect((await getClient(address)).client?.client_id).toBe('c_1');
    expect((await getClient(address)).client?.client_id).toBe('c_1');
    const parameters = [
      { name: 'token', value: 'at.1' },
      { name: 'token_type_hint', value: 'access_token' },
    ];
    expect(asked).toMatchObject([{ parameters }, { parameters }]);
    expect(forward).toHaveBeenCalledTimes(2);
    expect(forward.mock.calls[0]?.[0]).toBe('token');
    expect(forward.mock.calls[0]?.[3]).toMatchObject({ operator: 'c_operator' });
  });

  test.each<[string, () => Promise<{ body: string }>, grpc.status]>([
    ['is away', () => Promise.reject(new StatusError('UNAVAILABLE', 'peer_unavailable')), grpc.status.UNAVAILABLE],
    [
      'has stale revocations',
      () => Promise.reject(new OAuthError('temporarily_unavailable', 'revocations_stale')),
      grpc.status.UNAVAILABLE,
    ],
    ['answers no JSON', async () => ({ body: 'yes' }), grpc.status.INTERNAL],
    ['answers no object', async () => ({ body: 'true' }), grpc.status.INTERNAL],
    ['answers a list', async () => ({ body: '[{"active":true}]' }), grpc.status.INTERNAL],
    ['says no', async () => ({ body: '{"active":false}' }), grpc.status.UNAUTHENTICATED],
  ])('RFC 7662 §2.3: when the token service %s, nobody gets in', async (_, introspect, code) => {
    const forward = vi.fn(someClient);
    const address = await start(runtime(introspect, forward).runtime, nowhere);
    expect((await getClient(address)).error?.code).toBe(code);
    expect(forward).not.toHaveBeenCalled();
  });

  test('house.md: an owner that is away is UNAVAILABLE, named, without its inner address', async () => {
    const broken = new StatusError('UNAVAILABLE', 'peer_unavailable', { message: 'connect ECONNREFUSED 10.1.2.3:9000' });
    const address = await start(runtime(active, () => Promise.reject(broken)).runtime, nowhere);
    const { error } = await getClient(address);
    expect(error).toMatchObject({ code: grpc.status.UNAVAILABLE, details: expect.stringContaining('the token service does not answer') });
    expect(error?.details).not.toContain('10.1.2.3');
  });

  test('house.md: not ready before its schema is there; the door works all the same', async () => {
    const ownerUrl = await postgres.newDatabase();
    const serviceUrl = postgres.serviceUrl(ownerUrl, 'admin');
    const address = await start(runtime(active, someClient).runtime, serviceUrl);
    expect(running?.ready()).toBe(false);
    expect((await getClient(address)).error).toBeNull();

    await migrateAdmin({ ownerUrl, serviceUrl });
    await vi.waitFor(() => expect(running?.ready()).toBe(true), { timeout: 10_000 });
    const client = new health.HealthClient(address, grpc.credentials.createInsecure());
    const state = await new Promise((resolve) => client.check({ service: '' }, (_, value) => resolve(value?.status)));
    client.close();
    expect(state).toBe(health.HealthCheckResponse_ServingStatus.SERVING);
  });
});

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OAuthError, StatusError } from '@authority/errors';
import { ExchangeRequest, ExchangeResponse, IntrospectResponse, TokenServiceService } from '@authority/contracts/token';
import { Inject } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Call,
  certificateFiles,
  type Client,
  DirectHub,
  directRuntime,
  ensureCertificates,
  GrpcController,
  grpcRuntime,
  type Handlers,
  type NestModule,
  type Runtime,
  type ServiceName,
} from './index.ts';

const SEEN = Symbol('seen');
type Seen = { calls: { name: string; peer: string }[] };

@GrpcController(TokenServiceService)
class FakeToken implements Handlers<typeof TokenServiceService> {
  constructor(@Inject(SEEN) private readonly seen: Seen) {}

  async exchange(request: ExchangeRequest, call: Call): Promise<ExchangeResponse> {
    const grant = request.parameters[0]?.value ?? '';
    this.seen.calls.push({ name: grant, peer: call.peer });
    if (grant === 'refused') throw new OAuthError('invalid_grant', 'code_expired', { description: 'expired' });
    if (grant === 'away') throw new StatusError('UNAVAILABLE', 'store_unavailable', { retryAfterMs: 700 });
    if (grant === 'bug') throw new Error('secret text of a bug');
    if (grant === 'slow') await new Promise((resolve) => setTimeout(resolve, 400));
    if (grant === 'hangs') await new Promise(() => undefined);
    return ExchangeResponse.create({ access_token: `token of ${grant}`, expires_in: 300 });
  }
  async introspect(): Promise<IntrospectResponse> {
    return { body: '{}', content_type: '' };
  }
  async revoke(): Promise<Record<string, never>> {
    return {};
  }
  async userInfo(): Promise<never> {
    throw new OAuthError('invalid_token', 'token_expired', { challenge: 'Bearer' });
  }
  async authorizeDevice(): Promise<never> {
    throw new OAuthError('unauthorized_client', 'grant_type_not_allowed');
  }
  async getJwks(): Promise<{ body: string; etag: string }> {
    return { body: '{"keys":[]}', etag: '1' };
  }
  async getMetadata(): Promise<{ body: string; etag: string }> {
    return { body: '{}', etag: '1' };
  }
  async getRevocationList(): Promise<{ body: string; etag: string }> {
    return { body: '', etag: '1' };
  }
  async allowOrigin(): Promise<{ allowed: boolean }> {
    return { allowed: false };
  }
}

class FakeModule {}

const asking = (value: string): ExchangeRequest => ExchangeRequest.create({ parameters: [{ name: 'grant', value }] });

function moduleWith(seen: Seen): NestModule {
  return { module: FakeModule, controllers: [FakeToken], providers: [{ provide: SEEN, useValue: seen }] };
}

async function startGrpc(seen: Seen): Promise<{ gateway: Runtime; stranger: Runtime; stop: () => Promise<void> }> {
  const directory = join(mkdtempSync(join(tmpdir(), 'authority-rpc-')), 'tls');
  await ensureCertificates(directory);
  const tls = (service: ServiceName) => certificateFiles(directory, service);
  const server = grpcRuntime({ self: 'token', listen: '127.0.0.1:0', tls: tls('token'), addresses: {} });
  const served = await server.serve({ module: moduleWith(seen), ready: () => true });
  const addresses = { token: `127.0.0.1:${served.port}` };
  const gateway = grpcRuntime({ self: 'gateway', tls: tls('gateway'), addresses });
  const stranger = grpcRuntime({ self: 'session', tls: tls('session'), addresses });
  return {
    gateway,
    stranger,
    stop: async () => {
      gateway.close();
      stranger.close();
      await served.close();
    },
  };
}

async function startDirect(seen: Seen, encode: boolean): Promise<{ gateway: Runtime; stranger: Runtime; stop: () => Promise<void> }> {
  const hub = new DirectHub();
  const served = await directRuntime({ self: 'token', hub, encode }).serve({ module: moduleWith(seen), ready: () => true });
  return {
    gateway: directRuntime({ self: 'gateway', hub, encode }),
    stranger: directRuntime({ self: 'session', hub, encode }),
    stop: () => served.close(),
  };
}

describe.each([
  ['gRPC with mutual TLS', (seen: Seen) => startGrpc(seen)],
  ['one process, encoded', (seen: Seen) => startDirect(seen, true)],
  ['one process', (seen: Seen) => startDirect(seen, false)],
])('calls over %s', (_name, start) => {
  const seen: Seen = { calls: [] };
  let running: Awaited<ReturnType<typeof start>>;
  let client: Client<typeof TokenServiceService>;
  beforeAll(async () => {
    running = await start(seen);
    client = running.gateway.connect('token', TokenServiceService);
  });
  afterAll(() => running.stop());

  test('a unary call is answered, and the callee knows its caller', async () => {
    expect(await client.getJwks({})).toEqual({ body: '{"keys":[]}', etag: '1' });
  });

  test.each(['cpu', 'store'] as const)('many calls of one turn come back each to its caller, lane %s', async (lane) => {
    const names = Array.from({ length: 200 }, (_, index) => `n${index}`);
    const answers = await Promise.all(names.map((name) => client.exchange(asking(name), { lane })));
    expect(answers.map((answer) => answer.access_token)).toEqual(names.map((name) => `token of ${name}`));
    expect(seen.calls.every(({ peer }) => peer === 'gateway')).toBe(true);
  });

  test.each(['cpu', 'store'] as const)('an item that is refused, broken or slow hurts no neighbour, lane %s', async (lane) => {
    const started = performance.now();
    let fastAt = 0;
    const good = Promise.all(['a', 'b', 'c'].map((name) => client.exchange(asking(name), { lane }))).then((answers) => {
      fastAt = performance.now() - started;
      return answers.map((answer) => answer.access_token);
    });
    const slow = client.exchange(asking('slow'), { lane, timeoutMs: 5000 });
    const refused = client.exchange(asking('refused'), { lane }).catch((error: unknown) => error);
    const away = client.exchange(asking('away'), { lane }).catch((error: unknown) => error);
    const bug = client.exchange(asking('bug'), { lane }).catch((error: unknown) => error);
    const hangs = client.exchange(asking('hangs'), { lane, timeoutMs: 300 }).catch((error: unknown) => error);
    const huge = client.exchange(asking(`huge${'x'.repeat(40_000)}`), { lane });

    expect(await good).toEqual(['token of a', 'token of b', 'token of c']);
    expect(fastAt).toBeLessThan(300);
    expect(await refused).toMatchObject({ error: 'invalid_grant', reason: 'code_expired', description: 'expired' });
    expect(await refused).toBeInstanceOf(OAuthError);
    expect(await away).toMatchObject({ code: 'UNAVAILABLE', reason: 'store_unavailable', retryAfterMs: 700 });
    expect(await bug).toMatchObject({ code: 'INTERNAL', reason: 'internal' });
    expect(String(await bug)).not.toContain('secret text');
    expect(await hangs).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect((await slow).access_token).toBe('token of slow');
    expect((await huge).access_token).toHaveLength('token of huge'.length + 40_000);
  });

  test('slow items in many batches leave room for others', async () => {
    const slow: Promise<unknown>[] = [];
    for (let batch = 0; batch < 8; batch++) {
      slow.push(client.exchange(asking('slow'), { timeoutMs: 5000 }));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const started = performance.now();
    await client.exchange(asking('quick'));
    expect(performance.now() - started).toBeLessThan(250);
    await Promise.all(slow);
  });

  test('a caller that the topology does not name is refused', async () => {
    const other = running.stranger.connect('token', TokenServiceService);
    await expect(other.getJwks({})).rejects.toMatchObject({ code: 'PERMISSION_DENIED', reason: 'peer_not_allowed' });
    await expect(other.exchange(asking('x'))).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  });
});

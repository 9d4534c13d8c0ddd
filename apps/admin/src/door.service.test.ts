import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as admin from '@authority/contracts/admin';
import { health, reflection, reflectionAlpha } from '@authority/contracts/standard';
import { StatusError } from '@authority/errors';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import * as grpc from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DoorPorts } from './door.ts';
import { type Listener, type ListenerOptions, openListener } from './listener/listener.ts';
import type { Owner } from './policy.ts';
import type { RefusedCall } from './refused-calls.ts';

interface Forwarded {
  readonly owner: Owner;
  readonly path: string;
  readonly operator: string;
  readonly request: Buffer;
  readonly timeoutMs: number;
}

let forwarded: Forwarded[];
let refusedCalls: RefusedCall[];
let facts: Record<string, unknown>;
let answer: () => Buffer;
let listener: Listener | undefined;

beforeEach(() => {
  forwarded = [];
  refusedCalls = [];
  facts = { active: true, client_id: 'c_operator', aud: 'http://localhost:8080/admin', scope: 'authority.admin' };
  answer = () => Buffer.from(admin.GetClientResponse.encode({ client: admin.Client.fromPartial({ client_id: 'c_1' }) }).finish());
});
afterEach(() => listener?.close());

const ports = (): DoorPorts => ({
  issuer: 'http://localhost:8080',
  introspect: async () => facts,
  isService: ({ subjectAltName }) => subjectAltName.includes('gateway.authority.internal'),
  owners: {
    async forward(owner, { path }, request, { operator, deadline }) {
      forwarded.push({ owner, path, operator, request, timeoutMs: deadline - Date.now() });
      return answer();
    },
  },
  refusedCalls: { add: (call) => refusedCalls.push(call) },
});

async function open(more: Partial<ListenerOptions> = {}): Promise<string> {
  listener = await openListener({ listen: { host: '127.0.0.1', port: 0 }, ports: ports(), version: '9.9.9', ready: () => true, ...more });
  return `127.0.0.1:${listener.port}`;
}

interface Sent {
  readonly token?: string;
  readonly credentials?: grpc.ChannelCredentials;
  readonly options?: grpc.CallOptions;
  readonly client_id?: string;
}

interface Got {
  readonly client?: admin.Client | undefined;
  readonly error?: grpc.ServiceError | undefined;
  readonly header?: grpc.Metadata;
}

function getClient(address: string, { token, credentials, options, client_id = 'c_1' }: Sent = {}): Promise<Got> {
  const client = new admin.ClientServiceClient(address, credentials ?? grpc.credentials.createInsecure(), {
    'grpc.ssl_target_name_override': 'localhost',
  });
  const metadata = new grpc.Metadata();
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
  return new Promise((resolve) => {
    let header: grpc.Metadata | undefined;
    const call = client.getClient({ client_id }, metadata, options ?? { deadline: Date.now() + 5_000 }, (error, value) => {
      client.close();
      resolve({ client: value?.client, error: error ?? undefined, ...(header && { header }) });
    });
    call.on('metadata', (received) => {
      header = received;
    });
  });
}

describe('contract.md: the operator API', () => {
  test('house.md: an admitted call goes to its owner as it came, with the operator and what is left of the deadline', async () => {
    const got = await getClient(await open(), { token: 'at.1' });
    expect(got.client?.client_id).toBe('c_1');
    expect(got.header?.get('authority-version')).toEqual(['9.9.9']);
    expect(forwarded).toHaveLength(1);
    expect(forwarded[0]).toMatchObject({ owner: 'token', path: '/authority.admin.v1.ClientService/GetClient', operator: 'c_operator' });
    expect(admin.GetClientRequest.decode(forwarded[0]?.request ?? Buffer.alloc(0))).toEqual({ client_id: 'c_1' });
    expect(forwarded[0]?.timeoutMs).toBeGreaterThan(3_000);
    expect(forwarded[0]?.timeoutMs).toBeLessThanOrEqual(5_000);
  });

  test('issue 2, bad input: a NUL in any text is a wrong argument, and reaches no owner', async () => {
    const { error } = await getClient(await open(), { token: 'at.1', client_id: 'c\0' });
    expect(error).toMatchObject({ code: grpc.status.INVALID_ARGUMENT });
    expect(forwarded).toEqual([]);
  });

  test('house.md: an operator cannot name another one by metadata', async () => {
    const address = await open();
    const client = new admin.ClientServiceClient(address, grpc.credentials.createInsecure());
    const metadata = new grpc.Metadata();
    metadata.set('authorization', 'Bearer at.1');
    metadata.set('authority-operator', 'c_other');
    await new Promise((resolve) => client.getClient({ client_id: 'c' }, metadata, resolve));
    client.close();
    expect(forwarded.map(({ operator }) => operator)).toEqual(['c_operator']);
  });

  test('RFC 6750 §3: a refused call is UNAUTHENTICATED, is written down, and reaches no owner', async () => {
    const address = await open();
    const none = await getClient(address);
    expect(none.error).toMatchObject({
      code: grpc.status.UNAUTHENTICATED,
      details: expect.stringContaining('send metadata `authorization'),
    });
    facts = { active: false };
    const revoked = await getClient(address, { token: 'at.1' });
    expect(revoked.error?.code).toBe(grpc.status.UNAUTHENTICATED);
    facts = { ...facts, active: true, client_id: 'c_shop', aud: 'http://localhost:8080/admin', scope: 'orders' };
    const ordinary = await getClient(address, { token: 'at.1' });
    expect(ordinary.error?.code).toBe(grpc.status.PERMISSION_DENIED);

    expect(forwarded).toEqual([]);
    expect(refusedCalls.map(({ reason }) => reason)).toEqual(['token_missing', 'token_revoked', 'token_scope_insufficient']);
    expect(refusedCalls[0]).toMatchObject({ path: '/authority.admin.v1.ClientService/GetClient', operator: undefined });
    expect(refusedCalls[0]?.address).toMatch(/^127\.0\.0\.1:\d+$/);
  });

  test('style.md 14: a refusal of the owner is a plain gRPC status with google.rpc.BadRequest in its details', async () => {
    answer = () => {
      throw new StatusError('INVALID_ARGUMENT', 'field_invalid', {
        message: 'client.scope: must be words',
        violations: [{ field: 'client.scope', description: 'must be words' }],
        retryAfterMs: 1_500,
      });
    };
    const { error } = await getClient(await open(), { token: 'at.1' });
    expect(error).toMatchObject({ code: grpc.status.INVALID_ARGUMENT, details: 'client.scope: must be words' });
    const details = error?.metadata.get('grpc-status-details-bin')[0];
    const text = Buffer.isBuffer(details) ? details.toString('latin1') : '';
    for (const part of ['type.googleapis.com/google.rpc.BadRequest', 'client.scope', 'type.googleapis.com/google.rpc.RetryInfo']) {
      expect(text).toContain(part);
    }
    // An independent reader of the same bytes: buf knows google.rpc.Status only by its shape.
    expect(Buffer.isBuffer(details) && details.subarray(0, 2)).toEqual(Buffer.from([8, 3]));
  });

  test('style.md 13: a fault is INTERNAL without its text', async () => {
    answer = () => {
      throw new Error('password of the database is hunter2');
    };
    const { error } = await getClient(await open(), { token: 'at.1' });
    expect(error?.code).toBe(grpc.status.INTERNAL);
    expect(error?.details).not.toContain('hunter2');
  });

  test('AIP-193: a message that is not the contract’s is INVALID_ARGUMENT, and reaches no owner', async () => {
    const address = await open();
    const client = new grpc.Client(address, grpc.credentials.createInsecure());
    const metadata = new grpc.Metadata();
    metadata.set('authorization', 'Bearer at.1');
    const same = (bytes: Buffer): Buffer => bytes;
    const call = (path: string): Promise<grpc.ServiceError | null> =>
      new Promise((resolve) => {
        client.makeUnaryRequest(path, same, same, Buffer.from([10, 255]), metadata, (refusal) => resolve(refusal));
      });
    for (const method of ['SettingsService/GetSetting', 'ClientService/GetClient']) {
      expect((await call(`/authority.admin.v1.${method}`))?.code).toBe(grpc.status.INVALID_ARGUMENT);
    }
    client.close();
    expect(forwarded).toEqual([]);
  });

  test('AIP-180: fields of a newer contract go to the owner as they came', async () => {
    const address = await open();
    const client = new grpc.Client(address, grpc.credentials.createInsecure());
    const metadata = new grpc.Metadata();
    metadata.set('authorization', 'Bearer at.1');
    const same = (bytes: Buffer): Buffer => bytes;
    const request = new BinaryWriter().uint32(10).string('c_1').uint32(8_002).string('newer').finish();
    await new Promise((resolve) => {
      client.makeUnaryRequest('/authority.admin.v1.ClientService/GetClient', same, same, Buffer.from(request), metadata, resolve);
    });
    client.close();
    expect(forwarded[0]?.request).toEqual(Buffer.from(request));
  });
});

function ask<Request, Response>(make: () => grpc.ClientDuplexStream<Request, Response>, requests: readonly Request[]): Promise<Response[]> {
  return new Promise((resolve, reject) => {
    const call = make();
    const got: Response[] = [];
    call.on('data', (response: Response) => got.push(response));
    call.on('end', () => resolve(got));
    call.on('error', reject);
    for (const request of requests) call.write(request);
    call.end();
  });
}

const listServices: reflection.ServerReflectionRequest = { host: '', message_request: { $case: 'list_services', value: '' } };

describe('gRPC server reflection', () => {
  test('grpc.reflection v1 and v1alpha list what is served, without credentials, and nothing internal', async () => {
    const address = await open();
    for (const { ServerReflectionClient } of [reflection, reflectionAlpha]) {
      const client = new ServerReflectionClient(address, grpc.credentials.createInsecure());
      const [response] = await ask(() => client.serverReflectionInfo(), [listServices]);
      client.close();
      const names =
        response?.message_response?.$case === 'list_services_response'
          ? response.message_response.value.service.map(({ name }) => name)
          : [];
      expect(names).toContain('authority.admin.v1.ClientService');
      expect(names).toContain('grpc.health.v1.Health');
      expect(names.filter((name) => !/^(?:authority\.admin\.v1|grpc\.)/.test(name))).toEqual([]);
    }
  });

  test('grpc.reflection: a symbol gives its file and every import; what is internal or unknown is NOT_FOUND', async () => {
    const client = new reflection.ServerReflectionClient(await open(), grpc.credentials.createInsecure());
    const symbols = [
      'authority.admin.v1.ClientService.UpdateClient',
      'authority.admin.v1.Client',
      'authority.token.v1.TokenService',
      'nonsense',
      '',
    ];
    const got = await ask(
      () => client.serverReflectionInfo(),
      symbols.map(
        (value): reflection.ServerReflectionRequest => ({ host: '', message_request: { $case: 'file_containing_symbol', value } }),
      ),
    );
    client.close();
    const shapes = got.map(({ message_response: response }) =>
      response?.$case === 'file_descriptor_response' ? response.value.file_descriptor_proto.length : response?.$case,
    );
    expect(shapes).toEqual([2, 2, 'error_response', 'error_response', 'error_response']);
  });

  test('contract.md: `buf curl` calls the API without proto files', async () => {
    const address = await open();
    const buf = new URL('../../../node_modules/.bin/buf', import.meta.url).pathname;
    const args = ['curl', '--protocol', 'grpc', '--http2-prior-knowledge', '-H', 'authorization: Bearer at.1', '-d', '{"client_id":"c_1"}'];
    const text = await new Promise<string>((resolve, reject) => {
      execFile(buf, [...args, `http://${address}/authority.admin.v1.ClientService/GetClient`], (error, stdout, stderr) =>
        error ? reject(new Error(stderr)) : resolve(stdout),
      );
    });
    expect(JSON.parse(text)).toMatchObject({ client: { clientId: 'c_1' } });
    expect(forwarded[0]?.operator).toBe('c_operator');
  });
});

describe('grpc.health.v1', () => {
  test('gRPC health checking: the state is that of the service, without credentials', async () => {
    const address = await open({ ready: () => false });
    const client = new health.HealthClient(address, grpc.credentials.createInsecure());
    let version: unknown;
    const state = await new Promise<number | undefined>((resolve) => {
      const call = client.check({ service: 'authority.admin.v1.ClientService' }, (_, value) => resolve(value?.status));
      call.on('metadata', (header: grpc.Metadata) => {
        version = header.get('authority-version')[0];
      });
    });
    client.close();
    expect(version).toBe('9.9.9');
    expect(state).toBe(health.HealthCheckResponse_ServingStatus.NOT_SERVING);
  });
});

describe('contract.md: the listener', () => {
  test('contract.md: a port in use is one clear fault of the setting, and nothing is left behind', async () => {
    const address = await open();
    const taken = { host: '127.0.0.1', port: Number(address.split(':')[1]) };
    const again = openListener({ listen: taken, ports: ports(), version: '1', ready: () => true });
    await expect(again).rejects.toThrow(/AUTHORITY_ADMIN_LISTEN: cannot listen on 127\.0\.0\.1:\d+ \(.*EADDRINUSE/);
  });
});

describe('RFC 8705 §2: mutual TLS', () => {
  let folder: string;
  const openssl = (...args: readonly string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const pem = (name: string): Buffer => readFileSync(join(folder, name));

  /** An authority `ca`, and certificates by name, each with its common name and subject alternative name. */
  function makeCertificates(): void {
    const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
    for (const ca of ['ca', 'foreign']) openssl('req', '-x509', ...ec, '-subj', `/CN=${ca}`, '-keyout', `${ca}.key`, '-out', `${ca}.pem`);
    const one = (name: string, ca: string, san: string): void =>
      openssl(
        'req',
        '-x509',
        ...ec,
        '-subj',
        `/CN=${name}`,
        '-CA',
        `${ca}.pem`,
        '-CAkey',
        `${ca}.key`,
        '-addext',
        `subjectAltName=${san}`,
        '-addext',
        'basicConstraints=critical,CA:FALSE',
        '-keyout',
        `${name}.key`,
        '-out',
        `${name}.pem`,
      );
    one('server', 'ca', 'DNS:localhost');
    one('alice', 'ca', 'email:alice@ops.example');
    one('mallory', 'foreign', 'email:mallory@ops.example');
    one('gateway', 'ca', 'DNS:gateway.authority.internal');
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'admin-door-'));
    makeCertificates();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const openTls = (): Promise<string> => open({ tls: { cert: pem('server.pem'), key: pem('server.key'), clientCa: pem('ca.pem') } });
  const as = (name: string): grpc.ChannelCredentials => grpc.credentials.createSsl(pem('ca.pem'), pem(`${name}.key`), pem(`${name}.pem`));

  test('contract.md: a certificate of the operators’ authority is an operator', async () => {
    const got = await getClient(await openTls(), { credentials: as('alice') });
    expect(got.error).toBeUndefined();
    expect(forwarded.map(({ operator }) => operator)).toEqual(['certificate:alice']);
  });

  test('house.md: without one, or with that of a stranger, there is no connection; a service is no operator', async () => {
    const address = await openTls();
    const anonymous = grpc.credentials.createSsl(pem('ca.pem'));
    for (const credentials of [anonymous, as('mallory'), grpc.credentials.createInsecure()]) {
      expect((await getClient(address, { token: 'at.1', credentials })).error?.code).toBe(grpc.status.UNAVAILABLE);
    }
    expect((await getClient(address, { credentials: as('gateway') })).error?.code).toBe(grpc.status.UNAUTHENTICATED);
    expect(forwarded).toEqual([]);
  });
});

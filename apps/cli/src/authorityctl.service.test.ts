import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as admin from '@authority/contracts/admin';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { Metadata, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { FakeServer, Refusal, type Ran, runLine, type RunOptions } from './fake-server.ts';

let server: FakeServer;
let folder: string;

beforeAll(async () => {
  server = new FakeServer();
  await server.start();
  folder = mkdtempSync(join(tmpdir(), 'authorityctl-'));
  mkdirSync(join(folder, '.authority'));
  mkdirSync(join(folder, 'deep/below'), { recursive: true });
  writeFileSync(join(folder, '.authority/operator.json'), server.operator, { mode: 0o600 });
  writeFileSync(join(folder, 'password.txt'), 'correct horse battery\n');
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  server.received.length = 0;
  server.tokenRequests.length = 0;
  server.answers.clear();
  server.tokenAnswer = { status: 200, body: { access_token: 'at.1', token_type: 'Bearer' } };
});

const go = (line: string, options: Partial<RunOptions> = {}): Promise<Ran> => runLine(line.split(' '), { cwd: folder, ...options });

const client = (index: number, more: Partial<admin.Client> = {}): admin.Client =>
  admin.Client.fromPartial({
    client_id: `c_${String(index).padStart(22, '0')}`,
    client_name: `Client ${index}`,
    create_time_ms: 1_767_225_600_000,
    ...more,
  });

const oneLine = /^[^\n]+: [^\n]+; [^\n]+\n$/;

describe('contract.md: authorityctl finds the local operator and speaks as it', () => {
  test('RFC 6749 §2.3.1 and §4.4: it gets a token with its own credential, and keeps nothing on disk', async () => {
    server.answers.set('ClientService/ListClients', () => ({ clients: [client(1)], next_page_token: '' }));
    const before = readdirSync(folder, { recursive: true });
    const { code } = await go('clients list', { cwd: join(folder, 'deep/below') });
    expect(code).toBe(0);
    expect(server.tokenRequests).toEqual([
      {
        authorization: `Basic ${Buffer.from('c_operator:s3cr3t%3A%C3%BC').toString('base64')}`,
        body: 'grant_type=client_credentials&scope=authority.admin',
      },
    ]);
    expect(server.received).toMatchObject([{ rpc: 'ClientService/ListClients', authorization: 'Bearer at.1' }]);
    expect(readdirSync(folder, { recursive: true })).toEqual(before);
  });

  test('contract.md: AUTHORITY_DATA_DIR and --operator-file name another file; a missing one is told', async () => {
    server.answers.set('KeyService/ListKeys', () => ({ keys: [], next_page_token: '' }));
    const elsewhere = { cwd: tmpdir() };
    expect((await go('keys list', { ...elsewhere, env: { AUTHORITY_DATA_DIR: join(folder, '.authority') } })).code).toBe(0);
    expect((await go(`keys list --operator-file ${folder}/.authority/operator.json`, elsewhere)).code).toBe(0);
    const missing = await go('keys list --operator-file nowhere.json');
    expect(missing.code).toBe(1);
    expect(missing.err).toMatch(oneLine);
  });

  test('RFC 6749 §5.2: a refused credential, and an issuer that is away, are one line and exit code 1', async () => {
    server.tokenAnswer = { status: 401, body: { error: 'invalid_client' } };
    const refused = await go('clients list');
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.err).toMatch(oneLine);
    expect(refused.err).toContain('invalid_client');

    const dead = JSON.stringify({ ...JSON.parse(server.operator), issuer: 'http://127.0.0.1:1' });
    writeFileSync(join(folder, 'dead.json'), dead);
    const away = await go('clients list --operator-file dead.json');
    expect(away).toMatchObject({
      code: 1,
      err: 'issuer: http://127.0.0.1:1 does not answer; is the server running? start it with npm start\n',
    });
  });

  test('RFC 6749 §2.3.1: the secret never travels in the open', async () => {
    writeFileSync(join(folder, 'open.json'), JSON.stringify({ ...JSON.parse(server.operator), issuer: 'http://as.example' }));
    const { code, err } = await go('clients list --operator-file open.json');
    expect(code).toBe(1);
    expect(err).toContain('not https');
  });

  test('contract.md: nobody at the address is one line that says what to do', async () => {
    const { code, err } = await go('clients list --address 127.0.0.1:1');
    expect(code).toBe(1);
    expect(err).toBe('clients list: nobody answers at 127.0.0.1:1; is the server running? start it with npm start, or give --address\n');
  });
});

describe('contract.md: exit codes and one-line errors', () => {
  test.each([
    'clents list',
    'clients',
    'clients get',
    'clients lst',
    'clients list --nonsense',
    'clients list -o xml',
    'clients list --limit many',
    'clients update c_1',
    'clients create',
    'grants list',
    'sessions list',
    'credentials list',
    'credentials delete u_1',
    'settings set throttle.enabled',
    'registration-tokens create --expires yesterday',
    'registration-tokens create --expires 2001-01-01',
    'keys rotate',
    'keys rotate --use door',
    'identities create --name A',
    'identities update a@example.com',
    'identities set-password a@example.com',
    'status extra',
    'clients list --address nonsense',
    'clients list --cert only.pem --address 127.0.0.1:1',
  ])('contract.md: `%s` is wrong usage: exit code 2, and no call', async (line) => {
    const { code, out, err } = await go(line);
    expect(code).toBe(2);
    expect(out).toBe('');
    if (line !== 'clients') expect(err).toMatch(oneLine);
    expect(server.received).toEqual([]);
  });

  test.each([
    '--help',
    'clients --help',
    'clients create --help',
    'settings set --help',
    'audit list --help',
    'status --help',
    'help clients',
  ])('contract.md: `%s` explains, with examples', async (line) => {
    const { code, out, err } = await go(line);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('Examples:');
    expect(Math.max(...out.split('\n').map((one) => one.length))).toBeLessThanOrEqual(110);
  });

  test('AIP-193: a refusal is told in one line, with the fields that are wrong', async () => {
    server.answers.set('ClientService/CreateClient', () => {
      const violation = new BinaryWriter().uint32(10).string('client.redirect_uris[0]').uint32(18).string('must be https').finish();
      const badRequest = new BinaryWriter().uint32(10).bytes(violation).finish();
      const any = new BinaryWriter().uint32(10).string('type.googleapis.com/google.rpc.BadRequest').uint32(18).bytes(badRequest).finish();
      const metadata = new Metadata();
      metadata.set('grpc-status-details-bin', Buffer.from(new BinaryWriter().uint32(8).int32(3).uint32(26).bytes(any).finish()));
      throw new Refusal(status.INVALID_ARGUMENT, 'wrong', metadata);
    });
    const { code, err } = await go('clients create --name Shop --redirect-uri http://shop.example');
    expect({ code, err }).toEqual({ code: 1, err: 'clients create: client.redirect_uris[0] must be https; see --help\n' });
  });

  test.each([
    [status.NOT_FOUND, 'there is no client c_1', 'the list command shows what there is'],
    [status.ABORTED, 'the etag is old', 'somebody changed it meanwhile'],
    [status.PERMISSION_DENIED, 'this call needs authority.admin', 'use an operator'],
    [status.FAILED_PRECONDITION, 'the issuer is https; repeat it with --force', 'repeat it with --force'],
    [status.UNAVAILABLE, 'token: the token service does not answer; try again in a moment', 'try again in a moment'],
    [status.INTERNAL, 'internal error', "the server's log"],
  ])('AIP-193: gRPC status %i is exit code 1 with advice', async (code, details, advice) => {
    server.answers.set('ClientService/GetClient', () => {
      throw new Refusal(code, details);
    });
    const ran = await go('clients get c_1');
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(oneLine);
    expect(ran.err).toContain(details.split(';')[0]);
    expect(ran.err).toContain(advice);
  });

  test('pages.md: what a server says cannot steer the terminal', async () => {
    server.answers.set('ClientService/GetClient', () => {
      throw new Refusal(status.NOT_FOUND, 'evil %1b[2J \u202e');
    });
    server.answers.set('ClientService/ListClients', () => ({
      clients: [client(1, { client_name: 'a\u001b[31mred\u0007\nb\u202ec' })],
      next_page_token: '',
    }));
    for (const format of ['table', 'json', 'yaml']) {
      const { out } = await go(`clients list -o ${format}`);
      expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    }
  });
});

describe('contract.md: secrets come from standard input or a file, never as an argument', () => {
  const person = admin.Identity.fromPartial({
    sub: '01890000-0000-7000-8000-000000000000',
    traits: '{"email":"a@example.com"}',
    etag: 'e1',
  });

  test('contract.md: --password-stdin and --password-file', async () => {
    server.answers.set('IdentityService/CreateIdentity', () => ({ identity: person }));
    expect((await go('identities create --email a@example.com --password-stdin', { stdin: 'correct horse battery\r\n' })).code).toBe(0);
    expect((await go('identities create --email a@example.com --password-file password.txt')).code).toBe(0);
    expect(server.received.map(({ request }) => request.password)).toEqual(['correct horse battery', 'correct horse battery']);
  });

  test('contract.md: a password is set for a person named by address', async () => {
    server.answers.set('IdentityService/ListIdentities', () => ({ identities: [person], next_page_token: '' }));
    server.answers.set('IdentityService/SetPassword', () => ({ propagating: true }));
    const { code, out, err } = await go('identities set-password a@example.com --password-stdin', { stdin: 'pw of Ada' });
    expect(code).toBe(0);
    expect(server.received.map(({ rpc, request }) => [rpc, request.filter ?? request.sub])).toEqual([
      ['IdentityService/ListIdentities', 'email = "a@example.com"'],
      ['IdentityService/SetPassword', person.sub],
    ]);
    expect(out + err).not.toContain('pw of Ada');
    expect(err).toContain('within seconds');
  });

  test.each([
    'identities create --email a@example.com --password hunter2',
    'identities create --email a@example.com --password=hunter2',
    'identities set-password a@example.com hunter2',
    'clients create --name X --client-secret hunter2',
    'clients list --token hunter2',
  ])('contract.md: `%s` is refused, and the secret is not repeated', async (line) => {
    const { code, out, err } = await go(line);
    expect(code).toBe(2);
    expect(out + err).not.toContain('hunter2');
    expect(server.received).toEqual([]);
  });

  test.each([
    ['an empty password', 'identities create --email a@example.com --password-stdin', '\n'],
    ['two lines', 'identities create --email a@example.com --password-stdin', 'a\nb\n'],
    ['two places', 'identities create --email a@example.com --password-stdin --password-file password.txt', 'a'],
    ['a missing file', 'identities create --email a@example.com --password-file nowhere', ''],
  ])('contract.md: %s is wrong usage', async (_, line, stdin) => {
    expect((await go(line, { stdin })).code).toBe(2);
    expect(server.received).toEqual([]);
  });
});

describe('contract.md: the commands', () => {
  test('RFC 7591 §2: clients create sends the fields by their names and shows the secret once', async () => {
    server.answers.set('ClientService/CreateClient', ({ client: sent }) => ({ client: sent, client_secret: 'new secret' }));
    const argv = ['clients', 'create', '--name', 'My Shop', '--redirect-uri', 'https://a/cb', '--redirect-uri', 'https://b/cb'];
    const more = [
      '--grant-type',
      'authorization_code',
      '--scope',
      'openid profile',
      '--auth-method',
      'client_secret_basic',
      '--skip-consent',
      '-o',
      'json',
    ];
    const { code, out, err } = await runLine([...argv, ...more], { cwd: folder });
    expect(code).toBe(0);
    expect(server.received[0]?.request.client).toMatchObject({
      client_name: 'My Shop',
      redirect_uris: ['https://a/cb', 'https://b/cb'],
      grant_types: ['authorization_code'],
      scope: 'openid profile',
      consent_skipped: true,
      operator: false,
    });
    expect(JSON.parse(out)).toMatchObject({ client_name: 'My Shop', client_secret: 'new secret' });
    expect(err).toContain('shown only now');
  });

  test('AIP-134: clients update names what was given in the mask, and nothing else', async () => {
    server.answers.set('ClientService/UpdateClient', ({ client: sent }) => ({ client: sent, propagating: false }));
    expect((await go('clients update c_1 --scope openid --disabled false --etag e1')).code).toBe(0);
    expect(server.received[0]?.request).toMatchObject({
      client: { client_id: 'c_1', scope: 'openid', disabled: false, etag: 'e1' },
      update_mask: ['scope', 'disabled'],
    });
    await go('clients update c_1 --disabled');
    expect(server.received[1]?.request).toMatchObject({ client: { disabled: true }, update_mask: ['disabled'] });
  });

  test('AIP-134: identities update keeps the traits that were not named, and refuses lost updates', async () => {
    const person = admin.Identity.fromPartial({ sub: 's', traits: '{"email":"a@example.com","phone":"1"}', etag: 'e7' });
    server.answers.set('IdentityService/GetIdentity', () => ({ identity: person }));
    server.answers.set('IdentityService/UpdateIdentity', ({ identity }) => ({ identity }));
    await go('identities update 01890000-0000-7000-8000-000000000000 --name Ada');
    expect(server.received[1]?.request).toMatchObject({
      identity: { traits: '{"email":"a@example.com","phone":"1","name":"Ada"}', etag: 'e7' },
      update_mask: ['traits'],
    });
    await go('identities disable 01890000-0000-7000-8000-000000000000');
    expect(server.received[3]?.request).toMatchObject({ identity: { disabled: true }, update_mask: ['disabled'] });
  });

  test('RFC 7591 §3: registration-tokens create sends the policy and prints the value once', async () => {
    server.answers.set('RegistrationTokenService/CreateRegistrationToken', ({ registration_token }) => ({
      registration_token,
      value: 'iat.1',
    }));
    const flags =
      '--allow-no-pkce --allow-implicit --allow-hybrid --allow-password --profile oauth2.1 --uses 3 --expires 1h --scope openid';
    const { out } = await go(`registration-tokens create ${flags} -o json`);
    expect(JSON.parse(out).value).toBe('iat.1');
    const token = server.received[0]?.request.registration_token as admin.RegistrationToken;
    expect(token).toMatchObject({
      allow_no_pkce: true,
      allow_implicit: true,
      allow_hybrid: true,
      allow_password: true,
      profile: 'oauth2.1',
      uses_limit: 3,
      scope: 'openid',
    });
    expect(Math.abs(token.expire_time_ms - Date.now() - 3_600_000)).toBeLessThan(10_000);
  });

  test.each([
    ['settings set throttle.enabled false', 'false', false],
    ['settings set throttle.enabled false --force', 'false', true],
    ['settings set token.access_token_lifetime 600', '600', false],
    ['settings set password.policy strict', '"strict"', false],
  ])('contract.md: `%s` sends JSON', async (line, value, force) => {
    server.answers.set('SettingsService/UpdateSetting', ({ setting }) => ({ setting }));
    expect((await go(line)).code).toBe(0);
    expect(server.received[0]?.request).toMatchObject({ setting: { value }, force, update_mask: ['value'] });
  });

  test.each([
    ['sessions delete s_1', 'SessionService/DeleteSession', { sid: 's_1' }],
    [
      'credentials delete u_1 passkey cGs --end-sessions',
      'CredentialService/DeleteCredential',
      { sub: 'u_1', kind: 'passkey', id: 'cGs', end_sessions: true },
    ],
    ['grants delete g_1', 'GrantService/DeleteGrant', { grant_id: 'g_1' }],
    ['grants list --client c_1', 'GrantService/ListGrants', { filter: 'client_id = "c_1"' }],
    ['identities list --search mort', 'IdentityService/ListIdentities', { filter: '', search: 'mort' }],
    ['keys rotate --use signing --alg ES256', 'KeyService/RotateKey', { use: 'signing', alg: 'ES256' }],
    ['keys delete k1', 'KeyService/DeleteKey', { key_id: 'k1' }],
    ['settings delete flow.lifetime', 'SettingsService/DeleteSetting', { name: 'flow.lifetime' }],
    ['clients rotate-secret c_1 --drop-previous', 'ClientService/RotateClientSecret', { client_id: 'c_1', drop_previous: true }],
    [
      'audit list --action client.* --actor operator:c_1',
      'AuditService/ListAuditEvents',
      { filter: 'action = "client.*" AND actor = "operator:c_1"' },
    ],
  ])('contract.md: `%s` is %s', async (line, rpc, request) => {
    server.answers.set(rpc, () => ({ grants: [], identities: [], audit_events: [], next_page_token: '' }));
    expect(await go(line)).toMatchObject({ code: 0 });
    expect(server.received).toMatchObject([{ rpc, request }]);
  });

  test('contract.md: status shows the parts, and is 1 when one is away', async () => {
    server.answers.set('SettingsService/GetSetting', () => ({}));
    server.answers.set('ClientService/ListClients', () => ({ clients: [client(1), client(2)], next_page_token: '' }));
    server.answers.set('IdentityService/ListIdentities', () => ({ identities: [], next_page_token: 'more' }));
    server.answers.set('KeyService/ListKeys', () => ({
      keys: ['RS256', 'ES256'].map((alg) => admin.Key.fromPartial({ use: 'signing', alg })),
      next_page_token: '',
    }));
    const well = await go('status -o json');
    expect(well).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(well.out)).toMatchObject({
      issuer: { state: 'ok' },
      admin: { state: 'ok', version: '1.2.3' },
      services: { token: 'ok', session: 'ok', identity: 'ok' },
      keys: { signing: 'ES256 RS256' },
      counts: { clients: '2', identities: '0 or more' },
    });

    server.answers.set('SettingsService/GetSetting', ({ name }) => {
      if (name !== 'session.idle_lifetime') return {};
      throw new Refusal(status.UNAVAILABLE, 'away; try again');
    });
    const ill = await go('status');
    expect(ill).toMatchObject({ code: 1, err: "status: session: away; the server's log says more\n" });
    expect(ill.out).toContain('services.session');
  });

  test('contract.md: status of a server that is not there is 1', async () => {
    const { code, err } = await go('status --address 127.0.0.1:1');
    expect(code).toBe(1);
    expect(err).toMatch(oneLine);
  });
});

describe('pages.md: what is printed', () => {
  const many = Array.from({ length: 1_100 }, (_, index) => client(index));
  const pages = (): void => {
    server.answers.set('ClientService/ListClients', ({ page_size, page_token }) => {
      const start = Number(page_token || 0);
      const end = start + Number(page_size);
      return { clients: many.slice(start, end), next_page_token: end < many.length ? String(end) : '' };
    });
  };

  test('AIP-158: a list reads pages up to its limit and says when there is more', async () => {
    pages();
    const some = await go('clients list -o json');
    expect(JSON.parse(some.out)).toHaveLength(100);
    expect(some.err).toContain('more than 100');
    const all = await go('clients list -o json --limit 0');
    expect(JSON.parse(all.out)).toHaveLength(1_100);
    expect(all.err).toBe('');
    expect(server.received.map(({ request }) => request.page_size)).toEqual([100, 500, 500, 500]);
  });

  test('AIP-158: a server that gives the same token again does not hold the program for ever', async () => {
    server.answers.set('ClientService/ListClients', () => ({ clients: [], next_page_token: 'again' }));
    expect(await go('clients list')).toMatchObject({ code: 1, err: expect.stringMatching(oneLine) });
  });

  test('pages.md: JSON and YAML are stable: every field, in wire spelling and the order of the contract', async () => {
    server.answers.set('ClientService/ListClients', () => ({ clients: [client(1)], next_page_token: '' }));
    const { out } = await go('clients list -o json');
    const names = Object.keys(JSON.parse(out)[0]);
    expect(names.slice(0, 3)).toEqual(['client_id', 'client_name', 'redirect_uris']);
    expect([...names].sort()).toEqual(Object.keys(admin.Client.fromPartial({})).sort());
    expect(parse((await go('clients list -o yaml')).out)).toEqual(JSON.parse(out));
  });

  test('pages.md: an empty list is nothing for programs and a sentence for people', async () => {
    server.answers.set('ClientService/ListClients', () => ({ clients: [], next_page_token: '' }));
    expect(await go('clients list -o json')).toEqual({ code: 0, out: '[]\n', err: '' });
    expect(await go('clients list')).toEqual({ code: 0, out: '', err: 'There are no clients.\n' });
  });

  test('NO_COLOR: bold on a terminal only, and not when it is set', async () => {
    server.answers.set('ClientService/ListClients', () => ({ clients: [client(1)], next_page_token: '' }));
    expect((await go('clients list', { terminal: true })).out).toContain('\x1b[1m');
    expect((await go('clients list', { terminal: true, env: { NO_COLOR: '1' } })).out).not.toContain('\x1b');
    expect((await go('clients list')).out).not.toContain('\x1b');
  });
});

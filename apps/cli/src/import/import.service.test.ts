import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Identity } from '@authority/contracts/admin';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FakeServer, Refusal, type Ran, runLine, type RunOptions } from '../fake-server.ts';

let server: FakeServer;
let folder: string;
/** Who has been imported, by external id. */
let known: Set<string>;

const rpc = 'ImportService/ImportIdentities';
interface Sent {
  readonly import_id: string;
  readonly validate_only: boolean;
  readonly identities: readonly { readonly external_id: string; readonly traits: string }[];
}

beforeAll(async () => {
  server = new FakeServer();
  await server.start();
});
afterAll(() => server.stop());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'authorityctl-import-'));
  mkdirSync(join(folder, '.authority'));
  writeFileSync(join(folder, '.authority/operator.json'), server.operator, { mode: 0o600 });
  server.received.length = 0;
  known = new Set();
  server.answers.set(rpc, importing);
  return () => rmSync(folder, { recursive: true });
});

function importing(request: Record<string, unknown>): unknown {
  const { identities, validate_only } = request as unknown as Sent;
  const results = identities.map(({ external_id }) => {
    if (external_id.startsWith('bad'))
      return { outcome: 'refused', sub: '', violations: [{ field: 'password_hash', description: 'is bad' }] };
    if (known.has(external_id)) return { outcome: 'unchanged', sub: 's', violations: [] };
    if (!validate_only) known.add(external_id);
    return { outcome: 'created', sub: 's', violations: [] };
  });
  return { results };
}

const go = (line: string, options: Partial<RunOptions> = {}): Promise<Ran> =>
  runLine(`identities import ${line}`.split(' '), { cwd: folder, ...options });
const sent = (): Sent[] => server.received.filter((one) => one.rpc === rpc).map(({ request }) => request as unknown as Sent);
const people = (count: number): string =>
  Array.from({ length: count }, (_, index) => `{"external_id":"p${index}","traits":{"email":"p${index}@example.com"}}\n`).join('');
const write = (text: string, name = 'people.ndjson'): void => writeFileSync(join(folder, name), text);
const report = (name = 'people.ndjson.refused.ndjson') =>
  readFileSync(join(folder, name), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

describe('how-to/import.md: authorityctl identities import', () => {
  test('lines go in batches of at most 500, under the name of the file', async () => {
    write(people(1201));
    const { code, out, err } = await go('people.ndjson -o json');
    expect([code, err]).toEqual([0, '']);
    expect(JSON.parse(out)).toEqual({ import_id: 'people', created: 1201, unchanged: 0, refused: 0 });
    expect(sent().map(({ identities, import_id }) => [import_id, identities.length])).toEqual([
      ['people', 500],
      ['people', 500],
      ['people', 201],
    ]);
    expect(existsSync(join(folder, 'people.ndjson.import.json'))).toBe(false);
  });

  test('a line becomes a person: credentials of Keycloak, times, bytes, the verified address', async () => {
    const keycloak = { credentialData: '{}', secretData: '{}' };
    const passkey = { credential_id: 'AQID', public_key: 'BAUG', counter: 3, name: 'Phone' };
    const line = {
      sub: '3f0b7a60-9d3c-4c55-8a55-0b5a7c3f9d11',
      traits: { email: 'a@example.com' },
      email_verified: true,
      password_hash: keycloak,
      user_handle: 'AAE_',
      passkeys: [passkey],
      totp: { secret: 'gezd gnbv', digits: 8 },
      created_at: '2020-01-02T03:04:05Z',
    };
    write(`\uFEFF${JSON.stringify(line)}\r\n\r\n`);
    expect((await go('people.ndjson --import-id first')).code).toBe(0);
    expect(sent()[0]?.identities).toMatchObject([
      {
        external_id: line.sub,
        traits: '{"email":"a@example.com"}',
        verified_addresses: ['a@example.com'],
        password_hash: JSON.stringify(keycloak),
        user_handle: Buffer.of(0, 1, 63),
        passkeys: [{ credential_id: Buffer.of(1, 2, 3), public_key: Buffer.of(4, 5, 6), counter: 3, name: 'Phone' }],
        totp: { secret: Buffer.from('12345'), algorithm: '', digits: 8, period: 0 },
        create_time_ms: Date.UTC(2020, 0, 2, 3, 4, 5),
      },
    ]);
  });

  test('an authenticator app comes as its address too', async () => {
    const address = 'otpauth://totp/Old:ada?secret=GEZDGNBVGY3TQOJQ&issuer=Old&algorithm=SHA256&period=60';
    write(
      `${JSON.stringify({ traits: { email: 'a@example.com' }, totp: address })}\n{"traits":{},"totp":"hotp"}\n{"sub":"b","traits":{},"totp":{"secret_base64":"MTIz"}}`,
    );
    expect((await go('people.ndjson')).code).toBe(1);
    expect(sent()[0]?.identities).toMatchObject([
      { totp: { secret: Buffer.from('1234567890'), algorithm: 'SHA256', digits: 0, period: 60 } },
      { totp: { secret: Buffer.from('123') } },
    ]);
    expect(report()).toMatchObject([{ line: 2, violations: [{ field: 'totp' }] }]);
  });

  test('what is refused is in a report, line by line and without hashes; the rest is imported, and the exit code is 1', async () => {
    const wrong = ['{"external_id":"bad1","traits":{},"password_hash":"secret"}', 'no json', '{"traits":{},"pasword":"x"}', '[]'];
    write(`${people(2)}${wrong.join('\n')}\n{"traits":{"email":"${'x'.repeat(600_000)}"}}\n{"external_id":"last","traits":{}}`);
    const { code, out, err } = await go('people.ndjson --report out.ndjson');
    expect(code).toBe(1);
    expect(out).toBe('Imported 3 people.\n');
    expect(err).toMatch(/^identities import: 5 of 8 lines were refused; see .*out\.ndjson, mend them, and import the file again\n$/);
    expect(report('out.ndjson')).toEqual([
      { line: 3, external_id: 'bad1', violations: [{ field: 'password_hash', description: 'is bad' }] },
      { line: 4, external_id: '', violations: [{ field: 'line', description: 'is no JSON' }] },
      { line: 5, external_id: '', violations: [{ field: 'pasword', description: expect.stringContaining('is no field of an import') }] },
      { line: 6, external_id: '', violations: [{ field: 'line', description: 'must be a JSON object' }] },
      { line: 7, external_id: '', violations: [{ field: 'line', description: 'is too long' }] },
    ]);
    const again = await go('people.ndjson');
    expect(again.out).toBe('Imported 0 people, 3 were here from before.\n');
  });

  test('a trial imports nobody and leaves nothing behind', async () => {
    write(people(3));
    expect(await go('people.ndjson --dry-run')).toMatchObject({ code: 0, out: 'Would import 3 people.\n' });
    expect(sent().map(({ validate_only }) => validate_only)).toEqual([true]);
    expect(known.size).toBe(0);
  });

  test('Ctrl-C ends after the call under way; --resume goes on there, and nothing begins anew unseen', async () => {
    write(people(1201));
    const interruption = new AbortController();
    server.answers.set(rpc, (request) => {
      interruption.abort();
      return importing(request);
    });
    const stopped = await go('people.ndjson', { interrupt: interruption.signal });
    expect(stopped).toMatchObject({
      code: 1,
      err: expect.stringContaining('interrupted before line 501; go on with authorityctl identities import people.ndjson --resume'),
    });
    expect(await go('people.ndjson')).toMatchObject({ code: 2, err: expect.stringContaining('give --resume') });
    server.received.length = 0;
    expect(await go('people.ndjson --resume')).toMatchObject({ code: 0, out: 'Imported 1201 people.\n' });
    expect(sent()[0]?.identities[0]?.external_id).toBe('p500');
    expect(known.size).toBe(1201);
    expect(await go('people.ndjson --resume')).toMatchObject({ code: 2 });
  });

  test('a file that changed since is not gone on with', async () => {
    write(people(600));
    const interruption = new AbortController();
    interruption.abort();
    server.answers.set(rpc, (request) => {
      if (known.size > 0) throw new Refusal(status.PERMISSION_DENIED, 'no');
      return importing(request);
    });
    expect((await go('people.ndjson')).code).toBe(1);
    write(people(700));
    expect(await go('people.ndjson --resume')).toMatchObject({ code: 2, err: expect.stringContaining('the file has changed') });
  });

  test('a server that is away for a moment is waited for', async () => {
    write(people(1));
    let times = 0;
    server.answers.set(rpc, (request) => {
      times += 1;
      if (times < 3) throw new Refusal(status.UNAVAILABLE, 'identity: the identity service does not answer; try again in a moment');
      return importing(request);
    });
    expect((await go('people.ndjson')).code).toBe(0);
    expect(times).toBe(3);
  });

  test.each(['nowhere.ndjson', ''])('a file that is not there is a wrong usage: %j', async (name) => {
    expect((await go(name)).code).toBe(2);
  });

  test('a terminal sees a bar, and a log sees lines', async () => {
    write(people(1201));
    const { err } = await go('people.ndjson', { errorTerminal: true });
    expect(err).toContain('\r\x1b[K[##');
    expect(err.endsWith('\r\x1b[K')).toBe(true);
  });

  test('export writes what import takes', async () => {
    const identity = Identity.fromPartial({
      schema_id: 'default',
      traits: '{"email":"a@example.com"}',
      addresses: [{ kind: 'email', value: 'a@example.com', verified: true }],
    });
    server.answers.set('IdentityService/ListIdentities', ({ page_token }) => ({
      identities: [{ ...identity, sub: page_token === '' ? 's1' : 's2' }],
      next_page_token: page_token === '' ? 'more' : '',
    }));
    const { out, err } = await runLine(['identities', 'export'], { cwd: folder });
    expect(err).toBe('');
    write(out);
    expect((await go('people.ndjson')).code).toBe(0);
    expect(sent()[0]?.identities).toMatchObject([{ external_id: 's1' }, { sub: 's2', verified_addresses: ['a@example.com'] }]);
  });
});

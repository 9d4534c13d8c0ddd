import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClientServiceService } from '@authority/contracts/admin';
import {
  type Code,
  type CollectedSpan,
  type Collector,
  type CreatedClient,
  foundIn,
  Operator,
  Person,
  post,
  ran,
  readWork,
  RelyingParty,
  startCollector,
  startFiveProcesses,
  type Suite,
  tokensOf,
} from '@authority/testing/suite';
import { Redis } from 'ioredis';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const email = 'traced@example.com';
const password = 'violet tractor hums 42 lullabies';

let suite: Suite;
let collector: Collector;
let coverage: string;
let operator: Operator;
let web: CreatedClient;
let party: RelyingParty;
let code: Code;
beforeAll(async () => {
  collector = await startCollector();
  coverage = mkdtempSync(join(tmpdir(), 'authority-work-'));
  // Only here: V8 counts every call, so that the last test can say which library did work.
  suite = await startFiveProcesses({ redis: true, env: { ...collector.env, NODE_V8_COVERAGE: coverage } });
  operator = new Operator(suite);
  await operator.createIdentity({ email, password });
  web = await operator.createClient({
    redirect_uris: ['http://127.0.0.1:9/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    scope: 'openid email offline_access',
  });
  party = new RelyingParty(suite.issuer, web);
  code = await party.code(new Person(suite.issuer, email, password));
});
afterAll(async () => {
  operator?.close();
  await suite?.stop();
  await collector?.close();
  rmSync(coverage, { recursive: true, force: true });
});

const rootNamed = (name: string, spans: readonly CollectedSpan[] = collector.spans): CollectedSpan | undefined =>
  spans.find((span) => span.name === name && span.service === 'gateway' && span.parentSpanId === '');
const traceOf = (root: CollectedSpan | undefined): CollectedSpan[] => collector.spans.filter(({ traceId }) => traceId === root?.traceId);
/** The spans above one, up to its root. */
function lineageOf(span: CollectedSpan): CollectedSpan[] {
  const parent = collector.spans.find(({ spanId, traceId }) => spanId === span.parentSpanId && traceId === span.traceId);
  return parent ? [...lineageOf(parent), parent] : [];
}
const isRow = ({ attributes }: CollectedSpan): boolean => attributes['db.system.name'] === 'postgresql';

describe('issue 2 item 8: one sign-in is one trace', () => {
  test('from the POST of the form through identity, session and token to the row, every span below the gateway’s', async () => {
    const services = ['gateway', 'identity', 'session', 'token'];
    // Each process sends its spans in its own time.
    await collector.until((spans) => {
      const sent = traceOf(rootNamed('POST /login', spans));
      return sent.some(isRow) && services.every((name) => sent.some(({ service }) => service === name));
    });
    const root = rootNamed('POST /login');
    const trace = traceOf(root);
    expect(new Set(trace.map(({ service }) => service))).toEqual(new Set(services));
    const rpcs = [
      'FlowService/SubmitFlow',
      'SessionService/Begin',
      'IdentityService/RedeemCompletion',
      'AuthorizationService/Authorize',
      'SessionService/Resolve',
    ];
    for (const rpc of rpcs) expect(trace.some(({ name, service }) => name.endsWith(rpc) && service !== 'gateway')).toBe(true);
    expect(trace.some(isRow)).toBe(true);
    for (const span of trace) if (span !== root) expect(lineageOf(span)[0]?.spanId).toBe(root?.spanId);
    // Two deep and acyclic (house.md): session asks identity, token asks session, within this one trace.
    const resolve = trace.find(({ name, service }) => name.endsWith('SessionService/Resolve') && service === 'session');
    expect(lineageOf(resolve as CollectedSpan).map(({ service }) => service)).toContain('token');
  });

  test('the log lines of the sign-in name its trace', async () => {
    const { traceId } = rootNamed('POST /login') ?? { traceId: 'none' };
    const events = ['identity', 'session'].flatMap((name) =>
      suite
        .process(name)
        .output.split('\n')
        .filter((line) => line.includes(traceId)),
    );
    expect(events.map((line) => (JSON.parse(line) as { event: string }).event).sort()).toEqual(['login.done', 'session.begun']);
  });

  test('a code’s way through a batch to its row is one trace, for each of eight that travel together', async () => {
    const begun = collector.spans.length;
    const more = await Promise.all(Array.from({ length: 7 }, () => party.code(new Person(suite.issuer, email, password))));
    const answers = await Promise.all([code, ...more].map((one) => party.redeem(one)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
    const rows = (): CollectedSpan[] => collector.spans.slice(begun).filter(({ name }) => name.includes('codes_redeem'));
    const redemptions = (): CollectedSpan[] =>
      collector.spans
        .slice(begun)
        .filter(({ name, attributes }) => name.endsWith('TokenService/Exchange') && attributes['rpc.batched'] === true);
    const isWhole = (item: CollectedSpan): boolean => lineageOf(item)[0]?.service === 'gateway';
    await collector.until(() => redemptions().length >= 8 && redemptions().every(isWhole) && reached(rows(), redemptions()));
    expect(redemptions()).toHaveLength(8);
    expect(reached(rows(), redemptions())).toBe(true);
    for (const item of redemptions()) expect(lineageOf(item)[0]).toMatchObject({ name: 'POST /oauth2/token', service: 'gateway' });
  });

  test('style.md 15: no secret, token or code in any span', async () => {
    const tokens = tokensOf(await party.redeem(await party.code(new Person(suite.issuer, email, password))));
    await party.userInfo(tokens.access_token);
    await collector.until(() => rootNamed('GET /oauth2/userinfo') !== undefined);
    const secrets = { password, code: code.code, ...{ secret: web.client_secret ?? '', operator: suite.operator.client_secret } };
    const all = { ...secrets, access: tokens.access_token, refresh: tokens.refresh_token, id: tokens.id_token };
    expect(collector.spans.length).toBeGreaterThan(50);
    expect(foundIn(JSON.stringify(collector.spans), all)).toEqual([]);
  });
});

/** Every item reaches a row: a statement in its own trace, or one that serves several and is linked with its trace. */
function reached(rows: readonly CollectedSpan[], items: readonly CollectedSpan[]): boolean {
  return items.every((item) => rows.some((row) => [row, ...row.links].some(({ traceId }) => traceId === item.traceId)));
}

describe('issue 2 item 8: the libraries do their work in the running processes', () => {
  beforeAll(async () => {
    await operator.call(ClientServiceService.listClients, { page_size: 0, page_token: '', filter: '' });
    await signInWithKey();
  });

  test('typeorm: every owner’s schema has the migrations that it ran', async () => {
    const client = new pg.Client({ connectionString: suite.databaseUrl });
    await client.connect();
    for (const owner of ['token', 'session', 'identity', 'admin']) {
      const { rows } = await client.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${owner}.migrations`);
      expect(`${owner} ${rows[0]?.count}`).toMatch(/ [1-9]\d*$/);
    }
    await client.end();
  });

  test('ioredis: the server counted commands', async () => {
    const redis = new Redis(suite.redis?.url ?? '');
    const calls = [...(await redis.info('commandstats')).matchAll(/cmdstat_(\w+):calls=(\d+)/g)].map(([, name]) => name);
    redis.disconnect();
    expect(calls).toEqual(expect.arrayContaining(['get', 'set']));
  });

  test('V8’s own count of calls names a function of each library that only its work calls', async () => {
    await Promise.all([...suite.processes.values()].map((process) => process.end()));
    const work = readWork(coverage);
    const calls: readonly (readonly [library: string, source: string, functionName: string, least: number])[] = [
      ['@nestjs/microservices', 'node_modules/@nestjs/microservices/', 'addHandler', 20],
      ['@grpc/grpc-js, served', 'node_modules/@grpc/grpc-js/', 'handleUnary', 5],
      ['@grpc/grpc-js, called', 'node_modules/@grpc/grpc-js/', 'makeUnaryRequest', 5],
      ['ts-proto', 'libs/contracts/src/generated/authority/token/v1/', 'decode', 5],
      ['jose, a verification', 'node_modules/jose/', 'compactVerify', 1],
      ['ioredis, a command', 'node_modules/ioredis/', 'sendCommand', 10],
      ['typeorm, a migration', 'src/migration/MigrationExecutor.ts', 'executePendingMigrations', 4],
      ['typeorm, a query', 'src/driver/postgres/PostgresQueryRunner.ts', 'query', 4],
      ['pg, a query', 'node_modules/pg/', 'query', 50],
      ['@opentelemetry/sdk-node', '@opentelemetry/sdk-node/', 'start', 5],
    ];
    const idle = calls.filter(([, source, functionName, least]) => ran(work, source, functionName) < least);
    expect(idle.map(([library]) => library)).toEqual([]);
    expect(ran(work, 'node_modules/pg/', 'noSuchFunction')).toBe(0);
  });
});

/** RFC 7523: the one request that lets the server verify a JWT of somebody else. */
async function signInWithKey(): Promise<void> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }];
  const method = { token_endpoint_auth_method: 'private_key_jwt', jwks: JSON.stringify({ keys }) };
  const { client_id } = await operator.createClient({ grant_types: ['client_credentials'], client_name: 'Key', ...method });
  const now = Math.floor(Date.now() / 1000);
  const client_assertion = await new SignJWT({
    iss: client_id,
    sub: client_id,
    aud: suite.issuer,
    jti: crypto.randomUUID(),
    iat: now,
    exp: now + 60,
  })
    .setProtectedHeader({ alg: 'ES256', kid: 'one' })
    .sign(privateKey);
  const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
  const answer = await post(`${suite.issuer}/oauth2/token`, { grant_type: 'client_credentials', client_assertion_type, client_assertion });
  expect(answer.status).toBe(200);
}

import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import {
  type Answer,
  type CreatedClient,
  dumpPostgres,
  dumpRedis,
  foundIn,
  hiddenOf,
  Operator,
  Person,
  post,
  randomText,
  RelyingParty,
  request,
  startFiveProcesses,
  type Suite,
  tokensOf,
} from '@authority/testing/suite';
import { generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formType, grant, tokenRequests } from './bad-input/token-requests.ts';

const password = 'violet tractor hums 42 lullabies';

let suite: Suite;
let operator: Operator;
let person: Person;
let web: CreatedClient;
let machine: CreatedClient;
beforeAll(async () => {
  suite = await startFiveProcesses({ redis: true });
  operator = new Operator(suite);
  await operator.createIdentity({ email: 'careful@example.com', password });
  person = new Person(suite.issuer, 'careful@example.com', password);
  machine = await operator.createClient({ grant_types: ['client_credentials'], client_name: 'Machine' });
  web = await operator.createClient({
    redirect_uris: ['http://127.0.0.1:9/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    scope: 'openid email offline_access',
  });
});
afterAll(async () => {
  operator?.close();
  await suite?.stop();
});

const at = (path: string): string => `${suite.issuer}${path}`;

/** Lines of the log that name a reason, since `from`. */
function reasonsSince(from: number): string[] {
  const lines = suite.process('gateway').output.slice(from).split('\n');
  return lines.flatMap((line) => {
    if (!line.includes('"http.refused"') && !line.includes('"http.fault"')) return [];
    return [String((JSON.parse(line) as { reason: string }).reason)];
  });
}

/** Every refusal: the status, the error, never stored by a cache, no stack, one log line with this reason. */
async function expectRefused(send: () => Promise<Answer>, status: number, error: string, reason: string): Promise<void> {
  const from = suite.process('gateway').output.length;
  const answer = await send();
  expect({ status: answer.status, error: answer.json()['error'] }).toEqual({ status, error });
  expect(answer.headers.get('cache-control')).toContain('no-store');
  expect(answer.text).not.toMatch(/\bat .*\.(ts|js|mjs):\d+|node_modules/);
  await expect.poll(() => reasonsSince(from), { timeout: 2_000 }).toEqual([reason]);
}

describe('issue 2 item 5: what clients send wrongly', () => {
  test.each(tokenRequests)('%s', async (_title, send, status, error, reason) => {
    await expectRefused(() => send({ at, machine, web }), status, error, reason);
  });

  test('RFC 7515, RFC 8725: malformed and forged JWTs of every kind are refused wherever a JWT is read', async () => {
    const { access_token, id_token } = await new RelyingParty(suite.issuer, web).tokens(person);
    const [header = '', payload = '', signature = ''] = access_token.split('.');
    const { privateKey } = await generateKeyPair('ES256');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Record<string, unknown>;
    const forged = await new SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'forged' }).sign(privateKey);
    const none = `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${payload}.`;
    const hmac = `${Buffer.from('{"alg":"HS256","typ":"at+jwt"}').toString('base64url')}.${payload}.${signature}`;
    const changed = `${header}.${Buffer.from(JSON.stringify({ ...claims, scope: 'openid admin' })).toString('base64url')}.${signature}`;
    const kinds = [
      '.',
      '..',
      'a.b',
      'a.b.c',
      'a.b.c.d.e',
      '{}',
      none,
      hmac,
      forged,
      changed,
      `${header}.${payload}`,
      `${access_token}x`,
      id_token,
    ];
    for (const token of kinds) {
      const shown = await request(at('/oauth2/userinfo'), { headers: { authorization: `Bearer ${token}` } });
      expect([401, 400]).toContain(shown.status);
      expect((await post(at('/oauth2/introspect'), { token }, web)).json()).toEqual({ active: false });
      expect((await post(at('/oauth2/revoke'), { token }, web)).status).toBe(200);
      const assertion = { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_assertion: token };
      const asked = await post(at('/oauth2/token'), { grant_type: 'client_credentials', ...assertion });
      expect([asked.status, asked.json()['error']]).toEqual([401, 'invalid_client']);
    }
    expect((await new RelyingParty(suite.issuer, web).userInfo(access_token)).status).toBe(200);
  });

  test('RFC 9112: what is no HTTP is answered 400 and closed, and headers beyond the bound 431', async () => {
    expect(await onSocket('NONSENSE\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect(await onSocket(`GET / HTTP/1.1\r\nhost: x\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
    expect(await onSocket('POST /oauth2/token HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\nabc')).toMatch(
      /^HTTP\/1\.1 400 /,
    );
  });

  test('performance.md 1: bad requests in a batch do not hurt a neighbour', async () => {
    const from = suite.process('gateway').output.length;
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, index) => {
        if (index % 3 === 0) return post(at('/oauth2/token'), grant, machine);
        if (index % 3 === 1) return post(at('/oauth2/token'), grant, { ...machine, client_secret: `wrong-${index}` });
        return post(at('/oauth2/token'), { grant_type: 'authorization_code', code: 'x'.repeat(8_000), redirect_uri: 'x' }, web);
      }),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 60 }, (_, index) => [200, 401, 400][index % 3]));
    // One line each; and what comes next finds a log that is up to date.
    const count = (reason: string): number => reasonsSince(from).filter((one) => one === reason).length;
    await expect.poll(() => [count('client_secret_wrong'), count('code_malformed')], { timeout: 2_000 }).toEqual([20, 20]);
  });
});

describe('issue 2 item 5: what browsers bring', () => {
  const shownAsPage: readonly (readonly [string, Record<string, string>, string])[] = [
    ['RFC 6749 §4.1.2.1: an unknown client', { client_id: 'c_nobody' }, 'client_unknown'],
    ['RFC 6749 §4.1.2.1: a foreign redirect URI', { redirect_uri: 'https://evil.example/' }, 'redirect_uri_foreign'],
    ['RFC 9700 §2.1: a redirect URI with a longer path', { redirect_uri: 'http://127.0.0.1:9/callback/more' }, 'redirect_uri_foreign'],
    ['RFC 9700 §2.1: another port for a confidential client', { redirect_uri: 'http://127.0.0.1:10/callback' }, 'redirect_uri_foreign'],
  ];
  test.each(shownAsPage)('%s is an error page and no redirect', async (_title, more, reason) => {
    const from = suite.process('gateway').output.length;
    const answer = await request(new RelyingParty(suite.issuer, web).begin(more).url);
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null]);
    expect(answer.headers.get('content-type')).toContain('text/html');
    expect(answer.headers.get('cache-control')).toContain('no-store');
    expect(answer.text).not.toContain('evil.example');
    await expect.poll(() => reasonsSince(from)).toEqual([reason]);
  });

  const sentBack: readonly (readonly [string, Record<string, string>, string])[] = [
    ['RFC 7636 §4.4.1: no challenge', { code_challenge: '', code_challenge_method: '' }, 'invalid_request'],
    ['RFC 7636 §4.4.1: the plain method', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['RFC 6749 §4.1.2.1: an unknown response type', { response_type: 'magic' }, 'unsupported_response_type'],
    ['RFC 6749 §4.1.2.1: an unknown scope', { scope: 'openid nothing' }, 'invalid_scope'],
    ['RFC 9101 §7: a request object that is not signed', { request: 'e30.e30.' }, 'invalid_request_object'],
    ['OpenID Connect Core §3.1.2.1: prompt none with another', { prompt: 'none login' }, 'invalid_request'],
    ['RFC 8707 §2: an unknown resource', { resource: 'https://nowhere.example' }, 'invalid_target'],
  ];
  test.each(sentBack)('%s goes back to the client with state and iss', async (_title, more, error) => {
    const begun = new RelyingParty(suite.issuer, web).begin(more);
    const answer = await request(begun.url);
    const to = new URL(answer.headers.get('location') ?? '');
    expect(`${to.origin}${to.pathname}`).toBe(web.redirect_uri);
    expect(Object.fromEntries(to.searchParams)).toMatchObject({ error, state: begun.state, iss: suite.issuer });
  });

  test('RFC 6749 §3.1: a repeated parameter goes back as invalid_request, a repeated client_id is shown as a page', async () => {
    const { url } = new RelyingParty(suite.issuer, web).begin();
    const repeated = await request(`${url}&scope=openid`);
    expect(new URL(repeated.headers.get('location') ?? '').searchParams.get('error')).toBe('invalid_request');
    expect([(await request(`${url}&client_id=x`)).status, (await request(`${url}&redirect_uri=x`)).status]).toEqual([400, 400]);
    expect((await request(`${at('/oauth2/authorize')}?client_id=%00`)).status).toBe(400);
    expect((await request(`${at('/oauth2/authorize')}?client_id=%c3%28`)).status).toBe(400);
  });

  test('issue 2 "Sign-in": a form without its token, of another browser, of another site or with a changed handle changes nothing', async () => {
    const other = new Person(suite.issuer, person.email, password);
    const page = await other.visit(new RelyingParty(suite.issuer, web).begin().url);
    const hidden = hiddenOf(page.page?.text ?? '');
    const fields = { email: person.email, password };
    const url = new URL(at('/login'));
    expect((await other.send(url, { ...hidden, ...fields, csrf_token: randomText() })).page?.status).toBe(403);
    const stranger = new Person(suite.issuer, person.email, password);
    await stranger.visit(at('/login'));
    const stolen = await stranger.send(url, { ...hidden, ...fields, csrf_token: stranger.cookie('csrf') ?? '' });
    expect(stolen.page?.status).toBe(403);
    const tampered = await other.send(url, { ...hidden, ...fields, interaction: `${hidden['interaction']}x` });
    expect(new URL(tampered.url).searchParams.get('code')).toBeNull();
    const foreign = await request(url.href, {
      method: 'POST',
      headers: { origin: 'https://evil.example', 'content-type': formType },
      body: 'x=1',
    });
    expect(foreign.status).toBe(403);
    expect((await other.visit(`${at('/account')}`)).url.pathname).not.toBe('');
  });
});

describe('issue 2 item 5: secrets stay secret', () => {
  test('no secret, token or code of a run is in any log or in a dump of either store', async () => {
    const party = new RelyingParty(suite.issuer, web);
    const visitor = new Person(suite.issuer, 'visitor@example.com', 'orchid ladder 7 mumbles gently');
    await visitor.register();
    const code = await party.code(visitor);
    const tokens = tokensOf(await party.redeem(code));
    const pending = await party.code(visitor);
    const begun = await visitor.visit(party.begin({ prompt: 'login' }).url);
    const initial = await operator.createRegistrationToken({ uses_limit: 1 });
    const registered = await request(at('/oauth2/register'), {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${initial.value}` },
      body: JSON.stringify({ redirect_uris: ['https://rp.example/cb'] }),
    });
    await post(
      at('/oauth2/token'),
      { grant_type: 'refresh_token', refresh_token: tokens.refresh_token },
      { ...web, client_secret: 'mistyped-secret-1' },
    );
    const secrets: Record<string, string> = {
      ...{ password: visitor.password, operatorSecret: suite.operator.client_secret, clientSecret: web.client_secret ?? '' },
      ...{
        code: code.code,
        pendingCode: pending.code,
        verifier: code.verifier,
        challenge: createHash('sha256').update(pending.verifier).digest('base64url'),
      },
      ...{ accessToken: tokens.access_token, refreshToken: tokens.refresh_token, idToken: tokens.id_token },
      ...{ session: visitor.cookie('session') ?? '', browser: visitor.cookie('browser') ?? '', csrf: visitor.cookie('csrf') ?? '' },
      ...{ initialToken: initial.value, operatorToken: await operator.token(), mistyped: 'mistyped-secret-1' },
      registrationToken: String(registered.json()['registration_access_token']),
      registeredSecret: String(registered.json()['client_secret']),
      flow: hiddenOf(begun.page?.text ?? '')['flow'] ?? '',
      interaction: hiddenOf(begun.page?.text ?? '')['interaction'] ?? '',
    };
    for (const [name, value] of Object.entries(secrets)) expect(`${name} ${value.length}`).toMatch(/ \d{2,}$/);
    expect(foundIn(suite.output(), secrets)).toEqual([]);

    // PKCE's challenge is public (RFC 7636 §4.2): a pending request must remember it. All else stays out of the stores.
    const { challenge: _, ...unstored } = secrets;
    const postgres = await dumpPostgres(suite.databaseUrl);
    expect(foundIn(postgres, { public: web.client_id })).toEqual(['public']); // what is there is found
    expect(foundIn(postgres, unstored)).toEqual([]);
    const redis = await dumpRedis(suite.redis?.url ?? '');
    expect(foundIn(redis, { public: web.client_id })).toEqual(['public']);
    expect(foundIn(redis, unstored)).toEqual([]);
  });

  test('style.md 13: after all of this, no fault was logged, no stack was shown, and every process still runs', async () => {
    const lines = suite.output().split('\n');
    expect(lines.filter((line) => /"(http|rpc)\.fault"|"level":"(error|fatal)"/.test(line))).toEqual([]);
    expect([...suite.processes.values()].every(({ isRunning }) => isRunning)).toBe(true);
    expect((await post(at('/oauth2/token'), grant, machine)).status).toBe(200);
  });
});

/** Sends bytes and reads the answer until the server closes. */
function onSocket(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(Number(new URL(suite.issuer).port), '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk) => {
      received += chunk.toString();
    });
    socket.on('close', () => resolve(received));
    socket.on('error', reject);
    socket.setTimeout(5_000, () => socket.destroy());
  });
}

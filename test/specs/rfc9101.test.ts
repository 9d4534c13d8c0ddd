import { KeyServiceService } from '@authority/contracts/admin';
import { type CreatedClient, Operator, Person, post, RelyingParty, request, startOneProcess, type Suite } from '@authority/testing/suite';
import { CompactEncrypt, type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK, type JWTPayload, SignJWT } from 'jose';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Host, startHost } from './request-objects/host.ts';

const password = 'violet tractor hums 42 lullabies';
const redirect_uri = 'http://127.0.0.1:9/callback';
/** As the conformance suite's: a fragment that is no hash. */
const reference = '/request.jwt#a-fragment';

let host: Host;
let suite: Suite;
let operator: Operator;
let keys: Record<'ES256' | 'RS256' | 'PS256' | 'EdDSA', { privateKey: CryptoKey; publicKey: CryptoKey }>;
let jwks: string;
let app: CreatedClient;
beforeAll(async () => {
  host = await startHost();
  suite = await startOneProcess({ env: host.env });
  operator = new Operator(suite);
  const pair = (alg: string) => generateKeyPair(alg, { extractable: true });
  keys = { ES256: await pair('ES256'), RS256: await pair('RS256'), PS256: await pair('PS256'), EdDSA: await pair('EdDSA') };
  const all = Object.entries(keys).map(async ([alg, { publicKey }]) => ({ ...(await exportJWK(publicKey)), kid: alg, alg, use: 'sig' }));
  jwks = JSON.stringify({ keys: await Promise.all(all) });
  host.files.set('/jwks.json', jwks);
  app = await register({ jwks });
});
afterAll(async () => {
  operator?.close();
  await suite?.stop();
  await host?.close();
});

type ClientFields = Parameters<Operator['createClient']>[0];
const register = (more: ClientFields): Promise<CreatedClient> =>
  operator.createClient({
    redirect_uris: [redirect_uri],
    grant_types: ['authorization_code'],
    scope: 'openid email',
    consent_skipped: true,
    request_uris: [`${host.origin}${reference}`, `${host.origin}/large`, `${host.origin}/moved`, `${host.origin}/absent`],
    ...more,
  });

let person: Person;
let people = 0;
async function signedIn(): Promise<Person> {
  if (person) return person;
  const email = `person-${++people}@example.com`;
  await operator.createIdentity({ email, password });
  person = new Person(suite.issuer, email, password);
  await person.signIn();
  return person;
}

const now = (): number => Math.floor(Date.now() / 1000);

/** The parameters of a request that would pass, as claims of an object that is right but for `changes`. */
function claims(changes: JWTPayload = {}, client = app): { claims: JWTPayload; state: string } {
  const { url, state } = new RelyingParty(suite.issuer, client, 'openid').begin();
  const parameters = Object.fromEntries(new URL(url).searchParams);
  return { claims: { ...parameters, iss: client.client_id, aud: suite.issuer, iat: now(), exp: now() + 60, ...changes }, state };
}

async function object(changes: JWTPayload = {}, header: Record<string, unknown> = {}, client = app, by?: CryptoKey): Promise<string> {
  const alg = String(header['alg'] ?? 'ES256') as keyof typeof keys; // one of the four, or `by` is given
  const made = new SignJWT(claims(changes, client).claims).setProtectedHeader({ alg, typ: 'oauth-authz-req+jwt', ...header });
  return made.sign(by ?? keys[alg].privateKey);
}

/** Where the browser ends: at the client with a code or an error, or on an error page. */
async function end(parameters: Record<string, string>, client = app): Promise<string> {
  const query = new URLSearchParams({ client_id: client.client_id, ...parameters });
  const { url, page } = await (await signedIn()).visit(`${suite.issuer}/oauth2/authorize?${query}`);
  if (page !== undefined) return `page ${page.status}`;
  return url.searchParams.get('error') ?? (url.searchParams.get('code') === null ? 'neither' : 'code');
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('RFC 9101: JWT-secured authorization requests', () => {
  test('§10.5, OpenID Connect Discovery §3: the metadata says what is taken, and never none', async () => {
    const metadata = (await request(`${suite.issuer}/.well-known/openid-configuration`)).json();
    expect(metadata).toMatchObject({
      request_parameter_supported: true,
      request_uri_parameter_supported: true,
      require_request_uri_registration: true,
      require_signed_request_object: false,
      request_object_signing_alg_values_supported: expect.arrayContaining(['RS256', 'PS256', 'ES256', 'EdDSA']),
      request_object_encryption_alg_values_supported: expect.arrayContaining(['RSA-OAEP-256', 'ECDH-ES']),
    });
    expect(metadata['request_object_signing_alg_values_supported']).not.toContain('none');
  });

  test.each(['ES256', 'RS256', 'PS256', 'EdDSA'])('§6.2: an object by value, signed by %s, is a request', async (alg) => {
    expect(await end({ request: await object({}, { alg }) })).toBe('code');
  });

  test('§6.3: only what is inside counts', async () => {
    const inside = claims();
    const request = await new SignJWT(inside.claims).setProtectedHeader({ alg: 'ES256' }).sign(keys.ES256.privateKey);
    const beside = { client_id: app.client_id, request, state: 'evil', scope: 'email', redirect_uri: 'https://evil.example/' };
    const { url } = await (await signedIn()).visit(`${suite.issuer}/oauth2/authorize?${new URLSearchParams(beside)}`);
    expect(`${url.origin}${url.pathname}`).toBe(redirect_uri);
    expect([url.searchParams.get('state'), url.searchParams.has('code')]).toEqual([inside.state, true]);
  });

  test('oidcc-request-uri-signed-rs256: an object at a registered address is fetched', async () => {
    const client = await register({ jwks_uri: `${host.origin}/jwks.json`, request_object_signing_alg: 'RS256' });
    host.files.set('/request.jwt', await object({}, { alg: 'RS256' }, client));
    host.asked.length = 0;
    expect(await end({ request_uri: `${host.origin}${reference}` }, client)).toBe('code');
    expect(host.asked).toEqual(['/request.jwt', '/jwks.json']);
    host.files.set('/request.jwt', await object({}, { alg: 'ES256' }, client));
    expect(await end({ request_uri: `${host.origin}${reference}` }, client), 'nothing is kept of what lay there').toBe('page 400');
  });

  test('§10.4: an address that is not registered, character by character, is never asked', async () => {
    host.asked.length = 0;
    const foreign = ['/request.jwt', '/request.jwt#', '/request.jwt#other', '/./request.jwt#a-fragment', '/jwks.json', '/?#a-fragment'];
    const others = ['http://127.0.0.1:22/', 'http://169.254.169.254/latest/meta-data/', 'file:///etc/passwd', 'data:,x', 'urn:x'];
    for (const request_uri of [...foreign.map((path) => host.origin + path), ...others]) {
      expect([request_uri, await end({ request_uri })]).toEqual([request_uri, 'page 400']);
    }
    expect(host.asked).toEqual([]);
  });

  test('§10.4: what is too large, elsewhere or not there is an error, and a redirect is not followed', async () => {
    host.files.set('/large', 'a'.repeat(200_000));
    host.files.set('/moved', 302);
    host.asked.length = 0;
    for (const path of ['/large', '/moved', '/absent']) expect(await end({ request_uri: host.origin + path })).toBe('page 400');
    expect(host.asked).toEqual(['/large', '/moved', '/absent']);
  });

  test('§5: request and request_uri together are invalid', async () => {
    expect(await end({ request: await object(), request_uri: `${host.origin}${reference}` })).toBe('page 400');
  });

  const attacks: readonly (readonly [string, () => Promise<string>])[] = [
    [
      'oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported: unsigned',
      async () => `${part({ alg: 'none' })}.${part(claims().claims)}.`,
    ],
    ['RFC 8725 §3.1: alg NONE with a signature', async () => `${part({ alg: 'NONE' })}.${part(claims().claims)}.AAAA`],
    [
      'RFC 8725 §2.1: an HMAC under the client secret',
      () => object({}, { alg: 'HS256' }, app, Buffer.from(app.client_secret ?? '') as unknown as CryptoKey), // jose takes bytes for HMACs
    ],
    ['RFC 8725 §3.2: signed by a stranger', async () => object({}, {}, app, (await generateKeyPair('ES256')).privateKey)],
    [
      'RFC 7515 §4.1.11: with a critical extension',
      async () => (await object()).replace(/^[^.]+/, part({ alg: 'ES256', crit: ['b64'], b64: true })),
    ],
    ['RFC 8725 §3.11: typed as an access token', () => object({}, { typ: 'at+jwt' })],
    ['RFC 9101 §10.8: with the client as subject', () => object({ sub: app.client_id })],
    ['RFC 9101 §4: of another issuer', () => object({ iss: 'c_other' })],
    ['RFC 9101 §4: for another server', () => object({ aud: 'https://other.example' })],
    ['RFC 9101 §5: with another client_id', () => object({ client_id: 'c_other' })],
    ['RFC 9101 §4: with another object inside', async () => object({ request: await object() })],
    ['RFC 9101 §4: with a request_uri inside', () => object({ request_uri: `${host.origin}${reference}` })],
    ['RFC 7519 §4.1.4: expired', () => object({ exp: now() - 60 })],
    ['RFC 7519 §4.1.5: of the future', () => object({ nbf: now() + 600 })],
    ['RFC 9101 §4: with lists for texts', () => object({ state: ['a'] })],
    ['RFC 9101 §6: no JWT', async () => 'x'],
    ['RFC 9101 §6: bytes that are no text', async () => `${Buffer.from([0xff, 0xfe]).toString('base64url')}.e30.AA`],
  ];
  test.each(attacks)('%s: nothing is done, and the person is told', async (_title, make) => {
    expect(await end({ request: await make() })).toBe('page 400');
  });

  test('RFC 9101 §6: whatever is sent as a request object, the answer is no fault', async () => {
    const json = fc.dictionary(fc.string(), fc.jsonValue());
    const parts = fc.tuple(json, json, fc.base64String()).map(([header, payload, rest]) => `${part(header)}.${part(payload)}.${rest}`);
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string({ minLength: 1 }), parts, json), async (made) => {
        const sent = typeof made === 'string' ? made : await object({ ...(made as JWTPayload), ...claims().claims, prompt: 'none' });
        expect(['page 400', 'code', 'invalid_request', 'invalid_request_object', 'invalid_scope', 'invalid_target']).toContain(
          await end({ request: sent }),
        );
      }),
      { numRuns: 60 },
    );
  });

  test('§7: where a registered redirect URI stands beside it, the client is told', async () => {
    expect(await end({ request: await object({ exp: now() - 60 }), redirect_uri })).toBe('invalid_request_object');
    expect(await end({ request_uri: 'https://evil.example/x', redirect_uri })).toBe('invalid_request_uri');
    expect(await end({ request: 'x', redirect_uri: 'https://evil.example/' })).toBe('page 400');
  });

  test('§10.8: a request object is no client assertion, and a client assertion no request object', async () => {
    const client = await register({ jwks, token_endpoint_auth_method: 'private_key_jwt' });
    const assertion = { sub: client.client_id, jti: crypto.randomUUID() };
    const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
    const asAssertion = {
      grant_type: 'authorization_code',
      code: 'x',
      client_assertion_type,
      client_assertion: await object(assertion, {}, client),
    };
    expect((await post(`${suite.issuer}/oauth2/token`, asAssertion)).json()).toMatchObject({ error: 'invalid_client' });
    expect(await end({ request: await object(assertion, { typ: 'JWT' }, client) }, client)).toBe('page 400');
  });

  test('§10.5: a client that must sign is refused otherwise; the registered algorithm is the only one', async () => {
    const strict = await register({ jwks, require_signed_request_object: true, request_object_signing_alg: 'PS256' });
    const plain = Object.fromEntries(new URL(new RelyingParty(suite.issuer, strict, 'openid').begin().url).searchParams);
    expect(await end(plain, strict)).toBe('invalid_request');
    expect(await end({ request: await object({}, { alg: 'ES256' }, strict) }, strict)).toBe('page 400');
    expect(await end({ request: await object({}, { alg: 'PS256' }, strict) }, strict)).toBe('code');
    const form = await post(`${suite.issuer}/oauth2/par`, plain, strict);
    expect([form.status, form.json()['error']]).toEqual([400, 'invalid_request']);
    const pushed = await post(`${suite.issuer}/oauth2/par`, { request: await object({}, { alg: 'PS256' }, strict) }, strict);
    expect(pushed.status).toBe(201);
    expect(await end({ request_uri: String(pushed.json()['request_uri']) }, strict)).toBe('code');
  });

  test('§10.5: an operator can demand it of everybody', async () => {
    const plain = Object.fromEntries(new URL(new RelyingParty(suite.issuer, app, 'openid').begin().url).searchParams);
    await operator.setSetting('token.require_signed_request_object', true);
    try {
      await expect.poll(() => end(plain), { timeout: 5_000 }).toBe('invalid_request');
      expect(await end({ request: await object() })).toBe('code');
    } finally {
      await operator.setSetting('token.require_signed_request_object', false);
    }
    await expect.poll(() => end(plain), { timeout: 5_000 }).toBe('code');
  });
});

describe('RFC 9101 §6.1: encrypted request objects', () => {
  /** The server's public key for an algorithm, as a client finds it. */
  async function serverKey(alg: string): Promise<JWK> {
    const { keys: published } = (await request(`${suite.issuer}/.well-known/jwks.json`)).json() as { keys: JWK[] };
    const found = published.find((key) => key.use === 'enc' && key.alg === alg);
    if (!found) throw new Error(`no key for ${alg} is published`);
    return found;
  }

  async function sealed(inner: string, header: Record<string, unknown> = {}): Promise<string> {
    const alg = String(header['alg'] ?? 'ECDH-ES');
    const key = await serverKey(alg.startsWith('ECDH') ? 'ECDH-ES' : alg);
    const protectedHeader = { alg, enc: 'A256GCM', kid: key.kid ?? '', cty: 'oauth-authz-req+jwt', ...header };
    return new CompactEncrypt(Buffer.from(inner)).setProtectedHeader(protectedHeader).encrypt(await importJWK(key, alg));
  }

  const reheaded = (jwe: string, changes: Record<string, unknown>): string => {
    const [header = '', ...rest] = jwe.split('.');
    return [part({ ...JSON.parse(Buffer.from(header, 'base64url').toString()), ...changes }), ...rest].join('.');
  };

  test.each(['RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A256KW'])('signed, then encrypted by %s, is a request', async (alg) => {
    expect(await end({ request: await sealed(await object(), { alg }) })).toBe('code');
  });

  test('a pushed one as well', async () => {
    const answer = await post(`${suite.issuer}/oauth2/par`, { request: await sealed(await object()) }, app);
    expect(answer.status).toBe(201);
    expect(await end({ request_uri: String(answer.json()['request_uri']) })).toBe('code');
  });

  test('RFC 9101 §4: encrypted and not signed, or encrypted twice, is refused', async () => {
    const unsigned = `${part({ alg: 'none' })}.${part(claims().claims)}.`;
    for (const inner of [unsigned, JSON.stringify(claims().claims), await sealed(await object())]) {
      expect(await end({ request: await sealed(inner) })).toBe('page 400');
    }
  });

  test('RFC 8725 §3.2, §3.6: headers that would burn CPU or memory are refused at once', async () => {
    const good = await sealed(await object());
    const changes: Record<string, unknown>[] = [
      { zip: 'DEF' },
      { alg: 'PBES2-HS512+A256KW', p2c: 2_147_483_647, p2s: 'AAAA' },
      { alg: 'dir' },
      { alg: 'RSA1_5' },
      { alg: 'RSA-OAEP' },
      { crit: ['x'], x: 1 },
      { enc: 'A512GCM' },
      { epk: { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' } },
      { kid: 'other' },
    ];
    const began = performance.now();
    for (const change of changes) expect([change, await end({ request: reheaded(good, change) })]).toEqual([change, 'page 400']);
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  test('house.md, keys: the next encryption key is published, the one before opens what was on its way', async () => {
    const before = await sealed(await object({ exp: now() + 600 }));
    const old = (await serverKey('ECDH-ES')).kid;
    await operator.setSetting('token.key_activation_delay', 5);
    await operator.call(KeyServiceService.rotateKey, { use: 'encryption', alg: 'ECDH-ES' });
    const jwksOf = async () =>
      ((await request(`${suite.issuer}/.well-known/jwks.json`)).json() as { keys: JWK[] }).keys.filter(({ alg }) => alg === 'ECDH-ES');
    await expect.poll(async () => (await jwksOf()).length, { timeout: 5_000 }).toBe(2);
    const next = (await jwksOf()).find(({ kid }) => kid !== old);
    const inner = await object();
    const header = { alg: 'ECDH-ES', enc: 'A256GCM', kid: next?.kid ?? '' };
    const young = await new CompactEncrypt(Buffer.from(inner)).setProtectedHeader(header).encrypt(await importJWK(next ?? {}, 'ECDH-ES'));
    expect([await end({ request: before }), await end({ request: young })]).toEqual(['code', 'code']);
  });
});

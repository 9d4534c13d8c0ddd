import {
  basic,
  claimsOf,
  client,
  exchange,
  type Pairs,
  type ProtocolFakes,
  protocolFakes,
  publicClient,
  secret,
  sub,
  testIssuer,
  testKeys,
} from '@authority/testing/protocol';
import { createPublicKey } from 'node:crypto';
import { type JWK, SignJWT, UnsecuredJWT } from 'jose';
import { expect, test } from 'vitest';
import { externalSubject } from '../assertions/subject.ts';
import type { TrustedIssuer } from '../model/trusted-issuer.ts';
import { isClientId, isSubject } from '../primitives/identifiers.ts';

const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const iss = 'https://workforce.example.test';
const publicKey = (key: object) => ({ ...createPublicKey({ key: { ...key }, format: 'jwk' }).export({ format: 'jwk' }) });
const trusted: TrustedIssuer = {
  ...{
    trusted_issuer_id: 'ti_one',
    tokenFamily: 'ti_one',
    issuer: iss,
    subjects: 'external',
    allowedSubjects: [],
    assertionLifetime: 300,
    disabled: false,
  },
  jwks: { keys: [{ ...publicKey(testKeys.clientES256), kid: 'k1' }, publicKey(testKeys.clientRS256)] },
  scopes: ['orders.read', 'openid', 'offline_access', 'authority.admin'],
};

function setup(changes: Partial<TrustedIssuer> = {}, more = {}): ProtocolFakes {
  const fakes = protocolFakes();
  const scopes = ['openid', 'offline_access', 'orders.read', 'orders.write', 'authority.admin'];
  fakes.clients.add(client({ grant_types: [grant_type], jwtBearerIssuers: [iss], scopes, ...more }), secret);
  fakes.trustedIssuers.all.set(iss, { ...trusted, ...changes });
  return fakes;
}

interface Made {
  claims?: Record<string, unknown>;
  header?: Record<string, unknown>;
  key?: object;
}

function sign(fakes: ProtocolFakes, { claims = {}, header = {}, key = testKeys.clientES256 }: Made = {}): Promise<string> {
  const now = Math.floor(fakes.clock.now / 1000);
  const all = { iss, sub: 'ada', aud: testIssuer, jti: 'one', iat: now, exp: now + 60, ...claims };
  return new SignJWT(all).setProtectedHeader({ alg: 'ES256', ...header }).sign({ ...key } as JWK);
}

const bring = (fakes: ProtocolFakes, assertion: string, more: Pairs = {}, authorization = basic('app', secret)) =>
  exchange(fakes, { grant_type, assertion, ...more }, authorization);
const refused = (answer: Promise<unknown>, reason: string, error = 'invalid_grant') =>
  expect(answer).rejects.toMatchObject({ error, reason });

test('RFC 7523 §2.1: an assertion of a trusted issuer is a token for its subject, who is nobody here', async () => {
  const fakes = setup();
  const answer = await bring(fakes, await sign(fakes));
  expect(answer).toMatchObject({ token_type: 'Bearer', scope: 'orders.read', refresh_token: '', id_token: '' });
  const claims = claimsOf(answer.access_token);
  expect(claims).toMatchObject({ sub: externalSubject(iss, 'ada'), client_id: 'app', aud: testIssuer });
  expect(claims).not.toHaveProperty('acr');
  expect(isClientId(String(claims['sub'])) || isSubject(String(claims['sub']))).toBe(false);
});

test('RFC 7523 §3: equal subjects of two issuers are two subjects, and no pair is another’s text', () => {
  const subjects = [externalSubject(iss, 'ada'), externalSubject('https://other.example.test', 'ada'), externalSubject(`${iss}a`, 'da')];
  expect(new Set(subjects).size).toBe(3);
});

test('house.md: the end of a trusted issuer is the end of what its assertions got', async () => {
  const fakes = setup();
  const { access_token } = await bring(fakes, await sign(fakes));
  fakes.revocations.ended.add('ti_one');
  expect(fakes.revocations.isRevoked(claimsOf(access_token) as never)).toBe(true);
});

test('RFC 7523 §3: an assertion is good once', async () => {
  const fakes = setup();
  const assertion = await sign(fakes);
  await bring(fakes, assertion);
  await refused(bring(fakes, assertion), 'assertion_replayed');
  expect([...fakes.replayMarks.marks]).toEqual([['assertion_grant/ti_one:one', fakes.clock.now + 90_000]]);
});

test('house.md: an assertion from before the epoch is refused, also when the store is lost at the mark', async () => {
  const fakes = setup();
  fakes.replayMarks.epoch = fakes.clock.now - 10_000;
  const now = Math.floor(fakes.clock.now / 1000);
  await refused(bring(fakes, await sign(fakes, { claims: { iat: now - 20 } })), 'assertion_before_epoch');
  await refused(bring(fakes, await sign(fakes, { claims: { iat: undefined } })), 'assertion_before_epoch');
  const markOnce = fakes.replayMarks.markOnce.bind(fakes.replayMarks);
  fakes.replayMarks.markOnce = (...mark: Parameters<typeof markOnce>) => {
    fakes.replayMarks.epoch = fakes.clock.now + 1;
    return markOnce(...mark);
  };
  await refused(bring(fakes, await sign(fakes)), 'assertion_before_epoch');
});

test('RFC 7523 §3: a local subject is a person here who is not disabled', async () => {
  const fakes = setup({ subjects: 'local' });
  fakes.identities.all.set(sub, { name: 'Ada' });
  const answer = await bring(fakes, await sign(fakes, { claims: { sub } }), { scope: 'openid orders.read' });
  expect(answer).toMatchObject({ scope: 'openid orders.read', id_token: '' });
  expect(claimsOf(answer.access_token)).toMatchObject({ sub });
  for (const [at, stranger] of ['app', 'ada', sub.replace(/1$/, '9'), sub.toUpperCase()].entries()) {
    if (stranger === sub) continue;
    await refused(bring(fakes, await sign(fakes, { claims: { sub: stranger, jti: `s${at}` } })), 'assertion_subject_foreign');
  }
});

test.each<[string, Made, string]>([
  ['of nobody that is trusted', { claims: { iss: 'https://other.example.test' } }, 'assertion_issuer_foreign'],
  ['of this server', { claims: { iss: testIssuer } }, 'assertion_issuer_foreign'],
  ['of the client', { claims: { iss: 'app', sub: 'app' } }, 'assertion_issuer_foreign'],
  ['without issuer', { claims: { iss: undefined } }, 'assertion_issuer_foreign'],
  ['for another server', { claims: { aud: 'https://other.example.test' } }, 'assertion_audience_wrong'],
  ['for several', { claims: { aud: [testIssuer, 'https://other.example.test'] } }, 'assertion_audience_wrong'],
  ['for nobody', { claims: { aud: undefined } }, 'assertion_audience_wrong'],
  ['without subject', { claims: { sub: undefined } }, 'assertion_malformed'],
  ['with NUL in the subject', { claims: { sub: 'a\0' } }, 'assertion_malformed'],
  ['with a number as subject', { claims: { sub: 1 } }, 'assertion_malformed'],
  ['without jti', { claims: { jti: undefined } }, 'assertion_malformed'],
  ['without end', { claims: { exp: undefined } }, 'assertion_malformed'],
  ['that has expired', { claims: { exp: 1 } }, 'assertion_expired'],
  ['of an hour', { claims: { exp: 1_767_225_600 + 3600 } }, 'assertion_lifetime'],
  ['from the future', { claims: { iat: 1_767_225_600 + 600 } }, 'assertion_lifetime'],
  ['not yet valid', { claims: { nbf: 1_767_225_600 + 600 } }, 'assertion_lifetime'],
  ['of a subject that is not allowed', { claims: { sub: 'eve' } }, 'assertion_subject_foreign'],
  ['by another key', { key: testKeys.otherES256 }, 'assertion_signature_wrong'],
  ['by a key under the wrong kid', { header: { kid: 'k2' } }, 'assertion_signature_wrong'],
  ['that is a client assertion', { header: { typ: 'client-authentication+jwt' } }, 'assertion_malformed'],
  ['typed as an access token', { header: { typ: 'at+jwt' } }, 'assertion_malformed'],
  ['with a critical extension', { header: { b64: true, crit: ['b64'] } }, 'assertion_malformed'],
])('RFC 7523 §3: an assertion %s is invalid_grant, and marks nothing', async (_what, made, reason) => {
  const fakes = setup({ allowedSubjects: ['ada'] });
  await refused(bring(fakes, await sign(fakes, made)), reason);
  expect(fakes.replayMarks.marks.size).toBe(0);
});

test('RFC 8725 §2.1: alg none, HMAC by the public key, and what is no JWT, are refused', async () => {
  const fakes = setup();
  const now = Math.floor(fakes.clock.now / 1000);
  const claims = { iss, sub: 'ada', aud: testIssuer, jti: 'one', iat: now, exp: now + 60 };
  const pem = createPublicKey({ key: { ...testKeys.clientRS256 }, format: 'jwk' }).export({ format: 'pem', type: 'spki' });
  const confused = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(pem));
  const unsigned = new UnsecuredJWT(claims).encode();
  for (const assertion of [confused, unsigned, `${unsigned}AAAA`, 'x', '..', 'a.b.c', 'a.b.c.d.e', 'x'.repeat(20_000)]) {
    await refused(bring(fakes, assertion), 'assertion_malformed');
  }
});

test('RFC 7521 §3: a client brings only assertions of issuers that it may bring, and authenticates', async () => {
  const fakes = setup({}, { jwtBearerIssuers: ['https://other.example.test'] });
  await refused(bring(fakes, await sign(fakes)), 'assertion_issuer_foreign');
  fakes.clients.add(client({ client_id: 'none', grant_types: [grant_type] }), secret);
  await refused(bring(fakes, await sign(fakes), {}, basic('none', secret)), 'assertion_issuer_foreign');
  fakes.clients.add(publicClient({ grant_types: [grant_type], jwtBearerIssuers: [iss] }));
  await refused(bring(fakes, await sign(fakes), { client_id: 'native' }, ''), 'grant_type_not_allowed', 'unauthorized_client');
  fakes.clients.add(client({ client_id: 'web' }), secret);
  await refused(bring(fakes, await sign(fakes), {}, basic('web', secret)), 'grant_type_not_allowed', 'unauthorized_client');
});

test('RFC 7521 §3: an issuer that an operator disabled is trusted with nothing', async () => {
  const fakes = setup({ disabled: true });
  await refused(bring(fakes, await sign(fakes)), 'assertion_issuer_foreign');
});

test('RFC 7521 §4.1: the scope is within what the client, and the issuer, may have', async () => {
  const fakes = setup();
  const ask = async (scope: string, jti: string) => bring(fakes, await sign(fakes, { claims: { jti } }), { scope });
  expect(await ask('orders.read', 'a')).toMatchObject({ scope: 'orders.read' });
  for (const scope of ['orders.write', 'openid', 'offline_access', 'authority.admin']) {
    await refused(ask(scope, scope), 'scope_exceeds_grant', 'invalid_scope');
  }
});

test('OpenID Connect Core §10.1.1: a key that is not in the fetched set is looked for once more', async () => {
  const { jwks, ...published } = trusted;
  const fakes = setup();
  fakes.trustedIssuers.all.set(iss, { ...published, jwks_uri: 'https://workforce.example.test/jwks' });
  await refused(bring(fakes, await sign(fakes)), 'assertion_signature_wrong');
  fakes.trustedIssuers.published.set('https://workforce.example.test/jwks', jwks ?? { keys: [] });
  await expect(bring(fakes, await sign(fakes))).resolves.toMatchObject({ token_type: 'Bearer' });
});

test('RFC 8693 §3: a JWT of a trusted issuer is a subject token, once; its actors stay those of that issuer', async () => {
  const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';
  const tokenExchange = { subjects: 'own', impersonation: true, delegation: true, audiences: [] } as const;
  const fakes = setup({}, { grant_types: [exchangeGrant, 'client_credentials'], tokenExchange });
  const subject_token = await sign(fakes, {
    claims: { act: { sub: 'app', role: 'x', act: { sub: 'b', iss: 'https://third.example.test' } } },
  });
  const request = { grant_type: exchangeGrant, subject_token, subject_token_type: 'urn:ietf:params:oauth:token-type:jwt' };
  const { access_token } = await exchange(fakes, request);
  expect(claimsOf(access_token)).toMatchObject({
    sub: externalSubject(iss, 'ada'),
    act: { sub: 'app', iss, act: { sub: 'b', iss: 'https://third.example.test' } },
    exp: Math.floor(fakes.clock.now / 1000) + 60,
  });
  await refused(exchange(fakes, request), 'assertion_replayed', 'invalid_request');
  const deep = (depth: number): object => (depth === 0 ? { sub: 'x' } : { sub: 'x', act: deep(depth - 1) });
  for (const [at, act] of ['app', {}, { sub: 1 }, deep(5)].entries()) {
    const other = await sign(fakes, { claims: { act, jti: `act${at}` } });
    await refused(exchange(fakes, { ...request, subject_token: other }), 'subject_token_invalid', 'invalid_request');
  }
  // RFC 8693 §4.4: who may act is not for everybody because it cannot be read.
  for (const [at, may_act] of ['app', ['app'], null, 1].entries()) {
    const other = await sign(fakes, { claims: { may_act, jti: `may_act${at}` } });
    await refused(exchange(fakes, { ...request, subject_token: other }), 'subject_token_invalid', 'invalid_request');
  }
});

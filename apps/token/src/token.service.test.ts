import { createHash, randomBytes } from 'node:crypto';
import { AuthorizationServiceService, Decision, InteractionKind, TokenServiceService } from '@authority/contracts/token';
import type { Client } from '@authority/rpc';
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { basic, form, issuer, person as sub, redirect_uri, type ServiceBench, serviceBench } from './testing/service.ts';

const evidence = undefined;

let service: ServiceBench;
let tokenClient: Client<typeof TokenServiceService>;
let authorization: Client<typeof AuthorizationServiceService>;
let secret: string;

/** Runs the front channel up to the code, with consent. */
async function authorize(client_id: string, session: string, scope: string) {
  const verifier = randomBytes(32).toString('base64url');
  const code_challenge = createHash('sha256').update(verifier).digest('base64url');
  const parameters = form({
    ...{ response_type: 'code', client_id, redirect_uri, scope, state: 'st', nonce: 'n', prompt: 'consent' },
    ...{ code_challenge, code_challenge_method: 'S256' },
  });
  const common = { session, browser: 'b', evidence, cross_site: false };
  const first = await authorization.authorize({ ...common, parameters, interaction: '', decision: Decision.UNSPECIFIED });
  if (first.next?.$case !== 'interaction') throw new Error(`no interaction: ${JSON.stringify(first)}`);
  expect(first.next.value.kind).toBe(InteractionKind.CONSENT);
  const { handle } = first.next.value;
  const shown = await authorization.getInteraction({ interaction: handle, browser: 'b', session });
  expect(shown.interaction?.kind).toBe(InteractionKind.CONSENT);
  const done = await authorization.authorize({ ...common, parameters: [], interaction: handle, decision: Decision.ALLOW });
  if (done.next?.$case !== 'respond') throw new Error('no answer');
  const code = done.next.value.parameters.find(({ name }) => name === 'code')?.value ?? '';
  return { code, verifier };
}

async function exchangeCode(client_id: string, { code, verifier }: { code: string; verifier: string }, isPublic = false) {
  return await tokenClient.exchange({
    parameters: form({
      ...{ grant_type: 'authorization_code', code, redirect_uri, code_verifier: verifier },
      ...(isPublic ? { client_id } : {}),
    }),
    authorization: isPublic ? '' : basic(client_id, secret),
    evidence,
  });
}

beforeAll(async () => {
  service = await serviceBench();
  secret = service.secret;
  tokenClient = service.gateway.connect('token', TokenServiceService);
  authorization = service.gateway.connect('token', AuthorizationServiceService);
  const codeGrants = ['authorization_code', 'refresh_token'];
  const common = { redirect_uris: [redirect_uri], scopes: ['openid', 'profile', 'offline_access', 'api'] };
  await service.addClient('c_web', { ...common, grant_types: [...codeGrants, 'client_credentials'] });
  await service.addClient('c_native', { ...common, grant_types: codeGrants, token_endpoint_auth_method: 'none' });
  // Another replica made the clients: the one that serves has them within a second.
  await new Promise((resolve) => setTimeout(resolve, 1000));
});
afterAll(() => service?.close());

test('RFC 6749 §4.4: client credentials in the CPU lane answer an ES256 JWT that verifies by the JWK Set', async () => {
  const parameters = form({ grant_type: 'client_credentials', scope: 'api' });
  const many = await Promise.all(
    Array.from({ length: 20 }, () =>
      tokenClient.exchange({ parameters, authorization: basic('c_web', secret), evidence }, { lane: 'cpu' }),
    ),
  );
  expect(new Set(many.map(({ access_token }) => access_token)).size).toBe(20);
  const { body } = await tokenClient.getJwks({});
  const verified = await jwtVerify(many[0]?.access_token ?? '', createLocalJWKSet(JSON.parse(body)), { issuer, typ: 'at+jwt' });
  expect(verified.protectedHeader.alg).toBe('ES256');
  expect(verified.payload).toMatchObject({ client_id: 'c_web', sub: 'c_web', scope: 'api' });
});

test('OpenID Connect Core §3.1: consent, code, tokens, UserInfo, introspection, revocation', async () => {
  const session = service.signIn();
  const response = await exchangeCode('c_web', await authorize('c_web', session, 'openid profile offline_access'));
  expect(decodeJwt(response.id_token)).toMatchObject({ sub, nonce: 'n', aud: 'c_web', sid: `s_${session}` });
  const { keys } = JSON.parse((await tokenClient.getJwks({})).body);
  expect((await jwtVerify(response.id_token, createLocalJWKSet({ keys }))).protectedHeader.alg).toBe('RS256');

  const authorization = `Bearer ${response.access_token}`;
  const { body } = await tokenClient.userInfo({ parameters: [], authorization, evidence });
  expect(JSON.parse(body)).toEqual({ sub, name: 'Ada', email: 'ada@example.com' });

  const ask = async (value: string) =>
    JSON.parse(
      (await tokenClient.introspect({ parameters: form({ token: value }), authorization: basic('c_web', secret), evidence, jwt: false }))
        .body,
    );
  expect(await ask(response.access_token)).toMatchObject({ active: true, sub });
  expect(await ask(response.refresh_token)).toMatchObject({ active: true, sub });
  await tokenClient.revoke({ parameters: form({ token: response.refresh_token }), authorization: basic('c_web', secret), evidence });
  expect(await ask(response.refresh_token)).toEqual({ active: false });
  expect(await ask(response.access_token)).toEqual({ active: false });
});

test('RFC 6749 §4.1.2: a replayed code ends what was issued from it', async () => {
  const code = await authorize('c_web', service.signIn(), 'openid offline_access');
  const { access_token } = await exchangeCode('c_web', code);
  await expect(exchangeCode('c_web', code)).rejects.toMatchObject({ error: 'invalid_grant', reason: 'code_replayed' });
  await expect(tokenClient.userInfo({ parameters: [], authorization: `Bearer ${access_token}`, evidence })).rejects.toMatchObject({
    error: 'invalid_token',
    reason: 'token_revoked',
  });
});

test('house.md, "Refresh": 100 parallel refreshes of a public client get one successor; an older one revokes the family', async () => {
  const first = await exchangeCode('c_native', await authorize('c_native', service.signIn(), 'openid offline_access'), true);
  const refresh = (refresh_token: string) =>
    tokenClient.exchange({
      parameters: form({ grant_type: 'refresh_token', refresh_token, client_id: 'c_native' }),
      authorization: '',
      evidence,
    });
  const answers = await Promise.all(Array.from({ length: 100 }, () => refresh(first.refresh_token)));
  expect(new Set(answers.map(({ refresh_token }) => refresh_token)).size).toBe(1);
  const second = answers[0]?.refresh_token ?? '';
  expect(second).not.toBe(first.refresh_token);
  const third = await refresh(second);
  await expect(refresh(first.refresh_token)).rejects.toMatchObject({ reason: 'refresh_token_reused' });
  await expect(refresh(third.refresh_token)).rejects.toMatchObject({ reason: 'grant_revoked' });
});

test("house.md, feeds: a session's end ends what is bound to it, and not an offline grant", async () => {
  const session = service.signIn();
  const bound = await exchangeCode('c_web', await authorize('c_web', session, 'openid profile'));
  const offline = await exchangeCode('c_web', await authorize('c_web', session, 'openid offline_access'));
  expect(bound.refresh_token).toBe('');
  service.peers.sessionFeed.append('session_ended', { sid: `s_${session}`, sub });
  const isActive = async (access_token: string): Promise<boolean> =>
    tokenClient.userInfo({ parameters: [], authorization: `Bearer ${access_token}`, evidence }).then(
      () => true,
      () => false,
    );
  await expect.poll(() => isActive(bound.access_token), { timeout: 1000, interval: 20 }).toBe(false);
  expect(await isActive(offline.access_token)).toBe(true);
});

test('house.md, feeds: a disabled identity loses all grants and tokens within a second; a later sign-in works', async () => {
  const person = '01890000-0000-7000-8000-00000000000b';
  service.peers.claims.set(person, { name: 'Bob' });
  const tokens = await exchangeCode('c_web', await authorize('c_web', service.signIn({ sub: person }), 'openid offline_access'));
  service.peers.identityFeed.append('credential_changed', { sub: person });
  const userInfo = (access_token: string) => tokenClient.userInfo({ parameters: [], authorization: `Bearer ${access_token}`, evidence });
  await expect
    .poll(
      () =>
        userInfo(tokens.access_token).then(
          () => true,
          () => false,
        ),
      { timeout: 1000, interval: 20 },
    )
    .toBe(false);
  const refreshed = tokenClient.exchange({
    parameters: form({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token }),
    authorization: basic('c_web', secret),
    evidence,
  });
  await expect(refreshed).rejects.toMatchObject({ reason: 'subject_revoked' });
  const again = await exchangeCode('c_web', await authorize('c_web', service.signIn({ sub: person }), 'openid offline_access'));
  expect(JSON.parse((await userInfo(again.access_token)).body)).toMatchObject({ sub: person });
});

test('contract.md, "Operators": the first operator gets a token that the admin service may introspect as its resource server', async () => {
  const { access_token } = await tokenClient.exchange({
    parameters: form({ grant_type: 'client_credentials', scope: 'authority.admin' }),
    authorization: basic('c_operator', secret),
    evidence,
  });
  const { body } = await service.admin
    .connect('token', TokenServiceService)
    .introspect({ parameters: form({ token: access_token }), authorization: '', evidence, jwt: false });
  expect(JSON.parse(body)).toMatchObject({ active: true, client_id: 'c_operator', aud: `${issuer}/admin`, scope: 'authority.admin' });
});

test('RFC 8414 §2: metadata and JWK Set have an etag', async () => {
  const { body, etag } = await tokenClient.getMetadata({});
  expect(JSON.parse(body)).toMatchObject({ issuer, token_endpoint: `${issuer}/oauth2/token` });
  expect(etag).not.toBe('');
});

import {
  answerOf,
  authorizationRequest,
  authorize,
  basic,
  claimsOf,
  client,
  codeRequest,
  endpointRequest,
  exchange,
  obtainCode,
  obtainTokens,
  pageOf,
  type Pairs,
  parametersOf,
  type ProtocolFakes,
  protocolFakes,
  secret,
  signIn,
  sub,
} from '@authority/testing/protocol';
import { expect, test } from 'vitest';
import { createEndSessionEndpoint } from '../endpoints/end-session.ts';
import { createIntrospectionEndpoint } from '../endpoints/introspection.ts';
import { createUserInfoEndpoint } from '../endpoints/user-info.ts';
import type { Client } from '../model/client.ts';
import { makeLogoutToken } from './logout-token.ts';
import { actorFor, openSubject, sealSubject, sessionFor, subjectFor } from './pairwise.ts';

const pairwise = (changes: Partial<Client> = {}): Client => client({ subject_type: 'pairwise', accessTokenFormat: 'jwt', ...changes });

function setup(changes: Partial<Client> = {}): ProtocolFakes {
  const fakes = protocolFakes();
  fakes.clients.add(pairwise(changes), secret);
  fakes.identities.all.set(sub, { name: 'Ada', email: 'ada@example.test' });
  return fakes;
}

const introspect = (fakes: ProtocolFakes, token: string): Promise<Record<string, unknown>> =>
  createIntrospectionEndpoint(fakes).introspect(endpointRequest({ token }, basic('app', secret)), fakes.clock.now);

const request = (fakes: ProtocolFakes, changes: Pairs, session = '') =>
  authorize(fakes, { parameters: parametersOf(authorizationRequest(changes)), session });

test('OpenID Connect Core §8.1: clients of a sector know a person by one name, other sectors by another, and it stays', () => {
  const { pairwiseKey, issuer } = protocolFakes();
  const named = (changes: Partial<Client>): string => subjectFor(pairwise(changes), sub, { pairwiseKey, issuer });
  const here = named({});
  expect(here).toMatch(/^[\w-]{43}$/);
  expect(named({ client_id: 'other', redirect_uris: ['https://app.example.test:8443/elsewhere'] })).toBe(here);
  expect(named({ redirect_uris: ['https://other.test/cb'], sector_identifier_uri: 'https://app.example.test/uris.json' })).toBe(here);
  expect(named({ redirect_uris: ['https://other.test/cb'] })).not.toBe(here);
  expect(subjectFor(pairwise(), '0190b3a4-0000-7000-8000-000000000002', { pairwiseKey, issuer })).not.toBe(here);
  expect(subjectFor(client(), sub, { pairwiseKey, issuer })).toBe(sub);
});

test('OpenID Connect Core §8.1: a client without a host is a sector of its own, that no host can be', () => {
  const ports = protocolFakes();
  const native = (client_id: string): string => subjectFor(pairwise({ client_id, redirect_uris: [] }), sub, ports);
  expect(native('a')).not.toBe(native('b'));
  expect(native('app.example.test')).not.toBe(subjectFor(pairwise(), sub, ports));
});

test('OpenID Connect Core §8.1: what nobody owns is no sector: a loopback address, a host behind a private-use scheme', () => {
  const ports = protocolFakes();
  const named = (client_id: string, uri: string): string => subjectFor(pairwise({ client_id, redirect_uris: [uri] }), sub, ports);
  for (const uri of ['http://127.0.0.1/cb', 'http://localhost:3000/cb']) expect(named('a', uri)).not.toBe(named('b', uri));
  expect(named('a', 'com.evil.app://app.example.test/cb')).not.toBe(named('b', 'https://app.example.test/cb'));
});

test('OpenID Connect Core §8.1: ID Token, UserInfo, access token and introspection say one name, and none the local one', async () => {
  const fakes = setup();
  const tokens = await obtainTokens(fakes, { scope: 'openid email offline_access' });
  const name = subjectFor(pairwise(), sub, fakes);
  const { body } = await createUserInfoEndpoint(fakes).userInfo(endpointRequest({}, `Bearer ${tokens.access_token}`), fakes.clock.now);
  expect(JSON.parse(body)).toEqual({ sub: name, email: 'ada@example.test' });
  const said = [
    claimsOf(tokens.id_token),
    claimsOf(tokens.access_token),
    await introspect(fakes, tokens.access_token),
    await introspect(fakes, tokens.refresh_token),
  ];
  for (const one of said) {
    expect(one['sub']).toBe(name);
    expect(JSON.stringify(one)).not.toContain(sub);
    expect(JSON.stringify(one)).not.toContain('s_session-1');
  }
  expect(said[2]).not.toHaveProperty('local_subject');
  const later = await exchange(fakes, { grant_type: 'refresh_token', refresh_token: tokens.refresh_token });
  expect(claimsOf(later.id_token)['sub']).toBe(name);
});

test('OpenID Connect Core §8.1: nothing in two access tokens of one person joins them over sectors', async () => {
  const fakes = setup({ redirect_uris: ['https://app.example.test/callback'] });
  const session = signIn(fakes);
  const one = claimsOf((await obtainTokens(fakes, {}, session)).access_token);
  fakes.clients.add(pairwise({ sector_identifier_uri: 'https://other.test/uris' }), secret);
  const two = claimsOf((await obtainTokens(fakes, {}, session)).access_token);
  for (const name of ['sub', 'sid', 'local_subject', 'jti']) expect([name, one[name]]).not.toEqual([name, two[name]]);
});

test('house.md: the end of a person or a session ends pairwise access tokens at once', async () => {
  for (const ended of [sub, 's_session-1']) {
    const fakes = setup();
    const { access_token } = await obtainTokens(fakes);
    expect(await introspect(fakes, access_token)).toMatchObject({ active: true });
    fakes.revocations.ended.add(ended);
    expect(await introspect(fakes, access_token)).toEqual({ active: false });
  }
});

test('house.md: the seal of a local subject is good in its own token alone, and one changed bit opens nothing', () => {
  const fakes = protocolFakes();
  const sealed = sealSubject({ sub, sid: 's' }, 'jti-1', fakes);
  expect(openSubject(sealed, 'jti-1', fakes)).toEqual({ sub, sid: 's' });
  expect(openSubject(sealed, 'jti-2', fakes)).toBeUndefined();
  expect(sealSubject({ sub, sid: 's' }, 'jti-1', fakes)).not.toBe(sealed);
  for (let at = 0; at < sealed.length; at += 3) {
    const other = sealed[at] === 'A' ? 'B' : 'A';
    expect(openSubject(sealed.slice(0, at) + other + sealed.slice(at + 1), 'jti-1', fakes)).toBeUndefined();
  }
  for (const value of [undefined, 1, '', 'AA', '_', {}]) expect(openSubject(value, 'jti-1', fakes)).toBeUndefined();
});

test('OpenID Connect Core §3.1.2.1, §8.1: id_token_hint and the sub of claims speak of the client’s own name', async () => {
  const fakes = setup({ consentSkipped: true });
  const session = signIn(fakes);
  const { id_token } = await exchange(fakes, codeRequest(await obtainCode(fakes, {}, session)));
  const name = subjectFor(pairwise(), sub, fakes);
  const asking = (value: string): Pairs => ({ prompt: 'none', claims: JSON.stringify({ id_token: { sub: { value } } }) });
  expect(answerOf(await request(fakes, { prompt: 'none', id_token_hint: id_token }, session)).values).toHaveProperty('code');
  expect(answerOf(await request(fakes, asking(name), session)).values).toHaveProperty('code');
  expect(answerOf(await request(fakes, asking(sub), session)).values).toMatchObject({ error: 'login_required' });
  const stranger = signIn(fakes, { sub: '0190b3a4-0000-7000-8000-000000000002' });
  expect(pageOf(await request(fakes, { id_token_hint: id_token }, stranger)).kind).toBe('login');
});

test('RP-Initiated Logout §2: an ID Token of this session with pairwise names asks nobody', async () => {
  const fakes = setup();
  const session = signIn(fakes);
  const { id_token } = await obtainTokens(fakes, {}, session);
  const end = (handle: string) =>
    createEndSessionEndpoint(fakes).endSession(
      { parameters: parametersOf({ id_token_hint: id_token }), session: handle, confirmed: false },
      fakes.clock.now,
    );
  expect(await end(session)).toMatchObject({ confirm: false });
  expect(await end(signIn(fakes))).toMatchObject({ confirm: true });
});

test('Back-Channel Logout §2.4: a Logout Token names person and session as the ID Tokens of its client do', async () => {
  const fakes = setup();
  const claims = claimsOf(await makeLogoutToken({ client: pairwise(), sub, sid: 's_1' }, fakes, fakes.clock.now));
  expect(claims).toMatchObject({ sub: subjectFor(pairwise(), sub, fakes), sid: sessionFor(pairwise(), 's_1', fakes) });
});

test('RFC 9068 §2.2: a client’s own token is about the client, pairwise or not', async () => {
  const fakes = setup();
  const { access_token } = await exchange(fakes, { grant_type: 'client_credentials', scope: 'orders.read' });
  expect(claimsOf(access_token)).toMatchObject({ sub: 'app' });
});

test('house.md: access tokens of a pairwise client are opaque unless an operator wants them otherwise', async () => {
  const fakes = setup();
  const { accessTokenFormat: _jwt, ...byDefault } = pairwise();
  fakes.clients.add(byDefault, secret);
  const { access_token } = await obtainTokens(fakes);
  expect(access_token).toMatch(/^aa1_/);
  expect(await introspect(fakes, access_token)).toMatchObject({ active: true, sub: subjectFor(pairwise(), sub, fakes) });
});

test('RFC 8693 §4.1, OpenID Connect Core §8.1: people in a chain of actors have the sector’s names, clients their own', () => {
  const ports = protocolFakes();
  const chain = { sub, client_id: 'app', act: { sub: 'api', act: { sub, iss: 'https://other.test' } } };
  expect(actorFor(pairwise(), chain, ports)).toEqual({ ...chain, sub: subjectFor(pairwise(), sub, ports) });
});

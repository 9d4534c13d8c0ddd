import { createHash, generateKeyPairSync } from 'node:crypto';
import { answered, type CreatedClient, Person, request } from '@authority/testing/suite';
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify, SignJWT, UnsecuredJWT } from 'jose';
import { expect } from 'vitest';
import type { Listener } from '../logout/listener.ts';
import type { Variant } from './plans.ts';
import { happyFrom, type More, requestOf, type Run } from './walk.ts';

/** What the logout plans share: a client that hears of logouts at the listener. */
export interface LogoutRun extends Run {
  readonly listener: Listener;
  readonly heard: CreatedClient & { readonly client_secret: string };
}

type LogoutModule = (run: LogoutRun, variant: Variant) => Promise<void>;

export const bye = 'https://rp.example/post_logout_redirect';
const state = 'a-state-of-the-module';

interface SignedIn {
  readonly person: Person;
  readonly id_token: string;
  /** Whether the person still is, at the next request. */
  stillIn(): Promise<boolean>;
}

/** A normal authorization flow, in a browser of its own. */
async function signIn(run: LogoutRun, variant: Variant, client = run.client): Promise<SignedIn> {
  const person = run.ada();
  const by = { ...run, client };
  const asked = requestOf(by, variant);
  const { id_token } = await happyFrom(by, variant, asked, await answered(person, asked.url));
  const stillIn = async (): Promise<boolean> => {
    const { values } = await answered(person, requestOf(by, variant, { prompt: 'none' }).url);
    return values['error'] !== 'login_required';
  };
  return { person, id_token, stillIn };
}

const endSession = ({ suite }: LogoutRun, { person }: SignedIn, parameters: More) =>
  person.visit(`${suite.issuer}/oauth2/logout?${new URLSearchParams(parameters)}`);

/** The OP redirects back, with state where there was one and nothing else, and the person is signed out. */
const comesBack =
  (sent: More): LogoutModule =>
  async (run, variant) => {
    const signedIn = await signIn(run, variant);
    const { url, page } = await endSession(run, signedIn, { id_token_hint: signedIn.id_token, post_logout_redirect_uri: bye, ...sent });
    expect([url.href, page]).toEqual([sent['state'] === undefined ? bye : `${bye}?state=${sent['state']}`, undefined]);
    expect(await signedIn.stillIn()).toBe(false);
  };

/** The OP does not redirect back: an error, or a question. The person stays signed in. */
const staysHere =
  (sent: (signedIn: SignedIn, run: LogoutRun) => Promise<More> | More): LogoutModule =>
  async (run, variant) => {
    const signedIn = await signIn(run, variant);
    const { url, page } = await endSession(run, signedIn, await sent(signedIn, run));
    expect(url.origin).toBe(new URL(run.suite.issuer).origin);
    expect(page?.text).toMatch(/Sign out\?|This request cannot be used/);
    expect(await signedIn.stillIn()).toBe(true);
  };

/** The OP signs the person out, who stays on its own page; asked first where nothing proves who wants it. */
const endsHere =
  (sent: (signedIn: SignedIn) => More): LogoutModule =>
  async (run, variant) => {
    const signedIn = await signIn(run, variant);
    let place = await endSession(run, signedIn, sent(signedIn));
    if (place.page?.text.includes('Sign out?')) place = await signedIn.person.submit(place, {});
    expect(place.page?.text).toContain('You are signed out');
    expect(await signedIn.stillIn()).toBe(false);
  };

/** The same claims, signed by somebody else. */
async function signedElsewhere({ id_token }: SignedIn): Promise<string> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return new SignJWT(decodeJwt(id_token)).setProtectedHeader({ ...decodeProtectedHeader(id_token), alg: 'RS256' }).sign(privateKey);
}

async function metadata({ suite }: LogoutRun): Promise<Record<string, unknown>> {
  const answer = await request(`${suite.issuer}/.well-known/openid-configuration`);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json']);
  return answer.json();
}

const discovers =
  (expected: (issuer: string) => object): LogoutModule =>
  async (run) => {
    const { issuer } = run.suite;
    expect(await metadata(run)).toMatchObject({ end_session_endpoint: `${issuer}/oauth2/logout`, ...expected(issuer) });
  };

/** RP-initiated logout of the client that hears of it; answers the page where there was one. */
async function leave(run: LogoutRun, signedIn: SignedIn): Promise<string> {
  const [back = ''] = run.heard.client.post_logout_redirect_uris;
  const asked = { id_token_hint: signedIn.id_token, post_logout_redirect_uri: back, state };
  const { url, page } = await endSession(run, signedIn, asked);
  const target = `${back}?state=${state}`;
  if (page) expect(page.text).toContain(`<a href="${target}" data-continue>`);
  else expect(url.href).toBe(target);
  expect(await signedIn.stillIn()).toBe(false);
  return page?.text ?? '';
}

/** Modules by the names of the conformance suite. */
export const logoutModules: Readonly<Record<string, LogoutModule>> = {
  'oidcc-rp-initiated-logout-discovery-endpoint-verification': discovers(() => ({})),
  'oidcc-rp-initiated-logout': comesBack({ state }),
  'oidcc-rp-initiated-logout-no-state': comesBack({}),
  'oidcc-rp-initiated-logout-bad-post-logout-redirect-uri': staysHere(({ id_token }) => ({
    ...{ id_token_hint: id_token, post_logout_redirect_uri: 'https://rp.example/not_registered', state },
  })),
  'oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri': staysHere(({ id_token }) => ({
    ...{ id_token_hint: id_token, post_logout_redirect_uri: `${bye}?foo=bar`, state },
  })),
  'oidcc-rp-initiated-logout-modified-id-token-hint': staysHere(({ id_token }) => ({
    ...{ id_token_hint: new UnsecuredJWT(decodeJwt(id_token)).encode(), post_logout_redirect_uri: bye, state },
  })),
  'oidcc-rp-initiated-logout-bad-id-token-hint': staysHere(async (signedIn) => ({
    ...{ id_token_hint: await signedElsewhere(signedIn), post_logout_redirect_uri: bye, state },
  })),
  'oidcc-rp-initiated-logout-no-id-token-hint': staysHere(() => ({ post_logout_redirect_uri: bye, state })),
  'oidcc-rp-initiated-logout-no-params': endsHere(() => ({})),
  'oidcc-rp-initiated-logout-no-post-logout-redirect-uri': endsHere(({ id_token }) => ({ id_token_hint: id_token, state })),
  'oidcc-rp-initiated-logout-only-state': endsHere(() => ({ state })),

  'oidcc-backchannel-logout-discovery-endpoint-verification': discovers(() => ({
    ...{ backchannel_logout_supported: true, backchannel_logout_session_supported: true },
  })),
  'oidcc-backchannel-rp-initiated-logout': async (run, variant) => {
    const signedIn = await signIn(run, variant, run.heard);
    const before = run.listener.heard.filter(({ path }) => path === '/backchannel_logout').length;
    await leave(run, signedIn);
    const told = (await run.listener.until('/backchannel_logout', before + 1)).at(-1);
    expect([told?.method, [...(told?.form.keys() ?? [])]]).toEqual(['POST', ['logout_token']]);
    const jwks = (await request(`${run.suite.issuer}/.well-known/jwks.json`)).json();
    const keys = createLocalJWKSet(jwks as unknown as Parameters<typeof createLocalJWKSet>[0]); // a JWK Set by RFC 7517
    const options = { issuer: run.suite.issuer, audience: run.heard.client_id, requiredClaims: ['iat', 'exp', 'jti', 'events'] };
    const { payload } = await jwtVerify(told?.form.get('logout_token') ?? '', keys, options);
    const { sub, sid } = decodeJwt(signedIn.id_token);
    expect(payload).toMatchObject({ sub, sid, events: { 'http://schemas.openid.net/event/backchannel-logout': {} } });
    expect(payload).not.toHaveProperty('nonce');
  },

  'oidcc-frontchannel-logout-discovery-endpoint-verification': discovers(() => ({
    ...{ frontchannel_logout_supported: true, frontchannel_logout_session_supported: true },
  })),
  'oidcc-frontchannel-rp-initiated-logout': async (run, variant) => {
    const signedIn = await signIn(run, variant, run.heard);
    const shown = await leave(run, signedIn);
    const frames = [...shown.matchAll(/<iframe src="([^"]*)"/g)].map(([, uri = '']) => new URL(uri.replaceAll('&amp;', '&')));
    expect(frames.map(({ origin, pathname }) => origin + pathname)).toEqual([`${run.listener.origin}/frontchannel_logout`]);
    const { sid } = decodeJwt(signedIn.id_token);
    expect(Object.fromEntries(frames[0]?.searchParams ?? [])).toEqual({ iss: run.suite.issuer, sid });
  },

  'oidcc-session-management-discovery-endpoint-verification': discovers((issuer) => ({
    check_session_iframe: `${issuer}/oauth2/check-session`,
  })),
  'oidcc-session-management-rp-initiated-logout': async (run, variant) => {
    const person = run.ada();
    const { url } = requestOf(run, variant);
    const { values, uri } = await answered(person, url);
    const { session_state = '' } = values;
    // What the frame computes; that it does, a browser shows in oidc-session-management.test.ts.
    const isUnchanged = (): boolean => {
      const [hash, salt] = session_state.split('.');
      const text = [run.client.client_id, new URL(uri).origin, person.cookie('state') ?? '', salt].join(' ');
      return createHash('sha256').update(text).digest('base64url') === hash;
    };
    expect(isUnchanged()).toBe(true);
    const asked = await person.visit(`${run.suite.issuer}/oauth2/logout`);
    await person.submit(asked, {});
    expect(isUnchanged()).toBe(false);
  },
};

import { createHash } from 'node:crypto';
import {
  type Answer,
  type Answered,
  answered,
  basic,
  type CreatedClient,
  type Person,
  post,
  randomText,
  tokensOf,
  type Tokens,
} from '@authority/testing/suite';
import type { JWTPayload } from 'jose';
import { expect } from 'vitest';
import { hybridTypes, implicitTypes, type World } from '../front-channel/world.ts';
import type { Variant } from './plans.ts';

/** What the modules of a run share: a server, a client as the plans register it, and a person who is signed in. */
export interface Run extends Omit<World, 'client'> {
  readonly client: CreatedClient & { readonly client_secret: string };
  readonly other: CreatedClient;
  readonly signedIn: Person;
}

export type More = Readonly<Record<string, string>>;

/** The clients of these plans know no PKCE. */
export async function prepare(world: Omit<World, 'client'>): Promise<Run> {
  const registered = () =>
    world.operator.createClient({
      redirect_uris: ['https://rp.example/callback'],
      grant_types: ['authorization_code', 'implicit', 'refresh_token'],
      response_types: ['code', ...implicitTypes, ...hybridTypes],
      scope: 'openid profile email address phone offline_access',
      pkce_optional: true,
    });
  const [client, other] = await Promise.all([registered(), registered()]);
  const signedIn = world.ada();
  await signedIn.signIn();
  return { ...world, client: { ...client, client_secret: client.client_secret ?? '' }, other, signedIn };
}

/** An authorization request as the plans make it, with what is changed; an empty value leaves a parameter out. */
export function requestOf({ suite, client }: Run, { responseType, responseMode }: Variant, more: More = {}) {
  const [state, nonce] = [randomText(), randomText()];
  const all = {
    client_id: client.client_id,
    redirect_uri: client.redirect_uri,
    response_type: responseType,
    scope: 'openid',
    ...{ state, nonce },
    response_mode: responseMode === 'form_post' ? 'form_post' : '',
    ...more,
  };
  const query = new URLSearchParams(Object.entries(all).filter(([, value]) => value !== ''));
  return { url: `${suite.issuer}/oauth2/authorize?${query}`, state, nonce: more['nonce'] ?? nonce };
}

/** Where the answer of a variant has to be. */
export function modeOf({ responseType, responseMode }: Variant): Answered['mode'] {
  if (responseMode === 'form_post') return 'form_post';
  return responseType === 'code' ? 'query' : 'fragment';
}

/** What came of a request that succeeded, by the browser and by the code. */
export interface Happy {
  readonly values: Answered['values'];
  readonly tokens: Tokens | undefined;
  /** The access token that came last; '' where none does. */
  readonly access_token: string;
  /** Claims of every ID Token, the browser's first. */
  readonly idTokens: readonly JWTPayload[];
  readonly id_token: string;
  readonly userInfo: Readonly<Record<string, unknown>> | undefined;
}

/** AbstractOIDCCServerTest: the request succeeds, and everything that comes of it is right. */
export async function happy(run: Run, variant: Variant, more: More = {}, person = run.signedIn): Promise<Happy> {
  const asked = requestOf(run, variant, more);
  return happyFrom(run, variant, asked, await answered(person, asked.url));
}

export async function happyFrom(run: Run, variant: Variant, asked: ReturnType<typeof requestOf>, got: Answered): Promise<Happy> {
  const { mode, uri, values } = got;
  expect(values).not.toHaveProperty('error');
  expect({ mode, uri, state: values['state'] }).toEqual({ mode: modeOf(variant), uri: run.client.redirect_uri, state: asked.state });
  const words = variant.responseType.split(' ');
  for (const [word, name] of [
    ['code', 'code'],
    ['id_token', 'id_token'],
    ['token', 'access_token'],
  ] as const) {
    expect([name, name in values]).toEqual([name, words.includes(word)]);
  }
  const { code, id_token, access_token } = values;
  const idTokens: JWTPayload[] = [];
  if (id_token !== undefined) {
    const claims = await idTokenOf(run, id_token, asked.nonce);
    expect(claims['at_hash']).toBe(access_token === undefined ? undefined : half(access_token));
    expect(claims['c_hash']).toBe(code === undefined ? undefined : half(code));
    idTokens.push(claims);
  }
  const tokens = code === undefined ? undefined : tokensOf(await redeem(run, code));
  if (tokens) {
    const claims = await idTokenOf(run, tokens.id_token, asked.nonce);
    expect(claims['at_hash'] ?? half(tokens.access_token)).toBe(half(tokens.access_token));
    idTokens.push(claims);
  }
  const last = tokens?.access_token ?? access_token ?? '';
  const userInfo = last === '' ? undefined : (await run.party(run.client).userInfo(last)).json();
  if (userInfo) expect(userInfo['sub']).toBe(run.sub);
  return { values, tokens, access_token: last, idTokens, id_token: tokens?.id_token ?? id_token ?? '', userInfo };
}

/** OpenID Connect Core §3.1.3.7. */
async function idTokenOf(run: Run, id_token: string, nonce: string): Promise<JWTPayload> {
  const claims = await run.verify(id_token, run.client);
  expect(claims).toMatchObject({ sub: run.sub, ...(nonce !== '' && { nonce }) });
  expect(typeof claims.exp).toBe('number');
  expect(Math.abs(Number(claims.iat) - Date.now() / 1000)).toBeLessThan(300);
  return claims;
}

/** The error of a request that is refused, in the place where its variant looks. */
export async function refused(run: Run, variant: Variant, more: More, person = run.signedIn): Promise<string> {
  const asked = requestOf(run, variant, more);
  const { mode, values } = await answered(person, asked.url);
  expect({ mode, state: values['state'] }).toEqual({ mode: modeOf(variant), state: asked.state });
  return values['error'] ?? 'none';
}

export function redeem(
  { suite, client }: Run,
  code: string,
  auth: 'basic' | 'post' = 'basic',
  by: CreatedClient = client,
): Promise<Answer> {
  const form = { grant_type: 'authorization_code', code, redirect_uri: client.redirect_uri };
  const { client_id, client_secret = '' } = by;
  return auth === 'basic'
    ? post(`${suite.issuer}/oauth2/token`, form, undefined, { authorization: basic(by) })
    : post(`${suite.issuer}/oauth2/token`, { ...form, client_id, client_secret });
}

function half(value: string): string {
  return createHash('sha256').update(value).digest().subarray(0, 16).toString('base64url');
}

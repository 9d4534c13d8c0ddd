import { createHash } from 'node:crypto';
import {
  type AuthorizeOutcome,
  type AuthorizeStep,
  type Client,
  type ClientResponse,
  createAuthorizeEndpoint,
  createTokenEndpoint,
  type EndpointRequest,
  type Evidence,
  type Interaction,
  type Parameters,
  type SessionFacts,
  type TokenResponse,
} from '@authority/protocol';
import type { ProtocolFakes } from './protocol-fakes.ts';

/*
 * Requests as clients and browsers make them, against the fakes. A test names what it changes, the rest is a request that
 * would pass.
 */

export const browser = 'browser-1';
export const sub = '0190b3a4-0000-7000-8000-000000000001';
export const secret = 'a-secret-that-the-server-made';
export const redirect_uri = 'https://app.example.test/callback';
export const verifier = 'a-verifier-with-more-than-forty-three-characters';
export const challenge = createHash('sha256').update(verifier).digest('base64url');

/** A confidential web client with everything that a test may want; change what it is about. */
export function client(changes: Partial<Client> = {}): Client {
  return {
    client_id: 'app',
    client_name: 'App',
    redirect_uris: [redirect_uri],
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    response_types: ['code'],
    token_endpoint_auth_method: 'client_secret_basic',
    scopes: ['openid', 'profile', 'email', 'offline_access', 'orders.read', 'orders.write'],
    id_token_signed_response_alg: 'RS256',
    post_logout_redirect_uris: ['https://app.example.test/bye'],
    require_auth_time: false,
    default_acr_values: [],
    application_type: 'web',
    pkceOptional: false,
    consentSkipped: false,
    allowedResources: [],
    legacyAssertionAudience: false,
    refreshTokenRotation: 'default',
    disabled: false,
    operator: false,
    ...changes,
  };
}

export function publicClient(changes: Partial<Client> = {}): Client {
  const grant_types = ['authorization_code', 'refresh_token'];
  return client({ client_id: 'native', token_endpoint_auth_method: 'none', grant_types, ...changes });
}

export type Pairs = Record<string, string | readonly string[] | undefined>;

/** Parameters in order; an array is a repetition, undefined leaves one out. */
export function parametersOf(pairs: Pairs): Parameters {
  return Object.entries(pairs).flatMap(([name, value]) => {
    const values = value === undefined ? [] : typeof value === 'string' ? [value] : value;
    return values.map((one) => ({ name, value: one }));
  });
}

export function basic(client_id: string, client_secret: string): string {
  const encode = (text: string): string => encodeURIComponent(text).replaceAll('%20', '+');
  return `Basic ${Buffer.from(`${encode(client_id)}:${encode(client_secret)}`).toString('base64')}`;
}

/** What the edge saw; change what a test is about. */
export function evidence(changes: Partial<Evidence> = {}): Evidence {
  return {
    ...{ peer_address: '192.0.2.1', method: 'POST', url: '', user_agent: '', dpop: '' },
    ...{ tls_client_certificate: new Uint8Array(), tls_client_certificate_verified: false },
    ...changes,
  };
}

export function endpointRequest(pairs: Pairs, authorization = ''): EndpointRequest {
  return { parameters: parametersOf(pairs), authorization, evidence: evidence() };
}

export function step(changes: Partial<AuthorizeStep> = {}): AuthorizeStep {
  return { parameters: [], interaction: '', session: '', browser, cross_site: false, ...changes };
}

/** An authorization request that would pass for `client()`. */
export function authorizationRequest(changes: Pairs = {}): Pairs {
  return {
    client_id: 'app',
    redirect_uri,
    response_type: 'code',
    scope: 'openid',
    state: 'the state',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...changes,
  };
}

/** Signs a person in now; the handle of their session. */
export function signIn(fakes: ProtocolFakes, changes: Partial<SessionFacts> = {}): string {
  const handle = `session-${fakes.sessions.all.size + 1}`;
  fakes.sessions.all.set(handle, {
    sid: `s_${handle}`,
    sub,
    authTimeMs: fakes.clock.now,
    amr: ['pwd'],
    acr: 'urn:authority:pwd',
    expiresAt: fakes.clock.now + 86_400_000,
    ...changes,
  });
  return handle;
}

export function authorize(fakes: ProtocolFakes, changes: Partial<AuthorizeStep>): Promise<AuthorizeOutcome> {
  return createAuthorizeEndpoint(fakes).authorize(step(changes), fakes.clock.now);
}

/** The answer for the client, or a fault of the test. */
export function answerOf(outcome: AuthorizeOutcome): ClientResponse & { values: Record<string, string> } {
  if (outcome.$case !== 'respond') throw new Error(`an answer was expected, not ${JSON.stringify(outcome)}`);
  return { ...outcome.value, values: Object.fromEntries(outcome.value.parameters.map(({ name, value }) => [name, value])) };
}

/** The page that is shown, or a fault of the test. */
export function pageOf(outcome: AuthorizeOutcome): Interaction {
  if (outcome.$case !== 'interaction') throw new Error(`a page was expected, not ${JSON.stringify(outcome)}`);
  return outcome.value;
}

/** A code, through every page that is asked for, with Allow on the consent page. */
export async function obtainCode(fakes: ProtocolFakes, changes: Pairs = {}, session = signIn(fakes)): Promise<string> {
  const first = await authorize(fakes, { parameters: parametersOf(authorizationRequest(changes)), session });
  const last =
    first.$case === 'interaction' ? await authorize(fakes, { interaction: first.value.handle, session, decision: 'allow' }) : first;
  const { code } = answerOf(last).values;
  if (code === undefined) throw new Error(`no code in ${JSON.stringify(last)}`);
  return code;
}

export function exchange(fakes: ProtocolFakes, pairs: Pairs, authorization = basic('app', secret)): Promise<TokenResponse> {
  return createTokenEndpoint(fakes).exchange(endpointRequest(pairs, authorization), fakes.clock.now);
}

export function codeRequest(code: string, changes: Pairs = {}): Pairs {
  return { grant_type: 'authorization_code', code, redirect_uri, code_verifier: verifier, ...changes };
}

/** Tokens by the whole walk: authorize, consent, exchange. */
export async function obtainTokens(fakes: ProtocolFakes, changes: Pairs = {}, session = signIn(fakes)): Promise<TokenResponse> {
  return exchange(fakes, codeRequest(await obtainCode(fakes, changes, session)));
}

/** Payload of a JWT, nothing verified. */
export function claimsOf(jwt: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());
}

export function headerOf(jwt: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(jwt.split('.')[0] ?? '', 'base64url').toString());
}

import { createHash, randomBytes } from 'node:crypto';
import { Walk } from './browser-walk.ts';

/** A server under test: where it is, its clients, its processes. */
export interface Target {
  name: string;
  issuer: string;
  paths: {
    token: string;
    introspect: string;
    userinfo: string;
    authorize: string;
    par: string;
    device: string;
    jwks: string;
    discovery: string;
  };
  machine: { client_id: string; client_secret: string; form: Record<string, string> };
  app: { client_id: string; client_secret: string };
  /** Same client, but its refresh tokens change at every use. */
  rotating: { client_id: string; client_secret: string };
  redirectUri: string;
  /** Server processes, whose CPU and memory count. */
  pids(): number[];
  /** PostgreSQL and Redis. */
  storePids(): number[];
  /** Signs the benchmark's person in; the walk then holds the session. */
  signIn(walk: Walk): Promise<void>;
  stop(): Promise<void>;
}

/** RFC 8628 §3.4. */
export const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';

/** RFC 8693 §2.1. */
export const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';

export const redirectUri = 'http://127.0.0.1:9/callback';

export interface Pkce {
  verifier: string;
  challenge: string;
}

export function pkce(): Pkce {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

export function basic(client: { client_id: string; client_secret: string }): string {
  return `Basic ${Buffer.from(`${encodeURIComponent(client.client_id)}:${encodeURIComponent(client.client_secret)}`).toString('base64')}`;
}

export function authorizeQuery(target: Target, client: { client_id: string }, challenge: string, scope: string): URLSearchParams {
  return new URLSearchParams({
    client_id: client.client_id,
    response_type: 'code',
    redirect_uri: target.redirectUri,
    scope,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    state: randomBytes(8).toString('hex'),
    nonce: randomBytes(8).toString('hex'),
  });
}

/** One authorization by a person who is signed in: the code. */
export async function authorizeOnce(
  target: Target,
  walk: Walk,
  client: { client_id: string },
  proof: Pkce,
  scope: string,
  extra: Record<string, string> = {},
): Promise<string> {
  const query = authorizeQuery(target, client, proof.challenge, scope);
  for (const [name, value] of Object.entries(extra)) query.set(name, value);
  let page = await walk.open(`${target.issuer}${target.paths.authorize}?${query}`);
  // Consent, the first time; the built-in pages of both servers are one form with a button.
  for (let step = 0; step < 3 && !page.url.includes('/callback'); step++) page = await walk.submit(page, { decision: 'allow' });
  const code = new URL(page.url).searchParams.get('code');
  if (!code) throw new Error(`${target.name} gave no code: ${page.url} ${page.status} ${page.body.slice(0, 600)}`);
  return code;
}

export interface TokenAnswer {
  access_token: string;
  refresh_token?: string;
  id_token?: string;
}

export async function redeem(
  target: Target,
  client: { client_id: string; client_secret: string },
  code: string,
  proof: Pkce,
): Promise<TokenAnswer> {
  const response = await fetch(`${target.issuer}${target.paths.token}`, {
    method: 'POST',
    headers: { authorization: basic(client), 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: target.redirectUri, code_verifier: proof.verifier }),
  });
  if (!response.ok) throw new Error(`${target.name}: ${response.status} ${await response.text()}`);
  return (await response.json()) as TokenAnswer; // RFC 6749 §5.1
}

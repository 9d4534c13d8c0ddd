import type { JwksCache, Outbound } from '@authority/outbound';
import { appleClientSecret } from './apple.ts';
import type { Asked } from './authorization.ts';
import { type Endpoints, jsonObjectOf, textOf } from './discovery.ts';
import { UpstreamFault } from './fault.ts';
import { verifyIdToken } from './id-token.ts';
import type { UpstreamProvider } from './provider.ts';

export type UpstreamClaims = Readonly<Record<string, unknown>>;

interface Exchange {
  readonly provider: UpstreamProvider;
  readonly endpoints: Endpoints;
  readonly asked: Asked;
  /** The parameters of the authorization response. */
  readonly answer: URLSearchParams;
  readonly secret: string;
  readonly redirect_uri: string;
  readonly now: number;
}

const timeoutMs = 3_000;

/** From the provider's answer to what it says of the person (OpenID Connect Core §3.1.3, §5.3; RFC 6749 §4.1.3). */
export async function claimsOfAnswer(exchange: Exchange, outbound: Outbound, jwks: JwksCache): Promise<UpstreamClaims> {
  const { provider, endpoints, asked, answer, now } = exchange;
  assertOurs(answer, provider, endpoints);
  const tokens = await redeem(exchange, outbound);
  if (provider.kind === 'oauth2') return believedClaims(outbound, provider, endpoints, textOf(tokens, 'access_token') ?? '');
  const id_token = textOf(tokens, 'id_token');
  if (id_token === undefined) throw new UpstreamFault('id_token_missing');
  const claims = await verifyIdToken(id_token, provider, endpoints, asked, jwks, now);
  // §5.4: claims of scopes come from the UserInfo endpoint where there is an access token; many put them into the ID Token.
  const isWhole = Object.values(provider.traitClaims).every((claim) => claims[claim] !== undefined);
  const token = textOf(tokens, 'access_token');
  const asks = !isWhole && token !== undefined && endpoints.userinfo_endpoint !== undefined;
  const more = asks ? await userInfo(outbound, endpoints.userinfo_endpoint ?? '', token) : {};
  // OpenID Connect Core §5.3.2: an answer about somebody else is not used.
  if (asks && more['sub'] !== claims.sub) throw new UpstreamFault('userinfo_of_other_subject');
  return { ...more, ...claims, ...nameFromForm(answer) };
}

/** RFC 6749 §4.1.2.1, RFC 9207 §2.4. */
function assertOurs(answer: URLSearchParams, provider: UpstreamProvider, { issuer, namesIssuer }: Endpoints): void {
  const iss = answer.get('iss');
  const isWrong = provider.kind === 'oidc' && !issuer.includes('{tenantid}') && iss !== null && iss !== issuer;
  if (isWrong || (namesIssuer && iss === null)) throw new UpstreamFault('issuer_wrong');
  if (answer.get('error') !== null) throw new UpstreamFault('denied');
  if (!answer.get('code')) throw new UpstreamFault('code_missing');
}

async function redeem({ provider, endpoints, asked, answer, secret, redirect_uri, now }: Exchange, outbound: Outbound) {
  const { client_id, authentication } = provider;
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    code: answer.get('code') ?? '',
    redirect_uri,
    code_verifier: asked.verifier,
  });
  const headers: Record<string, string> = {};
  if (authentication === 'client_secret_basic') {
    // RFC 6749 §2.3.1: both are form-urlencoded first.
    const [id, password] = [client_id, secret].map((one) => new URLSearchParams({ a: one }).toString().slice(2));
    headers['authorization'] = `Basic ${Buffer.from(`${id}:${password}`).toString('base64')}`;
  } else {
    body.set('client_id', client_id);
    body.set('client_secret', authentication === 'apple' ? await appleClientSecret(provider, secret, now) : secret);
  }
  const asked_ = await outbound.fetch(endpoints.token_endpoint, { method: 'POST', headers, body, accept: 'application/json', timeoutMs });
  if (asked_.status !== 200) throw new UpstreamFault('token_refused');
  const tokens = jsonObjectOf(asked_.body);
  // GitHub answers errors with 200.
  if (tokens['error'] !== undefined) throw new UpstreamFault('token_refused');
  return tokens;
}

async function believedClaims(
  outbound: Outbound,
  provider: UpstreamProvider,
  endpoints: Endpoints,
  token: string,
): Promise<UpstreamClaims> {
  if (endpoints.userinfo_endpoint === undefined || token === '') throw new UpstreamFault('userinfo_refused');
  const claims = await userInfo(outbound, endpoints.userinfo_endpoint, token);
  if (provider.emailsEndpoint === '') return claims;
  const { email: _, email_verified: __, ...others } = claims;
  const verified = await verifiedEmail(outbound, provider.emailsEndpoint, token);
  return verified === undefined ? others : { ...others, email: verified, email_verified: true };
}

async function userInfo(outbound: Outbound, url: string, token: string): Promise<Record<string, unknown>> {
  const answer = await outbound.fetch(url, { headers: { authorization: `Bearer ${token}` }, accept: 'application/json', timeoutMs });
  if (answer.status !== 200) throw new UpstreamFault('userinfo_refused');
  return jsonObjectOf(answer.body);
}

/** GitHub: a list of addresses; the primary one counts where it is verified. */
async function verifiedEmail(outbound: Outbound, url: string, token: string): Promise<string | undefined> {
  const answer = await outbound.fetch(url, { headers: { authorization: `Bearer ${token}` }, accept: 'application/json', timeoutMs });
  if (answer.status !== 200) throw new UpstreamFault('userinfo_refused');
  const { list } = jsonObjectOf(Buffer.from(`{"list":${answer.body.toString('utf8')}}`));
  if (!Array.isArray(list)) throw new UpstreamFault('answer_malformed');
  const found = list.find((one: unknown) => isEmail(one) && one.primary && one.verified);
  return isEmail(found) ? found.email : undefined;
}

const isEmail = (one: unknown): one is { email: string; primary: boolean; verified: boolean } =>
  typeof one === 'object' && one !== null && 'email' in one && typeof one.email === 'string' && 'primary' in one && 'verified' in one;

/** Apple tells the name beside the code, the first time only; it is the person's own word and no more than a name. */
function nameFromForm(answer: URLSearchParams): { name?: string } {
  const user = answer.get('user');
  if (user === null) return {};
  try {
    const { name } = JSON.parse(user) as { name?: { firstName?: unknown; lastName?: unknown } }; // each member is looked at below
    const parts = [name?.firstName, name?.lastName].filter((one) => typeof one === 'string' && one !== '');
    return parts.length === 0 ? {} : { name: parts.join(' ') };
  } catch {
    return {};
  }
}

import { OAuthError } from '@authority/errors';
import type { Recipient } from '../encryption/encrypt.ts';
import { idTokenRecipient, nest } from '../encryption/nested.ts';
import type { Authorization, SessionFacts } from '../model/authorization.ts';
import { noteParticipation } from '../logout/participation.ts';
import type { ClientResponse } from '../model/front-channel.ts';
import { narrowResources } from '../tokens/audience.ts';
import { issue } from '../tokens/issue.ts';
import { makeCode, makeGrant, type PersonsGrant } from './code.ts';
import type { AuthorizationRequest, AuthorizePorts } from './request.ts';
import { RedirectedError, successResponse } from './response.ts';
import { bringsTokens } from './response-types.ts';

/** What an ID Token of the browser says of the person. */
export type About = Readonly<Record<string, unknown>>;

/** What was asked for an answer before anything was used up for it. */
interface Prepared {
  about: About;
  /** Whom the ID Token is encrypted for. */
  recipient: Recipient | undefined;
}

/**
 * All that can fail before an answer is made, so that a failure uses no interaction up. A code is judged once more by the
 * statement that redeems it; tokens that the browser brings at once are judged here: nobody whose session or account has
 * ended since the sign-in gets one.
 */
export async function prepareAnswer(
  request: AuthorizationRequest,
  session: SessionFacts,
  ports: AuthorizePorts,
  now: number,
): Promise<Prepared> {
  if (!bringsTokens(request.responseType)) return { about: {}, recipient: undefined };
  const about = await aboutPerson(request, session, ports, now);
  return { about, recipient: request.responseType.idToken ? await recipientOf(request, ports) : undefined };
}

/** Whom the ID Token is encrypted for; a client whose keys can't be had is told, as far as it can be. */
async function recipientOf(request: AuthorizationRequest, ports: AuthorizePorts): Promise<Recipient | undefined> {
  try {
    return await idTokenRecipient(request.client, ports);
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    throw new RedirectedError(request, new OAuthError('temporarily_unavailable', error.reason, { cause: error }));
  }
}

async function aboutPerson(request: AuthorizationRequest, session: SessionFacts, ports: AuthorizePorts, now: number): Promise<About> {
  ports.revocations.assertFresh(now);
  const { sid, sub, authTimeMs } = session;
  if (ports.revocations.isRevoked({ jti: '', client_id: '', sub, sid, iat: authTimeMs / 1000 })) throw signInAgain(request);
  const { idToken, accessToken, code } = request.responseType;
  if (idToken) await noteParticipation(request.client, session, ports.sessionClients);
  // Beside a code they come with the ID Token of the token endpoint, not through the browser (§3.3.3.6).
  if (!idToken || code) return {};
  // OpenID Connect Core §5.4: where no access token is answered, the claims of the scopes are in the ID Token.
  const scopes = accessToken ? [] : request.scopes;
  if (scopes.length === 0 && request.claims.idToken.length === 0) return {};
  const about = await ports.identities.claims(sub, scopes, request.claims.idToken);
  if (!about) throw signInAgain(request);
  return about;
}

function signInAgain(request: AuthorizationRequest): RedirectedError {
  return new RedirectedError(request, new OAuthError('login_required', 'subject_revoked'));
}

/** The answer of a response type (OAuth 2.0 Multiple Response Types §3, §5; OpenID Connect Core §3.2.2.5, §3.3.2.5). */
export async function makeAnswer(
  request: AuthorizationRequest,
  session: SessionFacts,
  { about, recipient }: Prepared,
  ports: AuthorizePorts,
  now: number,
): Promise<ClientResponse> {
  const grant = makeGrant(request, session, ports, now);
  const code = request.responseType.code ? makeCode(request, grant, ports) : undefined;
  const pairs: [string, string][] = code === undefined ? [] : [['code', code]];
  if (bringsTokens(request.responseType)) pairs.push(...tokensOf(request, session, grant, code, about, ports, now));
  return successResponse(request, recipient ? await nestIdToken(pairs, recipient) : pairs, ports.issuer);
}

function nestIdToken(pairs: readonly [string, string][], recipient: Recipient): Promise<[string, string][]> {
  return Promise.all(pairs.map(async ([name, value]) => [name, name === 'id_token' ? await nest(value, recipient) : value]));
}

/** Tokens that travel through the browser. They end with the session, whatever the grant of the code beside them does. */
function tokensOf(
  request: AuthorizationRequest,
  session: SessionFacts,
  grant: PersonsGrant,
  code: string | undefined,
  about: About,
  ports: AuthorizePorts,
  now: number,
): [string, string][] {
  const { client, nonce, responseType } = request;
  const authorization: Authorization = {
    client,
    sub: grant.sub,
    scopes: grant.scopes,
    resources: narrowResources([], grant, client, ports),
    grant: { ...grant, sid: session.sid, expiresAt: Math.min(grant.expiresAt, session.expiresAt) },
    authentication: grant.authentication,
    ...(nonce === undefined ? undefined : { nonce }),
    ...(code === undefined ? undefined : { code }),
    ...(responseType.accessToken ? undefined : { accessToken: false }),
    idToken: responseType.idToken,
    about,
  };
  const { access_token, token_type, expires_in, scope, id_token } = issue(authorization, ports, now);
  const access: [string, string][] = [
    ['access_token', access_token],
    ['token_type', token_type],
    ['expires_in', String(expires_in)],
    ['scope', scope],
  ];
  return [
    ...(responseType.accessToken ? access : []),
    ...(responseType.idToken ? [['id_token', id_token] satisfies [string, string]] : []),
  ];
}

import { OAuthError } from '@authority/errors';
import { summaryOf } from '../authorize/details.ts';
import { type FrontchannelLogoutPorts, frontchannelLogoutUris } from '../logout/frontchannel-logout.ts';
import type { SessionFacts } from '../model/authorization.ts';
import type { Client } from '../model/client.ts';
import type { EndSessionEndpoint } from '../model/endpoint.ts';
import type { ProtocolPorts } from '../ports.ts';
import { readLanguages } from '../primitives/language-tag.ts';
import { collectStrictly, find, type ParameterMap } from '../primitives/parameters.ts';
import { type IdTokenHint, readIdTokenHint } from '../tokens/id-token.ts';
import { sessionFor, subjectFor } from '../tokens/pairwise.ts';

export type EndSessionPorts = Pick<ProtocolPorts, 'signingKeys' | 'pairwiseKey' | 'sessions'> & FrontchannelLogoutPorts;

/** GET and POST /oauth2/logout (OpenID Connect RP-Initiated Logout §2). Judges; the edge ends the session at its owner. */
export function createEndSessionEndpoint(ports: EndSessionPorts): EndSessionEndpoint {
  return {
    async endSession(request, now) {
      const parameters = collectStrictly(request.parameters);
      const hint = readHint(parameters, ports);
      const client = await findClient(parameters, hint, ports);
      const redirect_uri = readRedirectUri(parameters, client);
      const session = await liveSession(request.session, ports, now);

      const state = find(parameters, 'state');
      const confirm = session !== undefined && !request.confirmed && !isOfSession(hint, client, session, ports);
      return {
        confirm,
        redirect_uri,
        parameters: redirect_uri !== '' && state !== undefined ? [{ name: 'state', value: state }] : [],
        ...(client && { client: summaryOf(client, readLanguages(find(parameters, 'ui_locales'))) }),
        signed_in: session !== undefined,
        frontchannel_logout_uris: session && !confirm ? await frontchannelLogoutUris(session, ports) : [],
      };
    },
  };
}

/** An ID Token of ours, expired or not. Another is as good as none: then the person is asked (issue "Protocol", §2). */
function readHint(parameters: ParameterMap, ports: EndSessionPorts): IdTokenHint | undefined {
  const value = find(parameters, 'id_token_hint');
  return value === undefined ? undefined : readIdTokenHint(value, ports.signingKeys, ports.issuer);
}

/** Who asks: the hint's audience, or client_id; both must mean the same (§2, client_id). */
async function findClient(
  parameters: ParameterMap,
  hint: IdTokenHint | undefined,
  { clients }: EndSessionPorts,
): Promise<Client | undefined> {
  const named = find(parameters, 'client_id');
  if (hint && named !== undefined && named !== hint.client_id) {
    throw new OAuthError('invalid_request', 'id_token_hint_invalid', { description: 'client_id is not the audience of id_token_hint' });
  }
  const client_id = hint?.client_id ?? named ?? '';
  if (!(await isLoaded(client_id, clients))) return undefined;
  const client = clients.find(client_id);
  return client?.disabled ? undefined : client;
}

/** Nobody is kept from signing out because a client's metadata cannot be had: it is as no client then. */
async function isLoaded(client_id: string, clients: EndSessionPorts['clients']): Promise<boolean> {
  try {
    await clients.load(client_id);
    return true;
  } catch (error) {
    if (error instanceof OAuthError) return false;
    throw error;
  }
}

/**
 * Only to a URI that the client registered, character by character (§3: "MUST NOT perform post-logout redirection" else).
 * Without a client that it can be compared with it is passed over, and the person ends on our own page.
 */
function readRedirectUri(parameters: ParameterMap, client: Client | undefined): string {
  const uri = find(parameters, 'post_logout_redirect_uri');
  if (uri === undefined || !client) return '';
  if (client.post_logout_redirect_uris.includes(uri)) return uri;
  throw new OAuthError('invalid_request', 'post_logout_redirect_uri_foreign', {
    description: 'post_logout_redirect_uri is not registered for this client',
  });
}

async function liveSession(handle: string, { sessions }: EndSessionPorts, now: number): Promise<SessionFacts | undefined> {
  const session = handle === '' ? undefined : await sessions.resolve(handle);
  return session && session.expiresAt > now ? session : undefined;
}

/** Only the client that holds an ID Token of this very session ends it without a question (§2, §6). */
function isOfSession(hint: IdTokenHint | undefined, client: Client | undefined, session: SessionFacts, ports: EndSessionPorts): boolean {
  if (!hint || !client) return false;
  return hint.sid === sessionFor(client, session.sid, ports) && hint.sub === subjectFor(client, session.sub, ports);
}

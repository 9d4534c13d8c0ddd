import { authenticateClient } from '../client-authentication/index.ts';
import type { ClientAuthenticationPorts } from '../client-authentication/method.ts';
import type { IntrospectionEndpoint } from '../model/endpoint.ts';
import { type Client, isPublic, rotates } from '../model/client.ts';
import type { EndpointRequest } from '../model/request.ts';
import type { ProtocolPorts } from '../ports.ts';
import { invalidClient } from '../primitives/challenge.ts';
import { collectStrictly, type ParameterMap, required } from '../primitives/parameters.ts';
import { type AccessTokenClaims, isAudience, readAccessToken } from '../tokens/access-token.ts';
import { introspectionJwt } from '../tokens/introspection-jwt.ts';
import { subjectFor } from '../tokens/pairwise.ts';
import { isRefreshToken, readRefreshToken } from '../tokens/refresh-token.ts';

export type IntrospectionPorts = ClientAuthenticationPorts &
  Pick<ProtocolPorts, 'signingKeys' | 'sealingKeys' | 'pairwiseKey' | 'revocations' | 'grants' | 'refreshTokenMac'>;

/** Whoever asks: a client that authenticated, or a peer that speaks for one resource server. */
interface Asker {
  client_id: string | undefined;
  resource: string | undefined;
}

type Answer = Record<string, unknown>;

/** RFC 7662 §2.2: everything that is not active, not ours or not for the asker looks the same. */
const inactive = (): Answer => ({ active: false });

/** POST /oauth2/introspect (RFC 7662 §2). `token_type_hint` is not needed: the two kinds can't be confused. */
export function createIntrospectionEndpoint(ports: IntrospectionPorts): IntrospectionEndpoint {
  return {
    lane({ parameters }) {
      const slow = parameters.some(({ name, value }) => name === 'client_assertion' || (name === 'token' && isRefreshToken(value)));
      return slow ? 'store' : 'cpu';
    },

    async introspect(request, now, caller) {
      const parameters = collectStrictly(request.parameters);
      const found = caller ? { client_id: undefined, resource: caller.resourceServer } : authenticate(request, parameters, ports, now);
      const asker = found instanceof Promise ? await found : found;
      return answerTo(asker, parameters, ports, now);
    },

    async introspectAsJwt(request, now) {
      const parameters = collectStrictly(request.parameters);
      const client = await authenticateClient(request, parameters, ports, now);
      return introspectionJwt(await answerTo(askerOf(client), parameters, ports, now), client, ports, now);
    },
  };
}

function answerTo(asker: Asker, parameters: ParameterMap, ports: IntrospectionPorts, now: number): Answer | Promise<Answer> {
  const token = required(parameters, 'token');
  return isRefreshToken(token) ? introspectRefreshToken(token, asker, ports, now) : introspectAccessToken(token, asker, ports, now);
}

function authenticate(request: EndpointRequest, parameters: ParameterMap, ports: IntrospectionPorts, now: number): Asker | Promise<Asker> {
  const client = authenticateClient(request, parameters, ports, now);
  return client instanceof Promise ? client.then(askerOf) : askerOf(client);
}

/** RFC 7662 §2.1: the endpoint "MUST also require some form of authorization"; a public client has none to show. */
function askerOf(client: Client): Asker {
  if (isPublic(client)) throw invalidClient('client_authentication_missing');
  return { client_id: client.client_id, resource: client.resourceIdentifier };
}

function introspectAccessToken(token: string, asker: Asker, ports: IntrospectionPorts, now: number): Answer {
  const claims = readAccessToken(token, ports);
  if (!claims || claims.exp * 1000 <= now || !isShownTo(claims, asker)) return inactive();
  ports.revocations.assertFresh(now);
  if (ports.revocations.isRevoked(claims)) return inactive();
  if (!ports.clients.isLive(claims.client_id)) return inactive();
  const { userinfo_claims: _ours, told, ...shown } = claims;
  return { active: true, token_type: claims.cnf?.jkt === undefined ? 'Bearer' : 'DPoP', ...shown, ...told };
}

/** The client that it was issued to, and resource servers that it names. */
function isShownTo(claims: AccessTokenClaims, { client_id, resource }: Asker): boolean {
  return claims.client_id === client_id || (resource !== undefined && isAudience(claims, resource));
}

/** Only for the client that it was issued to: no resource server has business with it. Reads the grant's row. */
async function introspectRefreshToken(token: string, asker: Asker, ports: IntrospectionPorts, now: number): Promise<Answer> {
  const parts = readRefreshToken(token, ports);
  if (typeof parts === 'string' || asker.client_id === undefined) return inactive();
  const found = await ports.grants.read(parts, now);
  if (found.outcome !== 'live' || found.grant.client_id !== asker.client_id) return inactive();
  const client = ports.clients.find(asker.client_id);
  // One behind still works for a moment after a rotation, but its successor is the one to keep.
  if (!client || (rotates(client) && parts.generation < found.generation)) return inactive();
  const { grant } = found;
  return {
    active: true,
    iss: ports.issuer,
    client_id: grant.client_id,
    sub: subjectFor(client, grant.sub, ports),
    scope: grant.scopes.join(' '),
    iat: Math.floor(grant.createdAt / 1000),
    exp: Math.floor(grant.expiresAt / 1000),
    ...(grant.confirmation && { cnf: grant.confirmation }),
  };
}

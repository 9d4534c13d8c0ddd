import { OAuthError } from '@authority/errors';
import type { Authorization, TokenOrigin } from '../model/authorization.ts';
import type { Client } from '../model/client.ts';
import type { GrantRequest } from '../model/request.ts';
import { find, required } from '../primitives/parameters.ts';
import { isOperatorScope, narrowScope, parseScope } from '../primitives/scope.ts';
import { assertMayAct, delegate, mostActors, tooDeep } from '../token-exchange/actor.ts';
import { type GivenToken, readGivenToken } from '../token-exchange/given-token.ts';
import { assertPolicy, policyOf } from '../token-exchange/policy.ts';
import { readTarget } from '../token-exchange/target.ts';
import { assertJwt, readRequestedType, readTokenType, tokenTypes } from '../token-exchange/token-types.ts';
import type { Grant, GrantPorts } from './grant.ts';

/**
 * Token exchange (RFC 8693): a token for another target, narrower, in the name of the same subject; with an actor token it
 * says who acts (delegation), without one it does not (impersonation). It rests on the token that was given: no longer
 * life, no wider scope, and the end of that one is its end.
 */
export const tokenExchange: Grant = {
  type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  parameters: [
    ...['subject_token', 'subject_token_type', 'actor_token', 'actor_token_type'],
    ...['requested_token_type', 'resource', 'audience', 'scope'],
  ],
  // Access tokens are read in memory. An ID Token asks for consents, and a JWT of another issuer is marked in a store.
  lane: (parameters) =>
    parameters.every(({ name, value }) => !/^(?:subject|actor)_token_type$/.test(name) || value === tokenTypes.accessToken)
      ? 'cpu'
      : 'store',

  authorize(request, ports) {
    policyOf(request.client);
    readRequestedType(find(request.parameters, 'requested_token_type'));
    const subject = readGivenToken(required(request.parameters, 'subject_token'), subjectType(request), request, ports);
    const actor = readActorToken(request, ports);
    if (!(subject instanceof Promise) && !(actor instanceof Promise)) return authorizationFrom(subject, actor, request, ports);
    return Promise.all([subject, actor]).then(([one, other]) => authorizationFrom(one, other, request, ports));
  },
};

function subjectType({ parameters }: GrantRequest) {
  return readTokenType(required(parameters, 'subject_token_type'));
}

/** RFC 8693 §2.1: `actor_token_type` is there exactly when `actor_token` is. A JWT of another issuer acts for nobody here. */
function readActorToken(request: GrantRequest, ports: GrantPorts): GivenToken | undefined | Promise<GivenToken> {
  const token = find(request.parameters, 'actor_token');
  const type = find(request.parameters, 'actor_token_type');
  if (token === undefined && type === undefined) return undefined;
  if (token === undefined || type === undefined) {
    throw new OAuthError('invalid_request', 'parameter_missing', { description: 'actor_token and actor_token_type come together' });
  }
  const known = readTokenType(type);
  if (known === tokenTypes.jwt) {
    throw new OAuthError('invalid_request', 'token_type_unsupported', { description: 'the token type is not supported' });
  }
  return readGivenToken(token, known, request, ports);
}

function authorizationFrom(subject: GivenToken, actor: GivenToken | undefined, request: GrantRequest, ports: GrantPorts): Authorization {
  const { client, parameters } = request;
  assertPolicy(subject, actor, client, ports.issuer);
  assertMayAct(subject, actor, client, ports.issuer);
  const { sub, authentication } = subject;
  // Whatever the client binds its own tokens to: nothing is worth more than what it was made of (RFC 9449 §7, RFC 8705 §3).
  const confirmation = { ...actor?.confirmation, ...subject.confirmation };
  const authorization: Authorization = {
    client,
    sub,
    scopes: narrowScope(parseScope(find(parameters, 'scope')), mostOf(subject, client)),
    resources: readTarget(parameters, client, subject, policyOf(client), ports),
    origin: originOf(subject, actor),
    issuedTokenType: readRequestedType(find(parameters, 'requested_token_type')),
    ...(authentication && { authentication }),
    ...(Object.keys(confirmation).length > 0 && { confirmation }),
    idToken: false,
  };
  if (authorization.issuedTokenType === tokenTypes.jwt) assertJwt(authorization, ports);
  return authorization;
}

/** Never more than was given, nor than the client may have. No refresh token comes of it, so offline_access means nothing. */
function mostOf({ scopes }: GivenToken, client: Client): readonly string[] {
  return scopes.filter((scope) => client.scopes.includes(scope) && !isOperatorScope(scope) && scope !== 'offline_access');
}

function originOf(subject: GivenToken, actor: GivenToken | undefined): TokenOrigin {
  const { jti, exp, sid, may_act, exchanged_from, client_id } = subject;
  const before = client_id === undefined ? exchanged_from : [...exchanged_from, client_id];
  if (before.length > mostActors) throw tooDeep();
  // Impersonation hides no actor that was there before.
  const act = actor ? delegate(actor, subject) : subject.act;
  return {
    jti,
    exp: actor ? Math.min(exp, actor.exp) : exp,
    ...(sid !== undefined && { sid }),
    ...(act && { act }),
    ...(may_act && { may_act }),
    // Its own end is asked for by client_id anyway, but how often a token was exchanged is counted here.
    ...(before.length > 0 && { exchanged_from: before }),
  };
}

import { OAuthError } from '@authority/errors';
import { type ClaimRequest, parseClaims } from '../../primitives/claims-parameter.ts';
import { find } from '../../primitives/parameters.ts';
import { scopeOfClaim } from '../../primitives/person-claims.ts';
import type { Client } from '../../model/client.ts';
import { subjectFor } from '../../tokens/pairwise.ts';
import type { AuthorizationRequest, RequestCheck, RequestedAcr, RequestedClaims } from '../request.ts';
import { login, type PersonCheck, signedInSince } from '../situation.ts';

/**
 * `claims` (OpenID Connect Core §5.5). A claim that this server does not have, or whose scope the client may not ask for, is
 * passed over: the parameter is no way around a client's scopes. Which value a claim should have is not judged, but for
 * `acr` and `sub`, whose own rules say so (§5.5.1.1, §3.1.2.2); without `openid` no claim is answered.
 */
export const claims: RequestCheck = {
  name: 'claims',

  check({ parameters }, { client }, { scopes }) {
    const value = find(parameters, 'claims');
    if (value === undefined) return { claims: none };
    const { userinfo, id_token } = parseClaims(value);
    const acr = acrOf(id_token.get('acr'));
    const subjects = subjectsOf([userinfo.get('sub'), id_token.get('sub')]);
    const isOpenId = scopes?.includes('openid') === true;
    return {
      claims: {
        userinfo: isOpenId ? namesOf(userinfo, client) : [],
        idToken: isOpenId ? namesOf(id_token, client) : [],
        authTime: id_token.has('auth_time'),
        ...(acr && { acr }),
        ...(subjects && { subjects }),
      },
    };
  },
};

const none: RequestedClaims = { userinfo: [], idToken: [], authTime: false };

function namesOf(asked: ReadonlyMap<string, ClaimRequest>, client: Client): readonly string[] {
  return [...asked.keys()].filter((name) => {
    const scope = scopeOfClaim(name);
    return scope !== undefined && client.scopes.includes(scope);
  });
}

/** `{"id_token":{"acr":{"essential":true,"values":[…]}}}`; undefined when no context is named. */
function acrOf(asked: ClaimRequest | undefined): RequestedAcr | undefined {
  if (!asked?.values) return undefined;
  return { values: asked.values.filter((value) => typeof value === 'string'), essential: asked.essential };
}

/** The subjects that both members allow; undefined when none names any. */
function subjectsOf(asked: readonly (ClaimRequest | undefined)[]): readonly unknown[] | undefined {
  const named = asked.flatMap((one) => (one?.values ? [one.values] : []));
  const [first, ...others] = named;
  return first?.filter((subject) => others.every((values) => values.includes(subject)));
}

/** The person is the one whose `sub` is asked for, or signs in as them; as somebody else, there is no answer (§3.1.2.2). */
export const claimedSubject: PersonCheck = {
  name: 'claims',
  need({ client, claims: { subjects } }, situation, ports) {
    if (!subjects || !situation.session || subjects.includes(subjectFor(client, situation.session.sub, ports))) return undefined;
    if (signedInSince(situation)) throw new OAuthError('login_required', 'claims_of_other_subject');
    return login(situation);
  },
};

/**
 * What a person is asked to allow: the scopes, and the scopes that stand for the claims asked for by name. It says more
 * than is given, never less.
 */
export function consentScopes({
  scopes,
  claims: { userinfo, idToken },
}: Pick<AuthorizationRequest, 'scopes' | 'claims'>): readonly string[] {
  const implied = [...userinfo, ...idToken].map(scopeOfClaim).filter((scope) => scope !== undefined);
  return implied.length === 0 ? scopes : [...new Set([...scopes, ...implied])];
}

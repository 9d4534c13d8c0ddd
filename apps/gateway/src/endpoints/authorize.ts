import { Decision } from '@authority/contracts/token';
import type { Parameter } from '@authority/contracts/rpc';
import { formOf } from '../http/body.ts';
import { isFromElsewhere } from '../http/csrf.ts';
import type { Issuer } from '../http/issuer.ts';
import { parseParameters, queryOf } from '../http/parameters.ts';
import { continueAuthorization, outcomeOf } from '../interactions/authorization.ts';
import type { Outcome } from '../interactions/outcome.ts';
import type { Visit } from '../interactions/visit.ts';
import type { Peers } from '../peers/peers.ts';

/** GET and POST /oauth2/authorize (RFC 6749 §3.1, OpenID Connect Core §3.1.2.1). */
export function authorizeEndpoint(peers: Pick<Peers, 'authorization'>, issuer: Issuer): (visit: Visit) => Promise<Outcome> {
  return async (visit) => {
    const { request, session, browser, evidence } = visit;
    const isPost = request.method === 'POST';
    const parameters = isPost ? formOf(request, 'judged') : parseParameters(queryOf(request.raw.url), 'judged');
    const resumed = isPost ? undefined : resumedInteraction(parameters);
    if (resumed !== undefined) return continueAuthorization(peers, visit, resumed);

    // A POST from another site comes without our cookies (SameSite=Lax): stored, bound to nothing, and answered 303 to a
    // GET that has them.
    const crossSite = isPost && isFromElsewhere(request.headers, issuer);
    const asked = { parameters, interaction: '', decision: Decision.UNSPECIFIED, evidence, cross_site: crossSite };
    const bound = crossSite ? { session: '', browser: '' } : { session, browser };
    return outcomeOf(await peers.authorization.authorize({ ...asked, ...bound }));
  };
}

/** Only when it stands alone: as a parameter of a client's request it is an unknown one, and ignored (RFC 6749 §3.1). */
function resumedInteraction(parameters: readonly Parameter[]): string | undefined {
  const [only] = parameters;
  return parameters.length === 1 && only?.name === 'interaction' && only.value !== '' ? only.value : undefined;
}

import type { Parameter } from '@authority/contracts/rpc';
import { isFromElsewhere } from '../http/csrf.ts';
import { formOf } from '../http/body.ts';
import type { Issuer } from '../http/issuer.ts';
import { parseParameters, queryOf } from '../http/parameters.ts';
import type { Peers } from '../peers/peers.ts';
import { type Outcome, show } from './outcome.ts';
import type { Step, Values } from './step.ts';
import type { Visit } from './visit.ts';

type Needs = Pick<Peers, 'authorization' | 'session'>;

export const logoutPath = '/oauth2/logout';

/** The parameters of OpenID Connect RP-Initiated Logout §2; the confirmation form carries them, and token judges them again. */
const protocolParameters = ['id_token_hint', 'logout_hint', 'client_id', 'post_logout_redirect_uri', 'state', 'ui_locales'] as const;

/** Longest request target that we send a browser to; id_token_hint is what makes them long. */
const longestTarget = 8_000;

/** GET and POST /oauth2/logout (OpenID Connect RP-Initiated Logout §2). */
export function logoutEndpoint(peers: Needs, issuer: Issuer): (visit: Visit) => Promise<Outcome> {
  return async (visit) => {
    const { request } = visit;
    const isPost = request.method === 'POST';
    const sent = isPost ? formOf(request) : parseParameters(queryOf(request.raw.url));
    // What else is sent along is nothing that the form of the confirmation may carry.
    const parameters = sent.filter(({ name }) => (protocolParameters as readonly string[]).includes(name));
    // Such a POST brings no session cookie; answered as it is, it would tell the person that they are signed out.
    if (isPost && isFromElsewhere(request.headers, issuer)) return { kind: 'go', path: asGet(parameters) };
    return signOut(peers, visit, parameters, false);
  };
}

/** The person's own sign-out, and the confirmation of a client's. */
export const logoutStep = (peers: Needs): Step => ({
  path: '/logout',
  show: (visit, query) => signOut(peers, visit, parametersOf(query), false),
  submit: (visit, values) => signOut(peers, visit, parametersOf(values), true),
});

async function signOut(peers: Needs, visit: Visit, parameters: readonly Parameter[], confirmed: boolean): Promise<Outcome> {
  const { session, evidence } = visit;
  const judged = await peers.authorization.endSession({ parameters: [...parameters], session, confirmed, evidence });
  if (judged.confirm && judged.signed_in && !confirmed) return show({ name: 'sign_out', parameters, client: judged.client });

  // The cookie goes only when the session has gone: a store that is away must not look like a sign-out.
  if (session !== '') {
    await peers.session.end({ session, why: confirmed ? 'user' : 'client', evidence });
    visit.clearSession();
    visit.renewCsrf();
  }
  const { redirect_uri: uri, parameters: answer, frontchannel_logout_uris: frames } = judged;
  if (uri === '') return show({ name: 'signed_out', frames });
  // Front-Channel Logout §4: first the frames, then on to the client.
  if (frames.length > 0) return show({ name: 'signed_out', frames, next: { uri, parameters: answer } });
  return { kind: 'leave', uri, parameters: answer };
}

function parametersOf(values: Values): Parameter[] {
  return protocolParameters.flatMap((name) => {
    const value = values.get(name);
    return value === undefined || value === '' ? [] : [{ name, value }];
  });
}

/** A hint that is too long for a target is left out: then the person is asked, which is the safe side. */
function asGet(parameters: readonly Parameter[]): string {
  const target = (list: readonly Parameter[]) => `${logoutPath}?${new URLSearchParams(list.map(({ name, value }) => [name, value]))}`;
  const whole = target(parameters);
  if (whole.length <= longestTarget) return whole;
  const short = target(parameters.filter((one) => one.name !== 'id_token_hint'));
  return short.length <= longestTarget ? short : logoutPath;
}

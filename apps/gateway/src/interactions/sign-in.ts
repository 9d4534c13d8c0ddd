import { OAuthError, type Reason, StatusError } from '@authority/errors';
import { log } from '@authority/telemetry';
import type { Peers } from '../peers/peers.ts';
import { authorizePath, continueAuthorization } from './authorization.ts';
import { type Outcome, show } from './outcome.ts';
import { withQuery } from './step.ts';
import type { Visit } from './visit.ts';

/**
 * From a flow's completion to what comes next: session redeems the handle for the facts (the edge carries handles, never
 * facts), the browser gets a new session cookie and a new csrf cookie, and Authorize is asked again.
 */
export async function signIn(
  peers: Pick<Peers, 'session' | 'authorization'>,
  visit: Visit,
  completion: string,
  interaction: string,
): Promise<Outcome> {
  const { browser, evidence } = visit;
  const begun = await peers.session.begin({ completion, browser, session: visit.session, evidence });
  visit.setSession(begun.session, begun.expires_at_ms);
  visit.renewCsrf();
  if (interaction === '') return { kind: 'go', path: '/account' };
  try {
    return await continueAuthorization(peers, visit, interaction, { session: begun.session });
  } catch (error) {
    return afterSignIn(error, interaction);
  }
}

/** The person is signed in, whatever became of the request that brought them here: an error page would tell the contrary. */
function afterSignIn(error: unknown, interaction: string): Outcome {
  if (isGone(error)) {
    log.info('sign_in.interaction_gone', { reason: error.reason });
    return show({ name: 'signed_in_only' });
  }
  // The completion is used up, so this POST cannot be repeated; a GET that asks again can.
  if (error instanceof StatusError) return { kind: 'go', path: withQuery(authorizePath, { interaction }) };
  throw error;
}

const gone: ReadonlySet<Reason> = new Set<Reason>(['interaction_unknown', 'interaction_of_other_browser']);

function isGone(error: unknown): error is OAuthError | StatusError {
  return (error instanceof OAuthError || error instanceof StatusError) && gone.has(error.reason);
}

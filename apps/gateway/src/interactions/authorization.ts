import { type AuthorizeResponse, Decision, type Interaction, InteractionKind } from '@authority/contracts/token';
import type { Peers } from '../peers/peers.ts';
import type { Outcome } from './outcome.ts';
import { withQuery } from './step.ts';
import type { Visit } from './visit.ts';

export const authorizePath = '/oauth2/authorize';

/** Which page serves which need. The one place where a kind meets a path. No need is left: only Authorize has to be asked. */
const pages: Partial<Record<InteractionKind, string>> = {
  [InteractionKind.UNSPECIFIED]: authorizePath,
  [InteractionKind.LOGIN]: '/login',
  [InteractionKind.CONSENT]: '/consent',
  [InteractionKind.SELECT_ACCOUNT]: '/select-account',
  [InteractionKind.REGISTRATION]: '/registration',
  [InteractionKind.DEVICE]: '/device',
};

export function outcomeOf({ next }: AuthorizeResponse): Outcome {
  switch (next?.$case) {
    case 'respond':
      return { kind: 'respond', response: next.value };
    case 'interaction':
      return goTo(next.value);
    case 'resume':
      return { kind: 'go', path: withQuery(authorizePath, { interaction: next.value }) };
    default:
      throw new Error('token answered Authorize with nothing');
  }
}

export function goTo({ kind, handle }: Interaction): Outcome {
  const path = pages[kind];
  if (path === undefined) throw new Error(`no page for an interaction of kind ${kind}`);
  return { kind: 'go', path: withQuery(path, { interaction: handle }) };
}

/** Every step ends here: prompt, max_age, acr and consent are decided by one function, at its owner. */
export async function continueAuthorization(
  { authorization }: Pick<Peers, 'authorization'>,
  visit: Visit,
  interaction: string,
  options: { session?: string; decision?: Decision } = {},
): Promise<Outcome> {
  const { session = visit.session, decision = Decision.UNSPECIFIED } = options;
  const { browser, evidence } = visit;
  return outcomeOf(await authorization.authorize({ parameters: [], interaction, session, browser, decision, evidence, cross_site: false }));
}

/** What a page may show of an interaction, or where the browser belongs when it is at the wrong page. */
export async function findInteraction({ authorization }: Pick<Peers, 'authorization'>, visit: Visit, handle: string): Promise<Interaction> {
  const { interaction } = await authorization.getInteraction({ interaction: handle, browser: visit.browser, session: visit.session });
  if (interaction === undefined) throw new Error('token answered GetInteraction with nothing');
  return interaction;
}

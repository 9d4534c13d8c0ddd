import { Decision, InteractionKind } from '@authority/contracts/token';
import type { Peers } from '../peers/peers.ts';
import { continueAuthorization, findInteraction, goTo } from './authorization.ts';
import { show } from './outcome.ts';
import { type Step, value } from './step.ts';

/**
 * prompt=select_account (OpenID Connect Core §3.1.2.1). A browser has one session, so the choice is to go on with it
 * (which is no consent) or to sign in as somebody else (a link to the login page).
 */
export const selectAccountStep = (peers: Pick<Peers, 'authorization'>): Step => ({
  path: '/select-account',

  async show(visit, query) {
    const interaction = await findInteraction(peers, visit, value(query, 'interaction'));
    if (interaction.kind !== InteractionKind.SELECT_ACCOUNT || interaction.details === undefined) return goTo(interaction);
    return show({ name: 'select_account', interaction: interaction.handle, details: interaction.details });
  },

  submit: (visit, values) => continueAuthorization(peers, visit, value(values, 'interaction'), { decision: Decision.CONTINUE }),
});

import { Decision, InteractionKind } from '@authority/contracts/token';
import { OAuthError } from '@authority/errors';
import type { Peers } from '../peers/peers.ts';
import { continueAuthorization, findInteraction, goTo } from './authorization.ts';
import { show } from './outcome.ts';
import { type Step, value } from './step.ts';

const decisions: Readonly<Record<string, Decision>> = { allow: Decision.ALLOW, deny: Decision.DENY };

/** What the client asks for, and the person's answer (OpenID Connect Core §3.1.2.4). */
export const consentStep = (peers: Pick<Peers, 'authorization'>): Step => ({
  path: '/consent',

  async show(visit, query) {
    const interaction = await findInteraction(peers, visit, value(query, 'interaction'));
    if (interaction.kind !== InteractionKind.CONSENT || interaction.details === undefined) return goTo(interaction);
    return show({ name: 'consent', interaction: interaction.handle, details: interaction.details });
  },

  async submit(visit, values) {
    const decision = Object.hasOwn(decisions, value(values, 'decision')) ? decisions[value(values, 'decision')] : undefined;
    // Nothing is a yes but the word itself.
    if (decision === undefined) {
      throw new OAuthError('invalid_request', 'parameter_invalid', { description: 'decision must be allow or deny.' });
    }
    return continueAuthorization(peers, visit, value(values, 'interaction'), { decision });
  },
});

import type { Flow } from '@authority/contracts/identity';
import { type Interaction, InteractionKind } from '@authority/contracts/token';
import type { Peers } from '../peers/peers.ts';
import { findInteraction, goTo } from './authorization.ts';
import { type FlowName, startFlow, submitFlow } from './flow.ts';
import { type FlowScreen, show } from './outcome.ts';
import { type Step, value } from './step.ts';

type Needs = Pick<Peers, 'flow' | 'session' | 'authorization'>;

/** Sign in with a flow of identity's. */
export const loginStep = (peers: Needs): Step => flowStep(peers, 'login');

/** Create an account; whoever has just made one is signed in with it. */
export const registrationStep = (peers: Needs): Step => flowStep(peers, 'registration');

/** The two differ only in the kind of flow: both end in a completion, and the person may change between them. */
function flowStep(peers: Needs, name: FlowName): Step {
  const screen = (flow: Flow, interaction: Interaction | undefined, notice?: 'flow_expired'): FlowScreen => ({
    name,
    flow,
    interaction: interaction?.handle ?? '',
    details: interaction?.details,
    ...(notice === undefined ? {} : { notice }),
  });
  return {
    path: `/${name}`,

    async show(visit, query) {
      const handle = value(query, 'interaction');
      if (handle === '') return show(screen(await startFlow(peers, visit, name, ''), undefined));

      const interaction = await findInteraction(peers, visit, handle);
      // Signed in meanwhile, in another tab: not asked twice, unless the person wants to be somebody else.
      if (!takesSignIn(interaction.kind) && value(query, 'switch') === '') return goTo(interaction);
      return show(screen(await startFlow(peers, visit, name, interaction.details?.login_hint ?? ''), interaction));
    },

    async submit(visit, values) {
      const handle = value(values, 'interaction');
      const again = async (flow: Flow, notice?: 'flow_expired') =>
        screen(flow, handle === '' ? undefined : await findInteraction(peers, visit, handle), notice);
      return submitFlow(peers, visit, values, again, name);
    },
  };
}

function takesSignIn(kind: InteractionKind): boolean {
  return kind === InteractionKind.LOGIN || kind === InteractionKind.REGISTRATION || kind === InteractionKind.SELECT_ACCOUNT;
}

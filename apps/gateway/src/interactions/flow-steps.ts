import type { Flow } from '@authority/contracts/identity';
import { type Interaction, InteractionKind } from '@authority/contracts/token';
import { findInteraction, goTo } from './authorization.ts';
import { findFlow, type FlowName, flowPaths, type FlowPeers, startFlow, submitFlow } from './flow.ts';
import { type FlowNotice, type FlowScreen, type Outcome, show } from './outcome.ts';
import { type Step, value, type Values } from './step.ts';
import type { Visit } from './visit.ts';

/** Sign in with a flow of identity's. */
export const loginStep = (peers: FlowPeers): Step => flowStep(peers, 'login');

/** Create an account; whoever has just made one is signed in with it. */
export const registrationStep = (peers: FlowPeers): Step => flowStep(peers, 'registration');

/** Get back into an account. */
export const recoveryStep = (peers: FlowPeers): Step => flowStep(peers, 'recovery');

/** Prove that an address is one's own. */
export const verificationStep = (peers: FlowPeers): Step => flowStep(peers, 'verification');

/** One's account: where somebody lands who signed in for no application. */
export const accountStep = (peers: FlowPeers): Step => ({ ...flowStep(peers, 'settings'), jsonPath: '/settings' });

/** They differ only in the kind of flow: what there is to do is identity's to say. */
function flowStep(peers: FlowPeers, name: FlowName): Step {
  return {
    path: flowPaths[name],

    async show(visit, query) {
      const handle = value(query, 'interaction');
      const interaction = handle === '' ? undefined : await findInteraction(peers, visit, handle);
      // Signed in meanwhile, in another tab: not asked twice, unless the person wants to be somebody else.
      if (interaction && !takesSignIn(interaction.kind) && value(query, 'switch') === '') return goTo(interaction);
      const flow = value(query, 'flow') === '' ? undefined : await findFlow(peers, visit, name, value(query, 'flow'));
      if (flow) return show(screenOf(name, flow, interaction));
      return begin(visit, interaction, query, 200);
    },

    async submit(visit, values) {
      const handle = value(values, 'interaction');
      const interaction = async () => (handle === '' ? undefined : findInteraction(peers, visit, handle));
      const screen = async (flow: Flow, notice?: FlowNotice) => screenOf(name, flow, await interaction(), notice);
      const submitted = await submitFlow(peers, visit, values, name, screen);
      // The page stood open for longer than the flow lived. What was typed stays, the password apart.
      return submitted ?? begin(visit, await interaction(), values, 400);
    },
  };

  async function begin(visit: Visit, interaction: Interaction | undefined, from: Values, status: number): Promise<Outcome> {
    const hint = value(from, 'email') || (interaction?.details?.login_hint ?? '');
    const flow = await startFlow(peers, visit, name, { interaction, hint, link: value(from, 'link') });
    if (flow === undefined) return { kind: 'go', path: flowPaths.login };
    return show(screenOf(name, flow, interaction, value(from, 'flow') === '' ? undefined : 'flow_expired'), status);
  }
}

function screenOf(name: FlowName, flow: Flow, interaction: Interaction | undefined, notice?: FlowNotice): FlowScreen {
  const { handle = '', details } = interaction ?? {};
  return { name, flow, interaction: handle, details, ...(notice === undefined ? {} : { notice }) };
}

function takesSignIn(kind: InteractionKind): boolean {
  return kind === InteractionKind.LOGIN || kind === InteractionKind.REGISTRATION || kind === InteractionKind.SELECT_ACCOUNT;
}

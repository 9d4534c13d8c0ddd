import type { Peers } from '../peers/peers.ts';
import { show } from './outcome.ts';
import type { Step } from './step.ts';

/** Where somebody lands who signed in for no application. The edge asks whether there is a session; it does not know. */
export const accountStep = ({ authorization }: Pick<Peers, 'authorization'>): Step => ({
  path: '/account',

  async show({ session, evidence }) {
    if (session === '') return { kind: 'go', path: '/login' };
    const { signed_in } = await authorization.endSession({ parameters: [], session, confirmed: false, evidence });
    return signed_in ? show({ name: 'account' }) : { kind: 'go', path: '/login' };
  },
});

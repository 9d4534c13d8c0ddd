import type { Peers } from '../peers/peers.ts';
import { type Outcome, type SessionNotice, show } from './outcome.ts';
import { type Step, value } from './step.ts';
import type { Visit } from './visit.ts';

/** Where one is signed in: end one session, or all others. Who asks, session knows by the cookie and the browser. */
export const sessionsStep = ({ session }: Pick<Peers, 'session'>): Step => {
  const list = async (visit: Visit, notice?: SessionNotice): Promise<Outcome> => {
    const { signed_in, sessions } = await session.listOwn({ session: visit.session, browser: visit.browser });
    if (!signed_in) return { kind: 'go', path: '/login' };
    return show({ name: 'sessions', sessions, ...(notice === undefined ? {} : { notice }) });
  };
  return {
    path: '/account/sessions',
    jsonPath: '/sessions',
    show: (visit) => list(visit),

    async submit(visit, values) {
      const sid = value(values, 'sid');
      // Nothing is meant to end all but what says so.
      if (sid === '' && value(values, 'action') !== 'end_others') return list(visit);
      const { ended } = await session.endOwn({ session: visit.session, browser: visit.browser, sid });
      return list(visit, ended > 0 ? 'ended' : 'ended_none');
    },
  };
};

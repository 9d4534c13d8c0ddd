import type { Peers } from '../peers/peers.ts';
import { type Outcome, show } from './outcome.ts';
import { type Step, value } from './step.ts';
import type { Visit } from './visit.ts';

/** Applications with access to the account: see, and take back. */
export const applicationsStep = ({ applications }: Pick<Peers, 'applications'>): Step => {
  const list = async ({ session }: Visit, notice?: 'revoked'): Promise<Outcome> => {
    const found = session === '' ? undefined : await applications.listApplications({ session });
    if (!found?.signed_in) return { kind: 'go', path: '/login' };
    return show({ name: 'applications', applications: found.applications, ...(notice === undefined ? {} : { notice }) });
  };
  return {
    path: '/account/applications',
    jsonPath: '/applications',
    show: (visit) => list(visit),

    async submit(visit, values) {
      const client_id = value(values, 'client_id');
      if (visit.session === '' || client_id === '') return list(visit);
      await applications.revokeApplication({ session: visit.session, client_id });
      return list(visit, 'revoked');
    },
  };
};

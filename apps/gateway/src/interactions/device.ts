import { Decision, type DecideDeviceRequest, type DeviceVerification, DeviceVerificationState } from '@authority/contracts/token';
import { OAuthError } from '@authority/errors';
import type { Peers } from '../peers/peers.ts';
import { goTo } from './authorization.ts';
import { type Outcome, show } from './outcome.ts';
import { type Step, value, withQuery } from './step.ts';
import type { Visit } from './visit.ts';

const path = '/device';

const decisions: Readonly<Record<string, Decision>> = { allow: Decision.ALLOW, deny: Decision.DENY };

type Asked = Pick<DecideDeviceRequest, 'interaction' | 'user_code' | 'decision'>;

/**
 * Connect a device (RFC 8628 §3.3): its code, then who asks and from where, then the person's answer. A code in the address
 * (verification_uri_complete, §3.3.1) is only filled in: nothing is looked for, and nothing allowed, by a link.
 */
export const deviceStep = ({ authorization }: Pick<Peers, 'authorization'>): Step => {
  const ask = async ({ session, browser, evidence }: Visit, asked: Asked): Promise<DeviceVerification | Outcome> => {
    const { next } = await authorization.decideDevice({ ...asked, session, browser, evidence });
    if (next === undefined) throw new Error('token answered DecideDevice with nothing');
    return next.$case === 'interaction' ? goTo(next.value) : next.value;
  };
  const shown = (verification: DeviceVerification, missing = false): Outcome =>
    show({ name: 'device', verification, missing }, missing || wrong.has(verification.state) ? 400 : 200);

  return {
    path,

    async show(visit, query) {
      const interaction = value(query, 'interaction');
      const user_code = interaction === '' ? value(query, 'user_code') : '';
      const next = await ask(visit, { interaction, user_code, decision: Decision.UNSPECIFIED });
      return 'kind' in next ? next : shown(next);
    },

    async submit(visit, values) {
      const interaction = value(values, 'interaction');
      const user_code = value(values, 'user_code').trim();
      const decision = values.has('decision') ? decisionOf(value(values, 'decision')) : Decision.UNSPECIFIED;
      const next = await ask(visit, { interaction, user_code: decision === Decision.UNSPECIFIED ? user_code : '', decision });
      if ('kind' in next) return next;
      // On to a GET, so that the page can be loaded again without sending the code once more.
      if (next.state === DeviceVerificationState.CONFIRM) return { kind: 'go', path: withQuery(path, { interaction: next.interaction }) };
      return shown(next, next.state === DeviceVerificationState.ENTER && user_code === '');
    },
  };
};

const wrong: ReadonlySet<DeviceVerificationState> = new Set([
  DeviceVerificationState.UNKNOWN,
  DeviceVerificationState.EXPIRED,
  DeviceVerificationState.DECIDED_BEFORE,
]);

/** Nothing is a yes but the word itself. */
function decisionOf(given: string): Decision {
  const decision = Object.hasOwn(decisions, given) ? decisions[given] : undefined;
  if (decision !== undefined) return decision;
  throw new OAuthError('invalid_request', 'parameter_invalid', { description: 'decision must be allow or deny.' });
}

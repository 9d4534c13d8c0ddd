import { askedBy } from '../../flows/asked-by.ts';
import { ask, type Form, type Method, type Part, type SettingsPart } from '../../flows/method.ts';
import { errorMessage, infoMessage } from '../../flows/state.ts';
import { type EnrolmentPorts, offerEnrolment, submitEnrolment } from './enrolment.ts';
import { totpSignIn, type TotpSignInPorts } from './sign-in.ts';
import type { KeptTotp, Totps } from './totps.ts';

export type TotpPorts = TotpSignInPorts & EnrolmentPorts & { readonly totps: Totps };

/** An authenticator app: something that a person has (RFC 6238; amr `otp`). */
export const totp = (ports: TotpPorts): Method => ({
  name: 'totp',
  second: totpSignIn(ports),
  enrol: totpEnrol(ports),
  settings: totpSettings(ports),
});

/** Within a sign-in, where the server wants everybody to have a second factor. */
const totpEnrol = (ports: TotpPorts): Part => ({
  async offer(view) {
    const { person } = view;
    if (person === undefined || (await ports.totps.find(person.sub))) return undefined;
    return offerEnrolment(view, person, ports);
  },

  async submit(submission) {
    const { person } = submission;
    if (person === undefined) return ask({ '': [errorMessage('flow_expired')] });
    const outcome = await submitEnrolment(submission, person, ports);
    if ('result' in outcome) return outcome.result;
    return { kind: 'proved', person, factor: { amr: ['otp'], at: outcome.enrolled.at }, memory: {} };
  },
});

/** The section of the account. */
const totpSettings = (ports: TotpPorts): SettingsPart => ({
  async offer(view) {
    if (view.person === undefined) return undefined;
    const kept = await ports.totps.find(view.person.sub);
    return kept ? offerKept(kept) : offerEnrolment(view, view.person, ports);
  },

  async submit(submission) {
    const { person, values } = submission;
    if (person === undefined) return ask({ '': [errorMessage('flow_expired')] });
    if (values['action'] === 'remove') {
      const removed = await ports.totps.remove(person.sub, askedBy(submission, person));
      return { kind: 'changed', messages: removed ? { '': [infoMessage('totp_removed')] } : {}, memory: {} };
    }
    const outcome = await submitEnrolment(submission, person, ports);
    if ('result' in outcome) return outcome.result;
    return { kind: 'changed', messages: { '': [infoMessage('totp_added')] }, memory: {} };
  },
});

const offerKept = ({ createdAt, lastUsedAt }: KeptTotp): Form => ({
  fields: [],
  items: [
    {
      id: 'totp',
      name: '',
      create_time_ms: createdAt,
      use_time_ms: lastUsedAt ?? 0,
      details: {},
      actions: [{ value: 'remove', id: 'totp_remove' }],
    },
  ],
});

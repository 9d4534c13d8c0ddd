import { openLinkOf } from '../../codes/answer.ts';
import type { Proven } from '../../codes/ports.ts';
import { ask, type Form, type Part, type Result, type Submission, type View } from '../../flows/method.ts';
import { errorMessage, infoMessage } from '../../flows/state.ts';
import { linkOf, lookAtLink } from './address-proof.ts';
import { answerCode, codeForm, refusedLink, send } from './dialog.ts';
import type { EmailCodePorts } from './ports.ts';
import { sentCodeOf } from './sent-code.ts';

const purpose = 'verification';

/** Proves that an address is the person's: by the link of a mail, in any browser, or by a code, in one that is signed in. */
export const verification = (ports: EmailCodePorts): Part => ({
  async offer(view) {
    return codeForm(view, { message: 'code_sent', isFixed: true }) ?? (await linkForm(view, ports)) ?? (await addressForm(view, ports));
  },

  async submit(submission) {
    const { memory, person, values } = submission;
    const sent = sentCodeOf(memory);
    if (sent) {
      const resend = async () => send(submission, purpose, { sub: person?.sub, address: sent.to }, sent.to, ports);
      const answered = await answerCode(submission, sent, { purpose, resend }, ports);
      return 'proven' in answered ? verified(answered.proven, ports) : answered.result;
    }
    const link = linkOf(submission);
    if (link !== undefined && values['action'] === 'verify') return openLink(submission, link, ports);

    if (!person) return ask({ '': [errorMessage('flow_expired')] });
    const [address] = await ports.addresses.findUnverified(person.sub);
    if (address === undefined) return { kind: 'done', messages: { '': [infoMessage('address_verified_before')] } };
    return send(submission, purpose, { sub: person.sub, address }, address, ports);
  },
});

/** It says which address: who has the link has its mail. */
async function linkForm(view: View, ports: EmailCodePorts): Promise<Form | undefined> {
  const judged = await lookAtLink(view, purpose, ports);
  if (judged === undefined) return undefined;
  if ('fault' in judged) {
    const again = view.person === undefined ? {} : { actions: [{ value: 'send', id: 'send_code' }] };
    return { fields: [], messages: refusedLink(judged)[''] ?? [], ...again };
  }
  const { address = '' } = judged.proven;
  return { fields: [], messages: [infoMessage('verification_link', { address })], actions: [{ value: 'verify', id: 'verify_address' }] };
}

async function addressForm({ person }: View, { addresses }: EmailCodePorts): Promise<Form> {
  if (person === undefined) return { fields: [], messages: [infoMessage('verification_signed_out')], actions: [] };
  const [address] = await addresses.findUnverified(person.sub);
  if (address === undefined) return { fields: [], messages: [infoMessage('address_verified_before')], actions: [] };
  return { fields: [], messages: [infoMessage('verification_send', { address })], actions: [{ value: 'send', id: 'send_code' }] };
}

async function openLink({ flow, now }: Submission, link: string, ports: EmailCodePorts): Promise<Result> {
  const judged = await openLinkOf({ purpose, link, browser: flow.browser, now }, ports);
  return 'proven' in judged ? verified(judged.proven, ports) : ask({});
}

async function verified({ sub, address }: Proven, { addresses }: EmailCodePorts): Promise<Result> {
  const isTheirs = sub !== undefined && address !== undefined && (await addresses.verify(sub, address));
  // The address was changed since: there is nothing to prove any more.
  if (!isTheirs) return ask({ '': [errorMessage('link_expired')] });
  return { kind: 'done', messages: { '': [infoMessage('address_verified', { address })] } };
}

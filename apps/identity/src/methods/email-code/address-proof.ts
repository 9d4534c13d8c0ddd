import { identifierOf } from '../../accounts/identifier.ts';
import { openLinkOf } from '../../codes/answer.ts';
import { readLink } from '../../codes/code.ts';
import type { Judged, Proven } from '../../codes/ports.ts';
import { ask, type Form, type Part, type Result, type Submission, type View } from '../../flows/method.ts';
import { errorMessage, infoMessage } from '../../flows/state.ts';
import { addressField, answerCode, codeForm, refusedLink, type Recipient, send } from './dialog.ts';
import type { EmailCodePorts } from './ports.ts';
import { sentCodeOf } from './sent-code.ts';

/**
 * Proves control of the address of an account, for a sign-in or for a recovery; what is due besides (another factor, a new
 * password) is decided by the flow.
 */
export const addressProof = (purpose: 'login' | 'recovery', ports: EmailCodePorts): Part => ({
  async offer(view) {
    return codeForm(view, { message: 'code_sent_maybe' }) ?? (await linkForm(view, purpose, ports)) ?? addressForm(purpose);
  },

  async submit(submission) {
    const { memory, values } = submission;
    const sent = sentCodeOf(memory);
    if (sent) {
      const resend = async () => send(submission, purpose, await recipientOf(sent.to, ports), sent.to, ports);
      const answered = await answerCode(submission, sent, { purpose, resend }, ports);
      return 'proven' in answered ? proved(answered.proven, ports) : answered.result;
    }
    const link = linkOf(submission);
    if (link !== undefined && values['action'] === 'open') return openLink(submission, link, purpose, ports);

    const typed = (values['email'] ?? '').trim();
    if (typed === '') return ask({ email: [errorMessage('required')] });
    if (identifierOf(typed) === undefined) return ask({ email: [errorMessage('email_invalid')] });
    return send(submission, purpose, await recipientOf(typed, ports), typed, ports);
  },
});

const addressForm = (purpose: 'login' | 'recovery'): Form => ({
  fields: [addressField],
  messages: [infoMessage(purpose === 'login' ? 'login_code_start' : 'recovery_start')],
  actions: [{ value: 'send', id: 'send_code' }],
});

/** Nobody has what was typed: everything else goes the same way. */
async function recipientOf(typed: string, { addresses }: EmailCodePorts): Promise<Recipient> {
  const identifier = identifierOf(typed);
  const found = identifier && (await addresses.findRecipient(identifier.value));
  const address = identifier?.value ?? typed;
  return found ? { address, sub: found.sub, to: found.address } : { address, sub: undefined };
}

/** The secret of a link that this flow began with. */
export const linkOf = ({ flow }: View): string | undefined => {
  const secret = flow.memory['link']?.['secret'];
  return typeof secret === 'string' ? secret : undefined;
};

export async function lookAtLink(
  view: View,
  purpose: Proven['purpose'],
  { codes }: Pick<EmailCodePorts, 'codes'>,
): Promise<Judged | undefined> {
  const link = linkOf(view);
  if (link === undefined) return undefined;
  const read = readLink(link);
  const judged: Judged = read ? await codes.look({ ...read, purpose, now: view.now }) : { fault: 'code_unknown' };
  const isForeign = 'proven' in judged && purpose !== 'verification' && judged.proven.browser !== view.flow.browser;
  return isForeign ? { fault: 'code_of_other_browser' } : judged;
}

/** The link is good: a button, since programs that look at mail follow links. It is not: what to do instead. */
async function linkForm(view: View, purpose: 'login' | 'recovery', ports: EmailCodePorts): Promise<Form | undefined> {
  const judged = await lookAtLink(view, purpose, ports);
  if (judged === undefined) return undefined;
  if ('fault' in judged) return { ...addressForm(purpose), messages: refusedLink(judged)[''] ?? [] };
  return { fields: [], messages: [infoMessage('link_ready')], actions: [{ value: 'open', id: 'continue' }] };
}

async function openLink({ flow, now }: Submission, link: string, purpose: 'login' | 'recovery', ports: EmailCodePorts): Promise<Result> {
  const judged = await openLinkOf({ purpose, link, browser: flow.browser, now }, ports);
  return 'proven' in judged ? proved(judged.proven, ports) : ask({});
}

async function proved({ sub, address, at }: Proven, { accounts, addresses }: EmailCodePorts): Promise<Result> {
  const account = sub === undefined ? undefined : await accounts.findForFlow(sub);
  if (sub === undefined || !account || account.disabled) return ask({ code: [errorMessage('code_wrong')] });
  // Whoever reads the mail of an address has it: that is all that a verification asks for. An address that has been
  // replaced since the code was sent proves nothing any more.
  const taken = address === undefined ? undefined : await addresses.takeOver(sub, address);
  if (!taken) return ask({ code: [errorMessage('code_wrong')] });
  return { kind: 'proved', person: { sub, security: taken.security }, factor: { amr: ['otp'], at: Math.max(at, taken.at) }, memory: {} };
}

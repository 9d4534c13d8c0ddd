import { type AnswerPorts, typeCode } from '../../codes/answer.ts';
import type { Purpose } from '../../codes/code.ts';
import type { CodeFault, Judged, Proven } from '../../codes/ports.ts';
import { type CodeRequest, sendCode, type SendPorts } from '../../codes/send.ts';
import { ask, type Form, type Result, type Submission, type View } from '../../flows/method.ts';
import { errorMessage, infoMessage, type Messages } from '../../flows/state.ts';
import { memoryOf, type SentCode, sentCodeOf } from './sent-code.ts';

export type DialogPorts = SendPorts & AnswerPorts;

/** Whom a code is for, as far as anybody can be found. */
export type Recipient = Pick<CodeRequest, 'address' | 'to' | 'sub' | 'isTaken'>;

/** The field of a form that asks for an address. */
export const addressField = { name: 'email', type: 'email', autocomplete: 'username', required: true } as const;

const codeField = { name: 'code', type: 'text', autocomplete: 'one-time-code', required: true, inputmode: 'numeric' } as const;

export interface CodeFormOptions {
  /** What was sent, as far as it may be told. */
  readonly message: 'code_sent' | 'code_sent_maybe' | 'code_sent_registration';
  /** There is no other address to choose. */
  readonly isFixed?: boolean;
}

/** Asks for the code that was sent. */
export function codeForm({ memory }: View, { message, isFixed = false }: CodeFormOptions): Form | undefined {
  const sent = sentCodeOf(memory);
  return (
    sent && {
      fields: [codeField],
      messages: [infoMessage(message, { address: sent.to })],
      // For a script that counts down; without one, who is too early is told how long to wait.
      options: { resend_at_ms: sent.resendAt },
      actions: [
        { value: 'code', id: 'code' },
        { value: 'resend', id: 'resend_code' },
        ...(isFixed ? [] : [{ value: 'restart', id: 'other_address' }]),
      ],
    }
  );
}

/** Sends a first code, or another one. */
export async function send(
  submission: Submission,
  purpose: Purpose,
  recipient: Recipient,
  to: string,
  ports: DialogPorts,
): Promise<Result> {
  const { flow, address: network, userAgent, now, memory } = submission;
  const request = { ...recipient, purpose, browser: flow.browser, network, userAgent, locale: flow.locale, now };
  const outcome = await sendCode(request, ports);
  if (!outcome.sent) return ask({ '': [errorMessage('throttled')] }, outcome.retryAt);
  const isAgain = sentCodeOf(memory) !== undefined;
  return {
    kind: 'next',
    memory: memoryOf({ ...outcome.code, to }),
    ...(isAgain ? { messages: { '': [infoMessage('code_resent')] } } : {}),
  };
}

/** What becomes of the form that asks for a code: what was proved by it, or what to show. */
export async function answerCode(
  submission: Submission,
  sent: SentCode,
  { purpose, resend }: { purpose: Purpose; resend: () => Promise<Result> },
  ports: DialogPorts,
): Promise<{ proven: Proven } | { result: Result }> {
  const { values, now } = submission;
  const action = values['action'] ?? 'code';
  if (action === 'restart') return { result: { kind: 'next', memory: {} } };
  if (action === 'resend') {
    const seconds = Math.ceil((sent.resendAt - now) / 1000);
    return { result: seconds > 0 ? ask({ '': [errorMessage('code_resend_wait', { seconds: `${seconds}` })] }) : await resend() };
  }
  const text = values['code'] ?? '';
  if (text.trim() === '') return { result: ask({ code: [errorMessage('required')] }) };
  const judged = await typeCode({ id: sent.id, key: sent.key, purpose, text, now }, ports);
  if ('fault' in judged) return { result: ask({ code: [errorMessage(messageIds[judged.fault])] }) };
  return judged;
}

/** A link that cannot be used, and what to do instead. */
export const refusedLink = (judged: Judged): Messages => ('fault' in judged ? { '': [errorMessage(linkIds[judged.fault])] } : {});

const messageIds: Readonly<Record<CodeFault, string>> = {
  code_wrong: 'code_wrong',
  code_superseded: 'code_superseded',
  code_exhausted: 'code_exhausted',
  code_expired: 'code_expired',
  code_used: 'code_expired',
  code_unknown: 'code_expired',
  code_of_other_browser: 'code_expired',
};

const linkIds: Readonly<Record<CodeFault, string>> = {
  code_wrong: 'link_expired',
  code_superseded: 'link_superseded',
  code_exhausted: 'link_expired',
  code_expired: 'link_expired',
  code_used: 'link_used',
  code_unknown: 'link_expired',
  code_of_other_browser: 'link_other_browser',
};

import type { Accounts } from '../../accounts/ports.ts';
import { askedBy } from '../../flows/asked-by.ts';
import { ask, type Form, type Result, type Submission, type View } from '../../flows/method.ts';
import { errorMessage, infoMessage, type Person } from '../../flows/state.ts';
import { codeField } from './code-field.ts';
import { keyUri, newSeed, normalizeCode, shownSeed, stepOf, usualParameters } from './code.ts';
import { enrolmentPlace, type Seeds, totpPlace, type Totps } from './totps.ts';

export interface EnrolmentPorts {
  readonly totps: Pick<Totps, 'find' | 'add'>;
  readonly seeds: Seeds;
  readonly accounts: Pick<Accounts, 'findForFlow'>;
  /** What the app shows beside the account: the host of the issuer. */
  readonly issuer: string;
}

/** A person without an authenticator app: the button that begins, or the seed to take over and the field for its first code. */
export async function offerEnrolment(view: View, person: Person, ports: EnrolmentPorts): Promise<Form> {
  const seed = await pendingSeed(view, person, ports);
  if (!seed) return { fields: [], actions: [{ value: 'start', id: 'totp_start' }] };
  const account = await ports.accounts.findForFlow(person.sub);
  const options = { secret: shownSeed(seed), uri: keyUri(seed, new URL(ports.issuer).host, account?.name ?? '') };
  return {
    fields: [codeField],
    options,
    actions: [
      { value: 'confirm', id: 'totp_confirm' },
      { value: 'cancel', id: 'cancel' },
    ],
  };
}

export type Enrolled = { readonly enrolled: { readonly at: number } } | { readonly result: Result };

/** Begins, gives up, or confirms by a first code: a seed that the app did not take over would lock the person out. */
export async function submitEnrolment(submission: Submission, person: Person, ports: EnrolmentPorts): Promise<Enrolled> {
  const { values, flow } = submission;
  const action = values['action'] ?? '';
  if (action === 'start') {
    const seed = await ports.seeds.seal(newSeed(), enrolmentPlace(person.sub, flow.browser));
    return { result: { kind: 'next', memory: { seed } } };
  }
  if (action === 'cancel') return { result: { kind: 'next', memory: {} } };
  const seed = await pendingSeed(submission, person, ports);
  if (!seed) return { result: ask({ '': [errorMessage('flow_expired')] }) };
  return confirm(submission, person, seed, ports);
}

async function confirm(submission: Submission, person: Person, seed: Buffer, ports: EnrolmentPorts): Promise<Enrolled> {
  const { values, flow, now } = submission;
  const text = values['code'] ?? '';
  if (text.trim() === '') return { result: ask({ code: [errorMessage('required')] }) };
  const code = normalizeCode(text, usualParameters);
  if (code === undefined) return { result: ask({ code: [errorMessage('totp_malformed', { digits: String(usualParameters.digits) })] }) };
  // Whoever sees the seed needs no guesses: nothing is counted here.
  const step = stepOf(code, seed, usualParameters, now);
  if (step === undefined) return { result: ask({ code: [errorMessage('totp_wrong_at_first')] }) };
  const sealed = await ports.seeds.seal(seed, totpPlace(person.sub));
  const enrolled = await ports.totps.add(
    person.sub,
    { ...usualParameters, sealed, step, browser: flow.browser },
    askedBy(submission, person),
  );
  if (!enrolled) return { result: { kind: 'changed', messages: { '': [infoMessage('totp_there_already')] }, memory: {} } };
  return { enrolled };
}

async function pendingSeed({ memory, flow }: View, person: Person, { seeds }: EnrolmentPorts): Promise<Buffer | undefined> {
  const sealed = memory['seed'];
  return typeof sealed === 'string' ? seeds.open(sealed, enrolmentPlace(person.sub, flow.browser)) : undefined;
}

import type { Accounts } from '../../accounts/ports.ts';
import { askedBy } from '../../flows/asked-by.ts';
import { ask, type Form, type Part, type Result, type Submission, type View } from '../../flows/method.ts';
import { errorMessage, type Person } from '../../flows/state.ts';
import { addPasskey } from './add.ts';
import type { Binding } from './challenge.ts';
import { creationOptions } from './options.ts';
import { mostPasskeys, type NamedPasskey, type Passkey } from './passkeys.ts';
import type { RelyingParty } from './relying-party.ts';
import { amrOf } from './sign-in.ts';
import { answerField, type FormPorts } from './sign-in-forms.ts';

export interface AddingPorts extends FormPorts {
  readonly accounts: Pick<Accounts, 'findForFlow' | 'findPassword'>;
}

interface Known {
  readonly person: Person;
  readonly rp: RelyingParty;
  readonly theirs: readonly Passkey[];
}

const bindingOf = (flow: View['flow']): Binding => ({ purpose: 'add', flow });

/** The button that makes another passkey for a person who is known. */
export async function addingForm({ flow }: View, { person, rp, theirs }: Known, ports: AddingPorts): Promise<Form> {
  const account = await ports.accounts.findForFlow(person.sub);
  const challenge = await ports.challenges.make(bindingOf(flow));
  const user = { handle: await ports.passkeys.userHandle(person.sub), name: account?.name ?? '' };
  return {
    fields: [answerField],
    options: { ...creationOptions(rp, challenge, user, theirs) },
    actions: [{ value: 'add', id: 'passkey_add' }],
  };
}

type Adding = { readonly passkey: NamedPasskey } | { readonly result: Result };

export async function submitAdding(submission: Submission, person: Person, ports: AddingPorts): Promise<Adding> {
  const refused = (id: string, parameters = {}): Adding => ({ result: ask({ '': [errorMessage(id, parameters)] }) });
  const [rp, answer = ''] = [ports.rp(), submission.values['answer']];
  if (!rp || answer === '') return refused('passkey_needs_script');
  // What the browser itself refused to make (WebAuthn §5.1.3): one of the excluded credentials is on this device.
  if (answer === 'InvalidStateError') return refused('passkey_exists');
  const asked = askedBy(submission, person);
  const answered = { answer, binding: bindingOf(submission.flow), rp, userAgent: submission.userAgent, sub: person.sub, asked };
  const { added, passkey } = await addPasskey(answered, ports);
  if (added === 'added' && passkey) return { passkey };
  if (added === 'exists') return refused('passkey_exists');
  return added === 'too_many' ? refused('passkey_too_many', { max: String(mostPasskeys) }) : refused('passkey_not_made');
}

/** A passkey within the sign-in, where the server wants everybody to have a second factor. */
export const passkeyEnrol = (ports: AddingPorts): Part => ({
  async offer(view) {
    const { person } = view;
    const rp = ports.rp();
    return person && rp && addingForm(view, { person, rp, theirs: await ports.passkeys.list(person.sub) }, ports);
  },

  async submit(submission) {
    const { person, flow } = submission;
    if (!person) return ask({ '': [errorMessage('flow_expired')] });
    const adding = await submitAdding(submission, person, ports);
    if ('result' in adding) return adding.result;
    const { passkey } = adding;
    // Of the database's clock, as that of the factor before.
    const at = Math.max(...flow.factors.map((factor) => factor.at));
    const factor = { amr: amrOf(passkey, passkey), at, isMultiFactor: passkey.userVerified, isPhishingResistant: true };
    return { kind: 'proved', person, factor };
  },
});

import type { Action, Item } from '@authority/contracts/identity';
import type { Accounts } from '../../accounts/ports.ts';
import type { Asked } from '../../accounts/asked.ts';
import { ask, type Form, type Result, type SettingsPart, type Submission, type View } from '../../flows/method.ts';
import { errorMessage, infoMessage, type Person } from '../../flows/state.ts';
import { addPasskey } from './add.ts';
import type { Binding } from './challenge.ts';
import { longestName, readName } from './name.ts';
import { creationOptions } from './options.ts';
import { mostPasskeys, type Passkey } from './passkeys.ts';
import type { RelyingParty } from './relying-party.ts';
import { answerField, type FormPorts } from './sign-in-forms.ts';

export interface SettingsPorts extends FormPorts {
  readonly accounts: Pick<Accounts, 'findForFlow' | 'findPassword'>;
}

const renameAction: Action = { value: 'rename', id: 'passkey_rename' };
const removeAction: Action = { value: 'remove', id: 'passkey_remove' };

/** The account's section: passkeys by name, each to be named anew or removed, and a button for another. */
export const passkeySection = (ports: SettingsPorts): SettingsPart => ({
  // A name lets nobody in.
  isHarmless: ({ action }) => action === 'rename' || action === 'save' || action === 'cancel',

  async offer(view) {
    const { person, memory } = view;
    const rp = ports.rp();
    if (!person || !rp) return undefined;
    const theirs = await ports.passkeys.list(person.sub);
    const renamed = theirs.find(({ id }) => id === memory['renaming']);
    if (renamed) return renameForm(renamed);
    return { ...(await addForm(view, { person, rp, theirs }, ports)), items: theirs.map(itemOf) };
  },

  async submit(submission) {
    const { person, values } = submission;
    if (!person) return ask({ '': [errorMessage('flow_expired')] });
    const id = values['item'] ?? '';
    switch (values['action']) {
      case 'rename':
        return { kind: 'next', memory: { renaming: id } };
      case 'save':
        return rename(submission, person, ports);
      case 'remove':
        return remove(submission, person, id, ports);
      case 'add':
        return add(submission, person, ports);
      default:
        return { kind: 'next', memory: {} };
    }
  },
});

function renameForm({ name }: Passkey): Form {
  const field = { name: 'passkey_name', type: 'text', autocomplete: 'off', required: true, value: name } as const;
  const actions = [
    { value: 'save', id: 'passkey_save' },
    { value: 'cancel', id: 'passkey_cancel' },
  ];
  return { fields: [field], actions };
}

interface Known {
  readonly person: Person;
  readonly rp: RelyingParty;
  readonly theirs: readonly Passkey[];
}

async function addForm({ flow }: View, { person, rp, theirs }: Known, ports: SettingsPorts): Promise<Form> {
  const account = await ports.accounts.findForFlow(person.sub);
  const challenge = await ports.challenges.make(bindingOf(flow));
  const user = { handle: await ports.passkeys.userHandle(person.sub), name: account?.name ?? '' };
  return {
    fields: [answerField],
    options: { ...creationOptions(rp, challenge, user, theirs) },
    actions: [{ value: 'add', id: 'passkey_add' }],
  };
}

const bindingOf = (flow: View['flow']): Binding => ({ purpose: 'add', flow });

const itemOf = ({ id, name, createdAt, lastUsedAt, backedUp }: Passkey): Item => ({
  id,
  name,
  create_time_ms: createdAt,
  use_time_ms: lastUsedAt ?? 0,
  details: { backed_up: String(backedUp) },
  actions: [renameAction, removeAction],
});

const askedBy = ({ sub }: Person, { now: at, address, userAgent, flow: { locale } }: Submission): Asked => ({
  ...{ actor: `user:${sub}`, at, address, userAgent, locale },
});

async function add(submission: Submission, person: Person, ports: SettingsPorts): Promise<Result> {
  const [rp, answer = ''] = [ports.rp(), submission.values['answer']];
  if (!rp || answer === '') return ask({ '': [errorMessage('passkey_needs_script')] });
  // What the browser itself refused to make (WebAuthn §5.1.3): one of the excluded credentials is on this device.
  if (answer === 'InvalidStateError') return ask({ '': [errorMessage('passkey_exists')] });
  const asked = askedBy(person, submission);
  const answered = { answer, binding: bindingOf(submission.flow), rp, userAgent: submission.userAgent, sub: person.sub, asked };
  const { added, name = '' } = await addPasskey(answered, ports);
  if (added === 'added') return { kind: 'changed', messages: { '': [infoMessage(await addedMessage(person, ports), { name })] } };
  if (added === 'exists') return ask({ '': [errorMessage('passkey_exists')] });
  if (added === 'too_many') return ask({ '': [errorMessage('passkey_too_many', { max: String(mostPasskeys) })] });
  return ask({ '': [errorMessage('passkey_not_made')] });
}

/** Whoever has a password learns at the first passkey that the password is no longer enough. */
async function addedMessage({ sub }: Person, { passkeys, accounts, settings }: SettingsPorts): Promise<string> {
  const isFirst = (await passkeys.list(sub)).length === 1;
  const isAsked = isFirst && settings.get('passkey.second_factor') && (await accounts.findPassword(sub)) !== undefined;
  return isAsked ? 'passkey_added_first' : 'passkey_added';
}

async function rename(submission: Submission, person: Person, { passkeys }: SettingsPorts): Promise<Result> {
  const [name, id] = [readName(submission.values['passkey_name'] ?? ''), submission.memory['renaming']];
  if (name === undefined) return ask({ passkey_name: [errorMessage('passkey_name_invalid', { max: String(longestName) })] });
  const isRenamed = typeof id === 'string' && (await passkeys.rename(person.sub, id, name, askedBy(person, submission)));
  if (!isRenamed) return ask({ '': [errorMessage('passkey_gone')] }, undefined, {});
  return { kind: 'changed', messages: { '': [infoMessage('passkey_renamed', { name })] }, memory: {} };
}

async function remove(submission: Submission, person: Person, id: string, { passkeys }: SettingsPorts): Promise<Result> {
  const removed = await passkeys.remove(person.sub, id, askedBy(person, submission));
  if (removed === 'removed') return { kind: 'changed', messages: { '': [infoMessage('passkey_removed')] }, memory: {} };
  return ask({ '': [errorMessage(removed === 'gone' ? 'passkey_gone' : 'passkey_last_way_in')] });
}

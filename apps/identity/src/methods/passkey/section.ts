import { askedBy } from '../../flows/asked-by.ts';
import { ask, type Form, type FormAction, type Result, type SettingsPart, type Submission } from '../../flows/method.ts';
import { errorMessage, infoMessage, type Person } from '../../flows/state.ts';
import { addingForm, type AddingPorts, submitAdding } from './adding.ts';
import { longestName, readName } from './name.ts';
import type { Passkey } from './passkeys.ts';

const renameAction: FormAction = { value: 'rename', id: 'passkey_rename' };
const removeAction: FormAction = { value: 'remove', id: 'passkey_remove' };

/** The account's section: passkeys by name, each to be named anew or removed, and a button for another. */
export const passkeySection = (ports: AddingPorts): SettingsPart => ({
  // A name lets nobody in.
  isHarmless: ({ action }) => action === 'rename' || action === 'save' || action === 'cancel',

  async offer(view) {
    const { person, memory } = view;
    const rp = ports.rp();
    if (!person || !rp) return undefined;
    const theirs = await ports.passkeys.list(person.sub);
    const renamed = theirs.find(({ id }) => id === memory['renaming']);
    if (renamed) return renameForm(renamed);
    return { ...(await addingForm(view, { person, rp, theirs }, ports)), items: theirs.map(itemOf) };
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

const itemOf = ({ id, name, createdAt, lastUsedAt, backedUp }: Passkey): NonNullable<Form['items']>[number] => ({
  id,
  name,
  create_time_ms: createdAt,
  use_time_ms: lastUsedAt ?? 0,
  details: { backed_up: String(backedUp) },
  actions: [renameAction, removeAction],
});

async function add(submission: Submission, person: Person, ports: AddingPorts): Promise<Result> {
  const adding = await submitAdding(submission, person, ports);
  if ('result' in adding) return adding.result;
  const { name } = adding.passkey;
  return { kind: 'changed', messages: { '': [infoMessage(await addedMessage(person, ports), { name })] } };
}

/** Whoever has a password learns at the first passkey that the password is no longer enough. */
async function addedMessage({ sub }: Person, { passkeys, accounts, settings }: AddingPorts): Promise<string> {
  const isFirst = (await passkeys.list(sub)).length === 1;
  const isAsked = isFirst && settings.get('passkey.second_factor') && (await accounts.findPassword(sub)) !== undefined;
  return isAsked ? 'passkey_added_first' : 'passkey_added';
}

async function rename(submission: Submission, person: Person, { passkeys }: AddingPorts): Promise<Result> {
  const [name, id] = [readName(submission.values['passkey_name'] ?? ''), submission.memory['renaming']];
  if (name === undefined) return ask({ passkey_name: [errorMessage('passkey_name_invalid', { max: String(longestName) })] });
  const isRenamed = typeof id === 'string' && (await passkeys.rename(person.sub, id, name, askedBy(submission, person)));
  if (!isRenamed) return ask({ '': [errorMessage('passkey_gone')] }, undefined, {});
  return { kind: 'changed', messages: { '': [infoMessage('passkey_renamed', { name })] }, memory: {} };
}

async function remove(submission: Submission, person: Person, id: string, { passkeys }: AddingPorts): Promise<Result> {
  const removed = await passkeys.remove(person.sub, id, askedBy(submission, person));
  if (removed === 'removed') return { kind: 'changed', messages: { '': [infoMessage('passkey_removed')] }, memory: {} };
  return ask({ '': [errorMessage(removed === 'gone' ? 'passkey_gone' : 'passkey_last_way_in')] });
}

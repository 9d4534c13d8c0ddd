import type { Asked } from '../../accounts/asked.ts';
import type { Accounts, Known } from '../../accounts/ports.ts';
import { ask, type Method, type Result, type SettingsPart, type Submission } from '../../flows/method.ts';
import { errorMessage, infoMessage, type Person } from '../../flows/state.ts';
import { formFieldsOf, takenMessages, traitsOf, type TraitSelection } from '../../schemas/form.ts';
import type { IdentitySchema } from '../../schemas/identity-schema.ts';
import type { Schemas } from '../../schemas/ports.ts';
import type { RegistrationProof } from '../email-code/registration-proof.ts';
import type { Throttle } from '../../throttle/throttle.ts';

export interface ProfilePorts {
  readonly accounts: Pick<Accounts, 'findForFlow' | 'changeTraits'>;
  readonly schemas: Pick<Schemas, 'newest' | 'find'>;
  readonly throttle: Pick<Throttle, 'admitRegistration'>;
}

export interface ContactPorts extends ProfilePorts {
  /** Without it a new address counts at once. */
  readonly proof?: Pick<RegistrationProof, 'addressChanged' | 'offer' | 'ask' | 'answer' | 'verified'>;
}

/** What is known of a person, but for what they sign in with: nobody takes an account over by it. */
export const profile = (ports: ProfilePorts): Method => ({
  name: 'profile',
  settings: { ...traitSettings({ form: 'settings', contact: false }, ports), isHarmless: () => true },
});

/** What a person signs in with, and the addresses that codes go to. */
export const contact = (ports: ContactPorts): Method => ({
  name: 'contact',
  settings: traitSettings({ form: 'settings', contact: true }, ports),
});

const traitSettings = (selection: TraitSelection, { accounts, schemas, throttle, proof }: ContactPorts): SettingsPart => ({
  async offer(view) {
    const {
      person,
      flow: { locale },
    } = view;
    const proving = proof?.offer(view);
    if (proving) return proving;
    const found = person && (await findPerson({ accounts, schemas }, person.sub));
    if (!found) return undefined;
    const fields = formFieldsOf(found.schema, selection, found.known.traits, locale);
    return fields.length === 0 ? undefined : { fields };
  },

  async submit(submission) {
    const { person, values, address, now } = submission;
    if (proof?.offer(submission)) return changeProved(submission, proof, { accounts, schemas });
    const found = person && (await findPerson({ accounts, schemas }, person.sub));
    if (!person || !found) return ask({ '': [errorMessage('flow_expired')] });
    const { known, schema } = found;
    const changed = traitsOf(schema, selection, values, known.traits);
    if ('messages' in changed) return ask(changed.messages);

    // Whoever tries names learns which are taken, as at registration.
    const admission = selection.contact === true ? await throttle.admitRegistration(address, now) : undefined;
    if (admission?.admitted === false) return ask({ '': [errorMessage('throttled')] }, admission.retryAt);

    const unproved = proof?.addressChanged(schema, known.traits, changed.traits);
    if (proof && unproved !== undefined) {
      const waits = { schema: { id: schema.id, version: schema.version }, traits: changed.traits, passwordHash: '', before: known.traits };
      return proof.ask(submission, unproved, waits, 'change');
    }
    const asked = askedBy(submission, person);
    const outcome = await accounts.changeTraits({ sub: person.sub, schema, traits: changed.traits, before: known, asked });
    if (outcome === 'changed') return { kind: 'changed', messages: { '': [infoMessage('profile_changed')] } };
    if (outcome === 'conflict') return ask({ '': [errorMessage('profile_conflict')] });
    return ask(takenMessages(schema, outcome.taken));
  },
});

const askedBy = ({ now, address, userAgent, flow: { locale } }: Submission, { sub }: Person): Asked => ({
  ...{ actor: `user:${sub}`, at: now, address, userAgent, locale },
});

/** A change that waited for the proof of a new address; before it the old one counted. */
async function changeProved(
  submission: Submission,
  proof: NonNullable<ContactPorts['proof']>,
  { accounts, schemas }: Pick<ContactPorts, 'accounts' | 'schemas'>,
): Promise<Result> {
  const answered = await proof.answer(submission, 'change');
  if ('result' in answered) return answered.result;
  const { account, address } = answered;
  const { person } = submission;
  const known = person && (await accounts.findForFlow(person.sub));
  const schema = await schemas.find(account.schema.id, account.schema.version);
  if (!person || !known || !schema) return ask({ '': [errorMessage('flow_expired')] }, undefined, {});
  const before = { traits: account.before ?? known.traits, schema: known.schema };
  const asked = askedBy(submission, person);
  const outcome = await accounts.changeTraits({ sub: person.sub, schema, traits: account.traits, before, asked });
  if (outcome === 'conflict') return ask({ '': [errorMessage('profile_conflict')] }, undefined, {});
  if (outcome !== 'changed') return ask(takenMessages(schema, outcome.taken), undefined, {});
  await proof.verified(person.sub, address);
  return { kind: 'changed', messages: { '': [infoMessage('profile_changed')] }, memory: {} };
}

/** The person, and the newest version of their schema: what a change has to fit. */
async function findPerson(
  { accounts, schemas }: Pick<ProfilePorts, 'accounts' | 'schemas'>,
  sub: string,
): Promise<{ known: Known; schema: IdentitySchema } | undefined> {
  const known = await accounts.findForFlow(sub);
  const schema = known && (await schemas.newest(known.schema.id, 'any'));
  return known && schema && { known, schema };
}

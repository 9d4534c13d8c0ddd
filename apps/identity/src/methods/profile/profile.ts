import type { Accounts, Known } from '../../accounts/ports.ts';
import { ask, type Method, type SettingsPart } from '../../flows/method.ts';
import { errorMessage, infoMessage } from '../../flows/state.ts';
import { formFieldsOf, takenMessages, traitsOf, type TraitSelection } from '../../schemas/form.ts';
import type { IdentitySchema } from '../../schemas/identity-schema.ts';
import type { Schemas } from '../../schemas/ports.ts';
import type { Throttle } from '../../throttle/throttle.ts';

export interface ProfilePorts {
  readonly accounts: Pick<Accounts, 'findForFlow' | 'changeTraits'>;
  readonly schemas: Pick<Schemas, 'newest'>;
  readonly throttle: Pick<Throttle, 'admitRegistration'>;
}

/** What is known of a person, but for what they sign in with: nobody takes an account over by it. */
export const profile = (ports: ProfilePorts): Method => ({
  name: 'profile',
  settings: { ...traitSettings({ form: 'settings', contact: false }, ports), isHarmless: () => true },
});

/** What a person signs in with, and the addresses that codes go to. */
export const contact = (ports: ProfilePorts): Method => ({
  name: 'contact',
  settings: traitSettings({ form: 'settings', contact: true }, ports),
});

const traitSettings = (selection: TraitSelection, { accounts, schemas, throttle }: ProfilePorts): SettingsPart => ({
  async offer({ person, flow: { locale } }) {
    const found = person && (await findPerson({ accounts, schemas }, person.sub));
    if (!found) return undefined;
    const fields = formFieldsOf(found.schema, selection, found.known.traits, locale);
    return fields.length === 0 ? undefined : { fields };
  },

  async submit({ person, values, address, userAgent, now, flow: { locale } }) {
    const found = person && (await findPerson({ accounts, schemas }, person.sub));
    if (!person || !found) return ask({ '': [errorMessage('flow_expired')] });
    const { known, schema } = found;
    const changed = traitsOf(schema, selection, values, known.traits);
    if ('messages' in changed) return ask(changed.messages);

    // Whoever tries names learns which are taken, as at registration.
    const admission = selection.contact === true ? await throttle.admitRegistration(address, now) : undefined;
    if (admission?.admitted === false) return ask({ '': [errorMessage('throttled')] }, admission.retryAt);

    const asked = { actor: `user:${person.sub}`, at: now, address, userAgent, locale };
    const outcome = await accounts.changeTraits({ sub: person.sub, schema, traits: changed.traits, before: known, asked });
    if (outcome === 'changed') return { kind: 'changed', messages: { '': [infoMessage('profile_changed')] } };
    if (outcome === 'conflict') return ask({ '': [errorMessage('profile_conflict')] });
    return ask(takenMessages(schema, outcome.taken));
  },
});

/** The person, and the newest version of their schema: what a change has to fit. */
async function findPerson(
  { accounts, schemas }: Pick<ProfilePorts, 'accounts' | 'schemas'>,
  sub: string,
): Promise<{ known: Known; schema: IdentitySchema } | undefined> {
  const known = await accounts.findForFlow(sub);
  const schema = known && (await schemas.newest(known.schema.id, 'any'));
  return known && schema && { known, schema };
}

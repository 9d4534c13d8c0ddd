import type { Asked } from '../../accounts/asked.ts';
import type { Accounts } from '../../accounts/ports.ts';
import { ask, type Part, type Result, type SettingsPart, type Submission, type View } from '../../flows/method.ts';
import { errorMessage, infoMessage, type Person } from '../../flows/state.ts';
import { normalizePassword, type Passwords } from '../../passwords/passwords.ts';
import type { Throttle } from '../../throttle/throttle.ts';
import { acceptedPassword, type NewPasswordPorts } from './accepted.ts';

export interface ChangePorts extends NewPasswordPorts {
  readonly accounts: Pick<Accounts, 'findForFlow' | 'findPassword' | 'changePassword'>;
  readonly passwords: Pick<Passwords, 'assess' | 'hash' | 'verify'>;
  readonly throttle: Pick<Throttle, 'admit'>;
}

const newField = { name: 'new_password', type: 'password', autocomplete: 'new-password', required: true } as const;

/** The last step of a recovery: whoever came this far sets a new password, and all that was signed in ends. */
export const newPassword = (ports: ChangePorts): Part => ({
  offer: async () => ({ fields: [newField] }),

  async submit(submission) {
    const { values, person } = submission;
    const known = person && (await ports.accounts.findForFlow(person.sub));
    if (!person || !known) return ask({ '': [errorMessage('flow_expired')] });
    const accepted = await acceptedPassword(values['new_password'] ?? '', known.traits, ports, 'new_password');
    if ('messages' in accepted) return ask(accepted.messages);
    const change = {
      sub: person.sub,
      passwordHash: accepted.hash,
      action: 'identity.recover_password',
      endsSessions: true,
      asked: askedBy(submission, person),
    } as const;
    const { security, at } = await ports.accounts.changePassword(change);
    return { kind: 'proved', person: { sub: person.sub, security }, factor: { amr: ['pwd'], at, isNew: true } };
  },
});

/** The account's own section: the password before is asked for, where there is one. */
export const passwordSettings = (ports: ChangePorts): SettingsPart => ({
  async offer({ person }) {
    const hasPassword = person !== undefined && (await ports.accounts.findPassword(person.sub)) !== undefined;
    const current = { name: 'current_password', type: 'password', autocomplete: 'current-password', required: true } as const;
    const others = { name: 'end_sessions', type: 'checkbox', autocomplete: 'off', required: false, value: 'yes' } as const;
    return { fields: hasPassword ? [current, newField, others] : [newField] };
  },

  async submit(submission) {
    const { person, values } = submission;
    const known = person && (await ports.accounts.findForFlow(person.sub));
    if (!person || !known) return ask({ '': [errorMessage('flow_expired')] });
    const refusal = await refuseWrongCurrent(submission, person, known.name, ports);
    if (refusal) return refusal;
    const accepted = await acceptedPassword(values['new_password'] ?? '', known.traits, ports, 'new_password');
    if ('messages' in accepted) return ask(accepted.messages);

    const endsSessions = values['end_sessions'] === 'yes';
    const change = {
      sub: person.sub,
      passwordHash: accepted.hash,
      action: 'identity.change_password',
      endsSessions,
      asked: askedBy(submission, person),
    } as const;
    const renewed = await ports.accounts.changePassword(change);
    return { kind: 'changed', messages: { '': [infoMessage('password_changed')] }, ...(endsSessions ? { renewed } : {}) };
  },
});

const askedBy = ({ now, address, userAgent, flow: { locale } }: Submission, { sub }: Person): Asked => ({
  ...{ actor: `user:${sub}`, at: now, address, userAgent, locale },
});

/** Guesses at the current password count as guesses at the sign-in page do. */
async function refuseWrongCurrent(
  { values, flow: { browser }, address, now }: Submission & View,
  { sub }: Person,
  identifier: string,
  { accounts, passwords, throttle }: ChangePorts,
): Promise<Result | undefined> {
  const hash = await accounts.findPassword(sub);
  if (hash === undefined) return undefined;
  const admission = await throttle.admit({ identifier, address, browser, knownBrowser: true, now });
  if (!admission.admitted) return ask({ '': [errorMessage('throttled')] }, admission.retryAt);
  if (!(await passwords.verify(hash, normalizePassword(values['current_password'] ?? '')))) {
    return ask({ current_password: [errorMessage('password_wrong')] });
  }
  await admission.succeeded();
  return undefined;
}

import type { Macs, SealedValues } from '@authority/sealing';
import { askedBy } from '../../flows/asked-by.ts';
import type { Attempts } from '../../attempts/attempts.ts';
import { refuse, throttled, type SecondFactorSettings } from '../../attempts/refuse.ts';
import { ask, type Method, type Result, type SecondPart, type SettingsPart, type Submission, type View } from '../../flows/method.ts';
import { errorMessage, infoMessage, type Person } from '../../flows/state.ts';
import { newCodes, normalizeCode } from './code.ts';
import { codePlace, type NewCodes, type RecoveryCodes } from './recovery-codes.ts';

export interface RecoveryCodePorts {
  readonly codes: RecoveryCodes;
  readonly attempts: Attempts;
  readonly macs: Pick<Macs, 'make' | 'again'>;
  /** Keeps new codes readable for their one page. */
  readonly sealed: Pick<SealedValues, 'seal' | 'open'>;
  readonly settings: SecondFactorSettings;
}

/** How long new codes can be read again in the browser and flow that made them: a page has to be loaded after its form was sent. */
const shownForMs = 10 * 60_000;

/** Codes on paper for who has lost another factor (amr `otp`): each works once, in its place alone. */
export const recoveryCode = (ports: RecoveryCodePorts): Method => ({
  name: 'recovery_code',
  second: signIn(ports),
  settings: settings(ports),
});

const signIn = ({ codes, attempts, macs, settings: rules }: RecoveryCodePorts): SecondPart => ({
  isBackup: true,

  async offer({ person }) {
    const kept = person && (await codes.find(person.sub));
    if (!kept || kept.left === 0) return undefined;
    return { fields: [{ name: 'code', type: 'text', autocomplete: 'off', required: true }] };
  },

  async submit(submission) {
    const { person, values, flow } = submission;
    const kept = person && (await codes.find(person.sub));
    if (!person || !kept) return ask({ '': [errorMessage('flow_expired')] });
    const { sub } = person;
    const text = values['code'] ?? '';
    if (text.trim() === '') return ask({ code: [errorMessage('required')] });
    const code = normalizeCode(text);
    // Cannot be a code: not looked at, and so no attempt.
    if (code === undefined) return ask({ code: [errorMessage('recovery_code_malformed')] });

    // Counted before it is looked at: however many come at once, no more than the limit are judged.
    const counted = await attempts.count(sub, 'recovery_code', flow.browser, rules.get('login.second_factor_attempts'));
    if (!counted.admitted) return throttled(sub, 'recovery_code', counted.retryAt);
    const mac = await macs.again(kept.key_id, code, codePlace(sub));
    const used = mac && (await codes.use(sub, { ...mac, bucket: counted.bucket, browser: flow.browser }, askedBy(submission, person)));
    // A wrong code and a used one are told alike.
    if (!used) return refuse(sub, 'recovery_code_wrong', 'recovery_code_wrong');
    return { kind: 'proved', person, factor: { amr: ['otp'], at: used.at } };
  },
});

const settings = (ports: RecoveryCodePorts): SettingsPart => ({
  async offer(view) {
    const { person } = view;
    if (!person || !(await ports.codes.isBackup(person.sub))) return undefined;
    const kept = await ports.codes.find(person.sub);
    const shown = await shownCodes(view, person, ports);
    const make = { value: 'make', id: kept ? 'recovery_codes_renew' : 'recovery_codes_make' };
    return {
      fields: [],
      ...(kept && {
        items: [
          { id: 'codes', name: '', create_time_ms: kept.createdAt, use_time_ms: 0, details: { left: String(kept.left) }, actions: [] },
        ],
      }),
      ...(shown ? { options: { codes: shown }, actions: [{ value: 'kept', id: 'recovery_codes_kept' }] } : { actions: [make] }),
    };
  },

  async submit(submission) {
    const { person, values } = submission;
    if (person === undefined) return ask({ '': [errorMessage('flow_expired')] });
    if (values['action'] !== 'make') return { kind: 'changed', messages: {}, memory: {} };
    return make(submission, person, ports);
  },
});

async function make(submission: Submission, person: Person, { codes, macs, sealed }: RecoveryCodePorts): Promise<Result> {
  const { sub } = person;
  const made = newCodes();
  const isKept = await codes.replace(sub, await digestsOf(made, sub, macs), askedBy(submission, person));
  if (!isKept) return ask({ '': [errorMessage('recovery_codes_of_nothing')] });
  // The flow's store has them sealed, for this browser, and not for long.
  const shown = await sealed.seal(Buffer.from(made.join('\n')), shownPlace(sub, submission));
  const memory = { shown, until: submission.now + shownForMs };
  return { kind: 'changed', messages: { '': [infoMessage('recovery_codes_made')] }, memory };
}

/** All under one key, also where another one becomes the current one meanwhile. */
async function digestsOf([first = '', ...others]: readonly string[], sub: string, macs: RecoveryCodePorts['macs']): Promise<NewCodes> {
  const { key_id, mac } = await macs.make(normalizeCode(first) ?? '', codePlace(sub));
  const more = await Promise.all(others.map((code) => macs.again(key_id, normalizeCode(code) ?? '', codePlace(sub))));
  return { key_id, macs: [mac, ...more.map((one) => one?.mac ?? '')] };
}

async function shownCodes(view: View, { sub }: Person, { sealed }: RecoveryCodePorts): Promise<string[] | undefined> {
  const { shown, until } = view.memory;
  if (typeof shown !== 'string' || typeof until !== 'number' || until < view.now) return undefined;
  return (await sealed.open(shown, shownPlace(sub, view)))?.toString().split('\n');
}

const shownPlace = (sub: string, { flow }: View) => ({ purpose: 'recovery_codes_shown', row: `${sub} ${flow.browser}` });

import { errorMessage, type Person } from '../../flows/state.ts';
import { ask, type Result, type SecondPart, type Submission } from '../../flows/method.ts';
import type { Attempts } from '../../attempts/attempts.ts';
import { refuse, throttled, type SecondFactorSettings } from '../../attempts/refuse.ts';
import { codeField } from './code-field.ts';
import { normalizeCode, stepOf } from './code.ts';
import { type Seeds, totpPlace, type Totps } from './totps.ts';

export interface TotpSignInPorts {
  readonly totps: Pick<Totps, 'find' | 'use'>;
  readonly attempts: Attempts;
  readonly seeds: Pick<Seeds, 'open'>;
  readonly settings: SecondFactorSettings;
}

/** The code of an authenticator app as another factor (RFC 6238). No offer for who has none. */
export const totpSignIn = (ports: TotpSignInPorts): SecondPart => ({
  async offer({ person }) {
    return person && (await ports.totps.find(person.sub)) ? { fields: [codeField] } : undefined;
  },

  async submit(submission) {
    const { person, values } = submission;
    if (person === undefined) return ask({ '': [errorMessage('flow_expired')] });
    if ((values['code'] ?? '').trim() === '') return ask({ code: [errorMessage('required')] });
    return judge(submission, person, ports);
  },
});

async function judge(
  { values, flow, now }: Submission,
  person: Person,
  { totps, attempts, seeds, settings }: TotpSignInPorts,
): Promise<Result> {
  const { sub } = person;
  const totp = await totps.find(sub);
  if (!totp) return ask({ '': [errorMessage('flow_expired')] });
  const code = normalizeCode(values['code'] ?? '', totp);
  // Cannot be a code: not looked at, and so no attempt.
  if (code === undefined) return ask({ code: [errorMessage('totp_malformed', { digits: String(totp.digits) })] });

  // Counted before it is looked at: however many come at once, no more than the limit are judged.
  const counted = await attempts.count(sub, 'totp', flow.browser, settings.get('login.second_factor_attempts'));
  if (!counted.admitted) return throttled(sub, 'totp', counted.retryAt);

  const seed = await seeds.open(totp.sealed, totpPlace(sub));
  if (!seed) throw new Error('the seed of an authenticator app does not open: AUTHORITY_SECRETS lacks what wrapped its key');
  const step = stepOf(code, seed, totp, now);
  if (step === undefined) return refuse(sub, 'totp_wrong', 'totp_wrong');
  const used = await totps.use(sub, { sealed: totp.sealed, step, bucket: counted.bucket, browser: flow.browser });
  // RFC 6238 §5.2: this code, or a later one, was used before. Only who had a right code learns that.
  if (!used) return refuse(sub, 'totp_replayed', 'totp_used');
  return { kind: 'proved', person, factor: { amr: ['otp'], at: used.at } };
}

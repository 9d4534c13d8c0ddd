import type { Reason } from '@authority/errors';
import { log } from '@authority/telemetry';
import { isAddress } from '../mails/address.ts';
import type { Asked, Link, Mail } from '../mails/kinds.ts';
import type { IdentitySettings } from '../settings.ts';
import { type MadeCode, newCode, type Purpose } from './code.ts';
import type { SendLimits } from './limits.ts';
import type { Codes, Sent } from './ports.ts';

/** What a flow keeps of the code that it asked for. */
export interface AskedCode {
  readonly id: string;
  readonly key: string;
  /** Not before this is another one sent. */
  readonly resendAt: number;
}

export interface CodeRequest {
  readonly purpose: Purpose;
  /** What was asked for, normalised: the limits and the newest code are of it. */
  readonly address: string;
  /** Where the mail goes, if not to that. */
  readonly to?: string;
  /** Undefined: nobody has the address, and nothing that can be seen from outside is different. */
  readonly sub: string | undefined;
  /** Of a registration or a change of address: somebody has the address, and is told so by mail instead. */
  readonly isTaken?: boolean;
  readonly browser: string;
  /** Where the request came from, for the limits and for the mail. */
  readonly network: string;
  readonly userAgent: string;
  readonly locale: string;
  readonly now: number;
}

export interface SendPorts {
  readonly codes: Pick<Codes, 'create'>;
  readonly limits: Pick<SendLimits, 'admit'>;
  readonly settings: IdentitySettings;
}

export type SendOutcome =
  | { readonly sent: true; readonly code: AskedCode }
  | { readonly sent: false; readonly retryAt: number; readonly reason: Reason };

const dayMs = 86_400_000;

/** Makes a code and leaves its mail in the outbox: the same statements and the same answer, whoever has the address. */
export async function sendCode(request: CodeRequest, { codes, limits, settings }: SendPorts): Promise<SendOutcome> {
  const { purpose, address, sub, browser, network, now } = request;
  const admission = await limits.admit(address, network, now);
  if (!admission.admitted) return refused(request, admission.retryAt, admission.reason);

  const lifetime = settings.get(purpose === 'verification' ? 'verification.lifetime' : 'code.lifetime');
  const made = newCode({
    purpose,
    address,
    to: request.to ?? address,
    sub,
    browser,
    now,
    digits: settings.get('code.digits'),
    lifetimeMs: lifetime * 1000,
  });
  const mostPerDay = settings.get('code.sends_per_day');
  const mailOf = (sent: Sent): Mail => mailWith(made, request, isWithheld(request, sent, mostPerDay, settings));
  if (!(await codes.create(made.stored, mostPerDay, mailOf))) return refused(request, now + dayMs / 24, 'throttled_account');
  const resendAt = now + settings.get('code.resend_wait') * 1000;
  return { sent: true, code: { id: made.stored.id, key: made.key, resendAt } };
}

/** In the place of what no envelope can carry, or is no address at all: nothing is sent to it. */
const nobody = 'nobody@invalid.invalid';

function mailWith({ digits: code, link: secret, stored }: MadeCode, request: CodeRequest, withheld: boolean): Mail {
  const { purpose, locale, sub, isTaken, now, network, userAgent } = request;
  const to = isAddress(stored.to) ? stored.to : nobody;
  const asked: Asked = { at: now, address: network, userAgent };
  const { expiresAt } = stored;
  if (purpose === 'login') return { kind: 'login_code', to, locale, withheld, values: { code, expiresAt, asked } };
  if (purpose === 'registration' || purpose === 'change') {
    if (isTaken) return { kind: 'registration_attempt', to, locale, withheld, values: { asked } };
    return { kind: purpose === 'change' ? 'address_code' : 'registration_code', to, locale, withheld, values: { code, expiresAt, asked } };
  }
  if (sub === undefined) return { kind: 'recovery_unknown', to, locale, withheld, values: { asked } };
  const link: Link = { page: purpose, parameters: { link: secret } };
  return { kind: purpose, to, locale, withheld, values: { code, expiresAt, asked, link } };
}

/**
 * Who has no account is told once a day that somebody tried, so that mail tells no more than the page does. An account that
 * was sent too much through all of its addresses gets no more.
 */
function isWithheld(
  { sub, purpose, isTaken, address, to = address }: CodeRequest,
  sent: Sent,
  mostPerDay: number,
  settings: IdentitySettings,
): boolean {
  if (!isAddress(to)) return true;
  if (sub !== undefined) return sent.toAccount > mostPerDay;
  if (purpose === 'registration' || purpose === 'change') return isTaken === true && sent.forPurpose > 1;
  return purpose !== 'recovery' || !settings.get('recovery.unknown_mail') || sent.forPurpose > 1;
}

function refused({ purpose }: CodeRequest, retryAt: number, reason: Reason): SendOutcome {
  log.info('code.refused', { purpose, reason });
  return { sent: false, retryAt, reason };
}

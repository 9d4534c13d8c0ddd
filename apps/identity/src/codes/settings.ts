import { defineSettings, durationSetting, flagSetting, numberSetting, wordSetting } from '@authority/settings';

/** How codes are made, sent and tried. */
export const codeSettings = defineSettings({
  'code.digits': numberSetting(8, 'Digits of a code that is sent; fewer are easier to guess from many flows at once.', { min: 6, max: 8 }),
  'code.lifetime': durationSetting(900, 'How long a code or link for recovery or sign-in works.', { min: 60, max: 3600 }),
  'code.attempts': numberSetting(5, 'How often a code may be typed before it is of no more use.', { min: 1, max: 10 }),
  'code.resend_wait': durationSetting(30, 'How long after a code another one may be asked for.', { min: 5, max: 600 }),
  'code.sends_per_day': numberSetting(20, 'Codes to one address, and to all addresses of one account, in a day.', { min: 1, max: 1000 }),
  'code.sends_per_network': numberSetting(50, 'Codes that are asked for from one address in a window.', { min: 1, max: 1_000_000 }),
  'verification.lifetime': durationSetting(86_400, 'How long the link that verifies an address works.', { min: 300, max: 86_400 }),
  'registration.verify': wordSetting(
    'after',
    'When who registers proves that their address is theirs: not at all, after the registration (the account works before), or before there is an account; only that does not tell whether an address is taken.',
    ['none', 'after', 'before'],
  ),
  'login.email_code': flagSetting(
    false,
    'Whether people may sign in by a code that is sent to their e-mail address, in the place of a password.',
  ),
  'recovery.unknown_mail': flagSetting(
    true,
    'Whether an address that nobody has is told, once a day, that somebody tried to recover an account with it: otherwise who reads that mailbox learns that it has none.',
  ),
});

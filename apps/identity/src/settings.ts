import { isSchemaId } from './schemas/ports.ts';
import { defineSettings, durationSetting, flagSetting, numberSetting, type Settings } from '@authority/settings';
import { codeSettings } from './codes/settings.ts';
import { passkeySettings } from './methods/passkey/settings.ts';
import { secondFactorSettings } from './methods/second-factor-settings.ts';
import { mailSettings } from './mails/settings.ts';

/** Behaviour of identity (rows; the environment says only where things are). */
export const identitySettings = defineSettings({
  'throttle.enabled': flagSetting(true, 'Whether attempts to sign in and to register are limited.', false),
  'throttle.window': durationSetting(600, 'The window in which attempts are counted.', { min: 10, max: 86_400 }),
  'throttle.account_attempts': numberSetting(
    10,
    'Failed sign-ins for one account from one address, or from one browser that has signed in to it before, in a window.',
    { min: 1, max: 10_000 },
  ),
  'throttle.address_attempts': numberSetting(
    100,
    'Failed sign-ins from one address for all accounts together in a window, and registrations from one address.',
    { min: 1, max: 1_000_000 },
  ),
  'password.min_length': numberSetting(8, 'Least length of a new password, in characters.', { min: 8, max: 64 }),
  'password.min_strength': numberSetting(
    2,
    'Least strength of a new password, as zxcvbn estimates it: 2 holds against guessing online, 3 and 4 against a stolen hash.',
    { min: 0, max: 4 },
  ),
  ...passkeySettings,
  ...codeSettings,
  'schema.registration': {
    default: 'default',
    description: 'The schema of people who register, and of those whom operators create without naming one.',
    parse: (given: unknown) => {
      if (typeof given !== 'string' || !isSchemaId(given)) throw new Error('must be the id of a schema');
      return given;
    },
  },
  ...secondFactorSettings,
  'flow.lifetime': durationSetting(3600, 'How long a person has to finish signing in or registering.', { min: 60, max: 86_400 }),
  ...mailSettings,
  'flow.fresh_for': durationSetting(
    900,
    'How long after a sign-in a person may change how they sign in without proving again who they are.',
    {
      min: 60,
      max: 86_400,
    },
  ),
});

export type IdentitySettings = Pick<Settings<typeof identitySettings>, 'get'>;

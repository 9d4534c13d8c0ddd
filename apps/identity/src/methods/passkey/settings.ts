import { type Definition, defineSettings, flagSetting } from '@authority/settings';
import { isDomain, isOrigin } from './relying-party.ts';

const rpId: Definition<string> = {
  default: '',
  description:
    "The RP ID of passkeys: a domain above the issuer's host, for pages there to use the same ones; empty for the host itself. " +
    'Passkeys of another RP ID no longer work.',
  parse: (given) => {
    if (typeof given !== 'string' || (given !== '' && !isDomain(given))) throw new Error('must be a domain in lower case, or empty');
    return given;
  },
};

const origins: Definition<readonly string[]> = {
  default: [],
  description:
    "Whose pages and apps may use passkeys besides the issuer's own pages: origins (https://app.example.com), and Android apps " +
    '(android:apk-key-hash:…).',
  parse: (given) => {
    if (!Array.isArray(given) || given.length > 16) throw new Error('must be a list of at most 16 origins');
    return given.map((word: unknown) => {
      if (typeof word === 'string' && isOrigin(word)) return word;
      throw new Error(`holds ${JSON.stringify(word).slice(0, 80)}, which is no origin`);
    });
  },
};

export const passkeySettings = defineSettings({
  'passkey.rp_id': rpId,
  'passkey.origins': origins,
  'passkey.first_factor': flagSetting(true, 'Whether people may sign in with a passkey alone; the device verifies who they are.'),
  'passkey.registration': flagSetting(
    true,
    'Whether people may register with a passkey and no password; passkey.first_factor has to be on too.',
  ),
  'passkey.second_factor': flagSetting(
    true,
    'Whether who has a passkey needs it after the password each time; otherwise only where an application asks for more (acr_values).',
    false,
  ),
});

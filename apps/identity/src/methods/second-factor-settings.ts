import { defineSettings, numberSetting, wordSetting } from '@authority/settings';

/** Whether people have another factor, and how often its codes may be tried. */
export const secondFactorSettings = defineSettings({
  'login.second_factor': wordSetting(
    'when_enrolled',
    'Who has to prove a second factor: whoever has one (`when_enrolled`), or everybody (`required`): who has none takes one on before the sign-in is complete.',
    ['when_enrolled', 'required'],
  ),
  'login.second_factor_attempts': numberSetting(
    5,
    'Wrong codes of an authenticator app, or wrong recovery codes, in a row; after them each further one has to wait, up to an hour.',
    { min: 1, max: 20 },
  ),
});

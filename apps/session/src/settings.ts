import { longestTtlMs } from '@authority/ephemeral';
import { defineSettings, durationSetting, type Settings } from '@authority/settings';

const day = 86_400;
/** What the ephemeral store keeps at most, less a day to spare. */
const longest = longestTtlMs / 1000 - day;

/** Behaviour of session (rows; the environment says only where things are). */
export const sessionSettings = defineSettings({
  'session.absolute_lifetime': durationSetting(14 * day, 'After this a person has to sign in again, whatever they did.', {
    min: 60,
    max: longest,
  }),
  'session.idle_lifetime': durationSetting(day, 'A session that was not used for so long ends.', { min: 60, max: longest }),
});

export type SessionSettings = Pick<Settings<typeof sessionSettings>, 'get'>;

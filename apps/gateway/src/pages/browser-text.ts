import Bowser from 'bowser';
import type { Texts } from './messages.ts';

/** A browser in a few words, from what it says of itself: `Firefox, Linux`. What it says may be anything. */
export function browserText(texts: Texts, userAgent: string): string {
  if (userAgent === '') return texts.say('browser.unknown');
  const { browser, os } = Bowser.parse(userAgent);
  const named = [browser.name, os.name].filter((one) => one !== undefined && one !== '').join(', ');
  return named === '' ? userAgent.slice(0, 60) : named.slice(0, 60);
}

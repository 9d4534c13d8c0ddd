import type { Texts } from './messages.ts';

const minute = 60_000;

/** How long ago something was, in the words of the page. */
export function agoText(texts: Texts, elapsedMs: number): string {
  const minutes = Math.floor(elapsedMs / minute);
  if (minutes < 1) return texts.say('ago.now');
  if (minutes < 120) return texts.say('ago.minutes', { count: String(minutes) });
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? texts.say('ago.hours', { count: String(hours) }) : texts.say('ago.days', { count: String(Math.floor(hours / 24)) });
}

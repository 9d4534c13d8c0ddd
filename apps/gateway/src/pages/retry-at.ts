import type { Html } from './html.ts';
import type { Texts } from './messages.ts';

/** When to try again, as a person would say it: rounded up, so that it is never said too early. */
export function retryText(texts: Texts, milliseconds: number): Html {
  return texts.show('throttled.until', { when: duration(texts, Math.max(1, Math.ceil(milliseconds / 1000))) });
}

function duration(texts: Texts, seconds: number): string {
  if (seconds < 55) return texts.say('throttled.in_seconds', { count: String(seconds) });
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 100) return texts.say('throttled.in_minutes', { count: String(minutes) });
  const hours = Math.ceil(minutes / 60);
  return texts.say('throttled.in_hours', { count: String(hours) });
}

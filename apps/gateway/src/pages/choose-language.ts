import { languages } from './messages.ts';

/** More than these are nobody's preference. */
const mostTags = 20;
const longestTag = 35;

/** `ui_locales` of the request first (OpenID Connect Core §3.1.2.1), then what the browser prefers (RFC 9110 §12.5.4). */
export function chooseLanguage(
  uiLocales: readonly string[],
  acceptLanguage: string | undefined,
  offered: ReadonlySet<string> = languages,
): string {
  const preferred = (acceptLanguage ?? '')
    .slice(0, 256)
    .split(',')
    .map((entry, index) => ({ tag: entry.split(';')[0]?.trim() ?? '', weight: weightOf(entry), index }))
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight || a.index - b.index)
    .map(({ tag }) => tag);
  for (const tag of [...uiLocales.slice(0, mostTags), ...preferred.slice(0, mostTags)]) {
    const found = lookUp(tag.slice(0, longestTag).toLowerCase(), offered);
    if (found !== undefined) return found;
  }
  return 'en';
}

/** RFC 4647 §3.4: the range is made shorter from its end until it is the name of what there is; `zh-hant-tw`, `zh-hant`, `zh`. */
function lookUp(range: string, offered: ReadonlySet<string>): string | undefined {
  const subtags = range.split('-');
  const shorter = subtags.map((_, index) => subtags.slice(0, subtags.length - index).join('-'));
  return shorter.find((one) => offered.has(one));
}

function weightOf(entry: string): number {
  const weight = /;\s*q=([\d.]+)/.exec(entry)?.[1];
  return weight === undefined ? 1 : Number(weight) || 0;
}

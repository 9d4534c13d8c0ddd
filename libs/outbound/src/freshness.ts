const least = 60;
const most = 3_600;
const usual = 300;

/**
 * How many seconds an answer may be used (RFC 9111 §4.2.1), kept within a minute and an hour: below, whoever owns the
 * document could make us ask for it at every request; above, a withdrawn key would count for too long.
 */
export function freshFor(headers: Readonly<Record<string, string>>): number {
  const directives = (headers['cache-control'] ?? '')
    .toLowerCase()
    .split(',')
    .map((one) => one.trim());
  if (directives.some((one) => one === 'no-store' || one.startsWith('no-cache'))) return least;
  const stated = directives.map((one) => /^max-age="?(\d{1,10})"?$/.exec(one)?.[1]).find((one) => one !== undefined);
  if (stated === undefined) return usual;
  const age = /^\d{1,10}$/.test(headers.age ?? '') ? Number(headers.age) : 0;
  return Math.min(most, Math.max(least, Number(stated) - age));
}

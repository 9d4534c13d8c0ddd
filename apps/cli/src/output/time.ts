/** Unix milliseconds for people, in UTC so that two people read the same: `2026-01-31 09:30`. */
export function time(ms: number): string {
  if (ms === 0) return '-';
  return new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
}

/** As `time`, with seconds. */
export function second(ms: number): string {
  return ms === 0 ? '-' : new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}

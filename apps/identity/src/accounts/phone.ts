/**
 * A telephone number in its one international spelling (E.164 §6.2.1): `+` and up to 15 digits. What people put between
 * the digits goes; a trunk zero in brackets does not, because nobody but that country's plan knows what it stands for.
 * Undefined for what cannot be one, a number without its country among it.
 */
export function normalizePhone(text: string): string | undefined {
  if (text.length > 40) return undefined;
  const number = text
    .trim()
    .normalize('NFKC')
    .replaceAll(/[\s.()/-]/gu, '');
  return /^\+[1-9]\d{6,14}$/.test(number) && !/\(\s*0\s*\)/.test(text.normalize('NFKC')) ? number : undefined;
}

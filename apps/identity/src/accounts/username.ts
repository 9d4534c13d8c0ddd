/** Scripts whose letters look like those of another: a name is of one of them (UTS #39 §5.1, "single script"). */
const lookalikes = ['Latin', 'Cyrillic', 'Greek', 'Armenian', 'Cherokee', 'Coptic', 'Lisu', 'Deseret', 'Osage'].map(
  (script) => new RegExp(`\\p{Script=${script}}`, 'u'),
);

/**
 * The spelling under which a user name identifies a person: UsernameCaseMapped (RFC 8265 §3.3), narrowed to letters, their
 * marks, digits, and `.`, `_`, `-` within. NFKC and not NFC, so that no two names differ by width or ligature. It can be
 * no e-mail address and no telephone number, and so a name that is typed is of one kind.
 */
export function normalizeUsername(text: string): string | undefined {
  if (!text.isWellFormed() || text.length > 256) return undefined;
  const name = folded(folded(text.trim()));
  if (!/^[\p{Ll}\p{Lo}\p{Lm}\p{Nd}](?:[\p{Ll}\p{Lo}\p{Lm}\p{Mn}\p{Mc}\p{Nd}._-]{0,62}[\p{Ll}\p{Lo}\p{Lm}\p{Mn}\p{Mc}\p{Nd}])?$/u.test(name))
    return undefined;
  // Default-ignorable letters (fillers) show nothing; RFC 8264 §9.13 disallows them.
  if (/\p{Default_Ignorable_Code_Point}/u.test(name)) return undefined;
  return lookalikes.filter((script) => script.test(name)).length > 1 || mixesDigits(name) ? undefined : name;
}

/** The final sigma is the same letter. */
const folded = (text: string): string => text.normalize('NFKC').toLowerCase().replaceAll('ς', 'σ').normalize('NFKC');

/** Digits of two scripts in one name (RFC 5892 A.8 and A.9 of the Arabic ones; here of any). */
function mixesDigits(name: string): boolean {
  const zeros = [...name.matchAll(/\p{Nd}/gu)].map(([digit]) => zeroOf(digit));
  return new Set(zeros).size > 1;
}

/** The digits of a script are ten in a row, from its zero on. */
function zeroOf(digit: string): number {
  let zero = digit.codePointAt(0) ?? 0;
  while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1)) && (digit.codePointAt(0) ?? 0) - zero < 9) zero -= 1;
  return zero;
}

/**
 * Makers of passkeys by AAGUID (WebAuthn §6.5.2), where one product has one. Nothing vouches for it: it names a passkey until its
 * owner does, and decides nothing.
 */
const makers: Readonly<Record<string, string>> = {
  'fbfc3007-154e-4ecc-8c0b-6e020557d7bd': 'Apple Passwords',
  'dd4ec289-e01d-41c9-bb89-70fa845d4bf2': 'Apple Passwords',
  'ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4': 'Google Password Manager',
  'adce0002-35bc-c60a-648b-0b25f1f05503': 'Chrome on Mac',
  '08987058-cadc-4b81-b6e1-30de50dcbe96': 'Windows Hello',
  '9ddd1817-af5a-4672-a2b9-3e3dd95000a9': 'Windows Hello',
  '6028b017-b1d4-4c02-b4b3-afcdafc96bb2': 'Windows Hello',
  '53414d53-554e-4700-0000-000000000000': 'Samsung Pass',
  'bada5566-a7aa-401f-bd96-45619a55120d': '1Password',
  'd548826e-79b4-db40-a3d8-11116f7e8349': 'Bitwarden',
  '531126d6-e717-415c-9320-3d9aa6981239': 'Dashlane',
  'fdb141b2-5d84-443e-8a35-4698c205a502': 'KeePassXC',
  '50726f74-6f6e-5061-7373-50726f746f6e': 'Proton Pass',
};

/** Browsers and systems as their User-Agent has them, the particular before what it claims to be like. */
const browsers: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(?:A|iOS)?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:Chrome|Chromium|HeadlessChrome|CriOS)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
];
const systems: readonly (readonly [RegExp, string])[] = [
  [/\bAndroid\b/, 'Android'],
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bMac OS X\b/, 'Mac'],
  [/\bWindows\b/, 'Windows'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
];

const find = (pairs: typeof browsers, text: string): string | undefined => pairs.find(([pattern]) => pattern.test(text))?.[1];

/** What a new passkey is called until its owner names it: names of products, so they are the same in every language. */
export function defaultName(aaguid: string, userAgent: string): string {
  const said = [find(browsers, userAgent), find(systems, userAgent)].filter((one) => one !== undefined);
  return makers[aaguid] ?? (said.length > 0 ? said.join(', ') : 'Passkey');
}

export const longestName = 64;

/** A name as its owner typed it; undefined when it is none. */
export function readName(text: string): string | undefined {
  const name = text.normalize('NFC').trim();
  return name !== '' && [...name].length <= longestName && name.isWellFormed() && !/[\p{Cc}\p{Cf}]/u.test(name) ? name : undefined;
}

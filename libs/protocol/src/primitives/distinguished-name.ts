import { type DerValue, derTags, oidOf, within } from './der.ts';

/** One attribute of a name: its type as an object identifier, its value as text, or as `#` and hex where it is none. */
export interface Attribute {
  type: string;
  value: string;
  /** `#` and the hex of the value's DER (RFC 4514 §2.4). */
  hex: string;
}

/** Relative names from the most significant one on, each a set of attributes. */
export type DistinguishedName = readonly (readonly Attribute[])[];

/** Short names of RFC 4514 §3, and those that are common beside them. */
const types: Readonly<Record<string, string>> = {
  CN: '2.5.4.3',
  SN: '2.5.4.4',
  SERIALNUMBER: '2.5.4.5',
  C: '2.5.4.6',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  STREET: '2.5.4.9',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  TITLE: '2.5.4.12',
  GN: '2.5.4.42',
  ORGANIZATIONIDENTIFIER: '2.5.4.97',
  DC: '0.9.2342.19200300.100.1.25',
  UID: '0.9.2342.19200300.100.1.1',
  EMAILADDRESS: '1.2.840.113549.1.9.1',
};

/** A name as a certificate has it (RFC 5280 §4.1.2.4). Throws RangeError for what is not well-formed. */
export function readName(name: DerValue): DistinguishedName {
  return within(name, derTags.sequence).map((relative) => within(relative, derTags.set).map(readAttribute));
}

function readAttribute(attribute: DerValue): Attribute {
  const [type, value] = within(attribute, derTags.sequence);
  if (!type || !value) throw new RangeError('an attribute without type or value');
  const hex = `#${value.whole.toString('hex')}`;
  return { type: oidOf(type), value: textOf(value) ?? hex, hex };
}

/** UTF8String, PrintableString, IA5String, BMPString; undefined for other types. */
function textOf({ tag, content }: DerValue): string | undefined {
  if (tag === 0x0c) return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  if (tag === 0x13 || tag === 0x16) return content.every((byte) => byte < 0x80) ? content.toString('latin1') : undefined;
  if (tag === 0x1e && content.length % 2 === 0) return Buffer.from(content).swap16().toString('utf16le');
  return undefined;
}

/** A name that somebody wrote (RFC 4514 §3); undefined for what is none. */
export function parseName(text: string): DistinguishedName | undefined {
  if (text.length > 1024) return undefined;
  const relatives = splitAt(text, ',').map((relative) => splitAt(relative, '+').map(parseAttribute));
  const complete = relatives.map((relative) => relative.filter((attribute) => attribute !== undefined));
  if (complete.some((relative, at) => relative.length !== relatives[at]?.length)) return undefined;
  // RFC 4514 §2.1: written with the last one first.
  return complete.reverse();
}

/** Parts between separators that no backslash precedes. */
function splitAt(text: string, separator: string): string[] {
  const parts = [''];
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? '';
    const last = parts.length - 1;
    if (character === separator) parts.push('');
    else if (character === '\\') parts[last] += character + (text[++at] ?? '');
    else parts[last] += character;
  }
  return parts;
}

function parseAttribute(text: string): Attribute | undefined {
  const [, type = '', written = ''] = /^ *([A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+) *= *(.*)$/su.exec(text) ?? [];
  const oid = /^\d/.test(type) ? type : Object.hasOwn(types, type.toUpperCase()) ? types[type.toUpperCase()] : undefined;
  if (oid === undefined) return undefined;
  if (/^#(?:[0-9a-f]{2})+$/i.test(written)) return { type: oid, value: written.toLowerCase(), hex: written.toLowerCase() };
  const value = unescaped(written);
  return value === undefined ? undefined : { type: oid, value, hex: '' };
}

/** RFC 4514 §2.4: a backslash before a special character, or before two hex digits of a byte of UTF-8. */
function unescaped(written: string): string | undefined {
  const bare = written.replace(/(?<!\\) +$/, '');
  const bytes: Buffer[] = [];
  const pieces = bare.matchAll(/\\([0-9a-f]{2})|\\([ "#+,;<=>\\])|([^\\"+,;<>\0])|(.)/gisu);
  for (const [, hex, special, plain] of pieces) {
    if (hex !== undefined) bytes.push(Buffer.from(hex, 'hex'));
    else if (special !== undefined || plain !== undefined) bytes.push(Buffer.from(special ?? plain ?? ''));
    else return undefined;
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(bytes));
  } catch {
    return undefined;
  }
}

/** Whether two names are the same: order counts between relative names, not within one. Values are compared exactly. */
export function isSameName(expected: DistinguishedName, found: DistinguishedName): boolean {
  return expected.length === found.length && expected.every((relative, at) => isSameSet(relative, found[at] ?? []));
}

function isSameSet(expected: readonly Attribute[], found: readonly Attribute[]): boolean {
  if (expected.length !== found.length) return false;
  const left = [...found];
  return expected.every((attribute) => {
    const at = left.findIndex((other) => isSameAttribute(attribute, other));
    if (at !== -1) left.splice(at, 1);
    return at !== -1;
  });
}

function isSameAttribute(expected: Attribute, found: Attribute): boolean {
  if (expected.type !== found.type) return false;
  return expected.hex === '' ? expected.value === found.value : expected.hex === found.hex;
}

/** One value of ASN.1 in its distinguished encoding (X.690 §8.1): tag, content, and all of it as it was written. */
export interface DerValue {
  tag: number;
  content: Buffer;
  whole: Buffer;
}

export const derTags = { boolean: 0x01, octetString: 0x04, oid: 0x06, sequence: 0x30, set: 0x31 } as const;

/** The values that follow one another in a buffer. Throws RangeError for what is not well-formed; a certificate is small. */
export function readDer(bytes: Buffer): DerValue[] {
  const values: DerValue[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [start, length] = lengthAt(bytes, at + 1);
    const end = start + length;
    if (end > bytes.length) throw new RangeError('a DER value is longer than what holds it');
    values.push({ tag: byteAt(bytes, at), content: bytes.subarray(start, end), whole: bytes.subarray(at, end) });
    at = end;
  }
  return values;
}

/** The values within one that must have this tag. */
export function within(value: DerValue | undefined, tag: number): DerValue[] {
  if (value?.tag !== tag) throw new RangeError('a DER value has another tag');
  return readDer(value.content);
}

/** Where the content begins, and how long it is (X.690 §8.1.3, §10.1: definite, and as short as can be). */
function lengthAt(bytes: Buffer, at: number): [number, number] {
  const first = byteAt(bytes, at);
  if (first < 0x80) return [at + 1, first];
  const count = first - 0x80;
  if (count === 0 || count > 3 || at + count >= bytes.length) throw new RangeError('a DER length is not definite, or too long');
  const length = bytes.readUIntBE(at + 1, count);
  if (length < 0x80 || length < 2 ** (8 * (count - 1))) throw new RangeError('a DER length is longer than needed');
  return [at + 1 + count, length];
}

function byteAt(bytes: Buffer, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw new RangeError('a DER value ends early');
  return byte;
}

/** An object identifier with dots (X.690 §8.19). */
export function oidOf({ tag, content }: DerValue): string {
  if (tag !== derTags.oid || content.length === 0 || content.length > 64) throw new RangeError('not an object identifier');
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of content) {
    if (arc > 2 ** 40) throw new RangeError('an arc is too long');
    arc = arc * 128 + (byte & 0x7f);
    if (byte & 0x80) continue;
    arcs.push(arc);
    arc = 0;
  }
  const [first = 0, ...rest] = arcs;
  const root = Math.min(Math.floor(first / 40), 2);
  return [root, first - root * 40, ...rest].join('.');
}

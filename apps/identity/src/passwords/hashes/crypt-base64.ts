const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** The base64 of crypt(3): another alphabet, and the lowest six bits first. Bytes are taken in the order given. */
export function cryptBase64(bytes: Buffer, order: readonly number[]): string {
  let text = '';
  for (let at = 0; at < order.length; at += 3) {
    const group = order.slice(at, at + 3);
    // crypt(3) has the first byte of a group in the highest bits; a group that is not full is padded below.
    let value = group.reduce((sum, index) => (sum << 8) | (bytes[index] ?? 0), 0);
    for (let digit = 0; digit <= group.length; digit += 1) {
      text += alphabet[value & 0x3f];
      value >>>= 6;
    }
  }
  return text;
}

/** The value of one digit; undefined for what is none. */
export function cryptDigit(character: string | undefined): number | undefined {
  const value = character === undefined ? -1 : alphabet.indexOf(character);
  return value < 0 ? undefined : value;
}

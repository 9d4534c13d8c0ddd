import { secretOf } from './kinds.ts';
import { Refusal, type Setting } from './setting.ts';

const leastBytes = 32;
/** 32 random bytes hold about 30 different values: fewer than 16 is no accident (a repeated word, zeros). */
const leastDifferent = 16;

function parseSecret(text: string, place: number): Buffer {
  const bytes = decode(text);
  if (bytes === undefined) throw new Refusal(`must be base64url or hex (secret ${place})`);
  if (bytes.length < leastBytes) {
    throw new Refusal(
      `must hold at least ${leastBytes} bytes each (secret ${place} has ${bytes.length}); make one with: openssl rand -hex 32`,
    );
  }
  if (new Set(bytes).size < leastDifferent) throw new Refusal(`must be random (secret ${place} repeats itself)`);
  return bytes;
}

/** Hex is also base64url by its letters; an even run of hex digits is read as hex, the weaker reading of the two. */
function decode(text: string): Buffer | undefined {
  if (/^(?:[0-9a-f]{2})+$/i.test(text)) return Buffer.from(text, 'hex');
  // `openssl rand -base64 32` is what many have at hand: + / = are taken too.
  if (/^[A-Za-z0-9\-_+/]+={0,2}$/.test(text)) return Buffer.from(text, 'base64');
  return undefined;
}

/** Newest first: the first wraps, all unwrap. */
export function parseSystemSecrets(value: string): readonly Buffer[] {
  const texts = value.split(/[\s,]+/).filter((one) => one !== '');
  if (texts.length === 0) throw new Refusal('must hold at least one secret');
  const secrets = texts.map((text, index) => parseSecret(text, index + 1));
  if (new Set(secrets.map((one) => one.toString('hex'))).size < secrets.length) throw new Refusal('holds a secret twice');
  return secrets;
}

export const systemSecrets: Setting<readonly Buffer[]> = secretOf('secrets', parseSystemSecrets)
  .named('AUTHORITY_SECRETS')
  .doc(
    'System secrets that wrap the keys at rest, newest first, separated by commas or newlines; each at least 32 random ' +
      'bytes as base64url or hex (`openssl rand -hex 32`). To rotate, put a new one in front and keep the old one.',
  );

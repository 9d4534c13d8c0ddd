import { randomBytes } from 'node:crypto';

/** A new subject: a UUIDv7 (RFC 9562 §5.7), never reused; ordered by time, so that lists need no other order. */
export function newSubject(now: number): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now, 0, 6);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Whether a text can be a subject; what cannot must not reach a cast in a statement. */
export function isSubject(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(text);
}

/** Nobody's subject, before all others. */
export const nobody = '00000000-0000-0000-0000-000000000000';

import { ImportedIdentity, ImportedPasskey, ImportedTotp } from '@authority/contracts/admin';

/** What is wrong with one field of a line, in the words of the server's own refusals. */
export interface Violation {
  readonly field: string;
  readonly description: string;
}

type Members = Readonly<Record<string, unknown>>;

class Wrong extends Error {
  constructor(
    readonly field: string,
    description: string,
  ) {
    super(description);
  }
}

const names = new Set(
  'external_id sub schema_id traits email_verified verified_addresses password_hash user_handle passkeys totp disabled created_at'.split(
    ' ',
  ),
);

/** A line of the file as the server takes it, or why it cannot be. The server judges what is in it. */
export function readRecord(line: string): ImportedIdentity | Violation {
  try {
    return recordOf(line);
  } catch (error) {
    if (error instanceof Wrong) return { field: error.field, description: error.message };
    throw error;
  }
}

function recordOf(line: string): ImportedIdentity {
  const members = membersOf(parsed(line), 'line', 'must be a JSON object');
  const unknown = Object.keys(members).find((name) => !names.has(name));
  if (unknown !== undefined) throw new Wrong(unknown.slice(0, 80), `is no field of an import; there is ${[...names].join(', ')}`);
  const traits = membersOf(members['traits'], 'traits', 'must be an object, such as {"email":"a@example.com"}');
  const sub = text(members, 'sub');
  const email = typeof traits['email'] === 'string' ? traits['email'] : '';
  const verified = list(members, 'verified_addresses', (value, at) => textOf(value, at));
  return ImportedIdentity.fromPartial({
    external_id: text(members, 'external_id') || sub || email,
    sub,
    schema_id: text(members, 'schema_id'),
    traits: JSON.stringify(traits),
    verified_addresses: flag(members, 'email_verified') && email !== '' ? [...new Set([email, ...verified])] : verified,
    password_hash: hashOf(members['password_hash']),
    user_handle: bytes(members, 'user_handle'),
    passkeys: list(members, 'passkeys', passkeyOf),
    totp: totpOf(members['totp']),
    disabled: flag(members, 'disabled'),
    create_time_ms: timeOf(members['created_at']),
  });
}

/** A text, or a credential of Keycloak as its export has it. */
function hashOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'object') return JSON.stringify(value);
  return textOf(value, 'password_hash');
}

function passkeyOf(value: unknown, at: string): ImportedPasskey {
  const members = membersOf(value, at, 'must be an object');
  const { counter = 0 } = members;
  if (typeof counter !== 'number' || !Number.isInteger(counter) || counter < 0 || counter > 0xffff_ffff) {
    throw new Wrong(`${at}.counter`, 'must be a whole number of 32 bits');
  }
  return ImportedPasskey.fromPartial({
    credential_id: bytes(members, 'credential_id', `${at}.`),
    public_key: bytes(members, 'public_key', `${at}.`),
    counter,
    transports: list(members, 'transports', textOf),
    aaguid: text(members, 'aaguid'),
    backup_eligible: flag(members, 'backup_eligible'),
    backed_up: flag(members, 'backed_up'),
    user_verified: flag(members, 'user_verified'),
    name: text(members, 'name'),
  });
}

/** An address that authenticator apps take (`otpauth://totp/…`), or its parts. */
function totpOf(value: unknown): ImportedTotp | undefined {
  if (value === undefined || value === null) return undefined;
  const members = typeof value === 'string' ? partsOf(value) : membersOf(value, 'totp', 'must be an object, or an otpauth address');
  const number = (name: string): number => {
    const given = Number(members[name] ?? 0);
    if (Number.isInteger(given) && given >= 0 && given < 1000) return given;
    throw new Wrong(`totp.${name}`, 'must be a whole number');
  };
  const secret = text(members, 'secret');
  return ImportedTotp.fromPartial({
    secret: secret === '' ? bytes(members, 'secret_base64', 'totp.') : fromBase32(secret),
    algorithm: text(members, 'algorithm').toUpperCase().replace('-', ''),
    digits: number('digits'),
    period: number('period'),
  });
}

function partsOf(address: string): Members {
  if (!address.startsWith('otpauth://totp/') || !URL.canParse(address)) throw new Wrong('totp', 'must be an object, or an otpauth address');
  return Object.fromEntries(new URL(address).searchParams);
}

/** RFC 4648 §6, as people and apps write it: in any case, with blanks. */
function fromBase32(text: string): Buffer {
  const digits = text.replace(/[\s=-]/g, '').toUpperCase();
  if (!/^[A-Z2-7]*$/.test(digits)) throw new Wrong('totp.secret', 'must be base32');
  const bits = [...digits].map((digit) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(digit).toString(2).padStart(5, '0')).join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

/** RFC 3339, or milliseconds since 1970. */
function timeOf(value: unknown): number {
  if (value === undefined || value === null) return 0;
  const time = typeof value === 'string' && /^\d{4}-\d\d-\d\d/.test(value) ? Date.parse(value) : value;
  if (typeof time === 'number' && Number.isFinite(time)) return Math.floor(time);
  throw new Wrong('created_at', 'must be a time such as 2024-05-06T07:08:09Z, or milliseconds since 1970');
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new Wrong('line', 'is no JSON');
  }
}

function membersOf(value: unknown, field: string, description: string): Members {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new Wrong(field, description);
}

function textOf(value: unknown, field: string): string {
  if (typeof value === 'string') return value;
  throw new Wrong(field, 'must be text');
}

const text = (members: Members, name: string): string => textOf(members[name] ?? '', name);

function flag(members: Members, name: string): boolean {
  const value = members[name] ?? false;
  if (typeof value === 'boolean') return value;
  throw new Wrong(name, 'must be true or false');
}

function list<T>(members: Members, name: string, read: (value: unknown, at: string) => T): T[] {
  const value = members[name] ?? [];
  if (!Array.isArray(value)) throw new Wrong(name, 'must be a list');
  return value.map((one, index) => read(one, `${name}[${index}]`));
}

function bytes(members: Members, name: string, at = ''): Buffer {
  const value = textOf(members[name] ?? '', at + name);
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(value)) throw new Wrong(at + name, 'must be base64 or base64url');
  return Buffer.from(value, 'base64');
}

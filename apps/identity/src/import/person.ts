import type { ImportedIdentity } from '@authority/contracts/admin';
import type { FieldViolation } from '@authority/errors';
import { type Identifier, identifierOf } from '../accounts/identifier.ts';
import { isSubject, newSubject, nobody } from '../accounts/subject.ts';
import { isPlainText } from '../accounts/traits.ts';
import type { KeyReader } from '../methods/passkey/ceremony.ts';
import { HashRefused } from '../passwords/hashes/format.ts';
import { storedHash } from '../passwords/hashes/index.ts';
import { readTraits } from '../schemas/fit.ts';
import type { Address, IdentitySchema } from '../schemas/identity-schema.ts';
import { type NewCredential, readPasskeys } from './passkey.ts';
import { type NewTotp, readTotp } from './totp.ts';

/** A person of an import, checked: what is written of them. */
export interface Person {
  readonly externalId: string;
  readonly sub: string;
  /** The other system's subject is kept, and must be nobody's here. */
  readonly keepsSub: boolean;
  readonly schema: IdentitySchema;
  /** JSON. */
  readonly traits: string;
  /** In their one spelling. */
  readonly identifiers: readonly Identifier[];
  /** Of the address that becomes the claim `email`. */
  readonly emailVerified: boolean;
  readonly addresses: readonly (Address & { readonly verified: boolean })[];
  readonly disabled: boolean;
  /** Unix milliseconds. */
  readonly createdAt: number;
  readonly passwordHash: string | undefined;
  readonly userHandle: Buffer | undefined;
  readonly passkeys: readonly NewCredential[];
  readonly totp: NewTotp | undefined;
}

const mostAddresses = 20;

/** Reads what another system says of a person, by the newest version of their schema; violations name the field. */
export function readPerson(
  asked: ImportedIdentity,
  schema: IdentitySchema | undefined,
  now: number,
  keys: KeyReader | undefined,
): Person | FieldViolation[] {
  const faults: FieldViolation[] = [];
  const refuse = (field: string, description: string): undefined => void faults.push({ field, description });

  if (!isPlainText(asked.external_id) || asked.external_id.length > 255) refuse('external_id', 'must be 1 to 255 printable characters');
  if (!schema) return [...faults, { field: 'schema_id', description: 'is no schema that there is' }];
  const traits = readTraits(schema, asked.traits, 'traits');
  if (Array.isArray(traits)) faults.push(...traits);
  const createdAt = asked.create_time_ms === 0 ? now : asked.create_time_ms;
  if (createdAt < 0 || createdAt > now) refuse('create_time_ms', 'must be a time of the past');
  const sub = asked.sub === '' ? newSubject(Math.max(0, Math.min(createdAt, now))) : asked.sub.toLowerCase();
  if (!isSubject(sub) || sub === nobody) refuse('sub', 'must be a UUID; leave it out, and keep the old name as external_id');
  const passwordHash = readHash(asked.password_hash, refuse);
  const passkeys = readPasskeys(asked, refuse, keys);
  const totp = readTotp(asked.totp, now, refuse);
  const verified = readAddresses(asked.verified_addresses, refuse);
  const addresses = Array.isArray(traits) ? [] : schema.addressesOf(traits);
  const foreign = verified.find((address) => !addresses.some(({ value }) => value === address));
  if (foreign !== undefined && !Array.isArray(traits)) {
    refuse('verified_addresses', `has ${foreign.slice(0, 80)}, which is no address that the schema finds in the traits`);
  }
  if (faults.length > 0 || Array.isArray(traits)) return faults;
  return {
    externalId: asked.external_id,
    sub,
    keepsSub: asked.sub !== '',
    schema,
    traits: JSON.stringify(traits),
    identifiers: schema.identifiersOf(traits),
    emailVerified: verified.includes(schema.addressOfClaim('email', traits) ?? ''),
    addresses: addresses.map((one) => ({ ...one, verified: verified.includes(one.value) })),
    disabled: asked.disabled,
    createdAt,
    passwordHash,
    ...passkeys,
    totp,
  };
}

export type Refuse = (field: string, description: string) => undefined;

function readHash(hash: string, refuse: Refuse): string | undefined {
  if (hash === '') return undefined;
  try {
    return storedHash(hash);
  } catch (error) {
    if (!(error instanceof HashRefused)) throw error;
    return refuse('password_hash', error.message);
  }
}

function readAddresses(addresses: readonly string[], refuse: Refuse): string[] {
  if (addresses.length > mostAddresses) refuse('verified_addresses', `must be at most ${mostAddresses}`);
  return addresses.slice(0, mostAddresses).flatMap((text, index) => {
    const address = identifierOf(text);
    if (address !== undefined && address.kind !== 'username') return [address.value];
    refuse(`verified_addresses[${index}]`, 'must be an e-mail address or a telephone number with its country');
    return [];
  });
}

import type { ImportedIdentity, ImportedPasskey } from '@authority/contracts/admin';
import { isSubject, nobody } from '../accounts/subject.ts';
import { readName } from '../methods/passkey/name.ts';
import type { KeyReader } from '../methods/passkey/ceremony.ts';
import { algorithms } from '../methods/passkey/options.ts';
import { mostPasskeys } from '../methods/passkey/passkeys.ts';
import type { Refuse } from './person.ts';

/** A passkey of an import, checked. */
export interface NewCredential extends Omit<ImportedPasskey, 'credential_id' | 'public_key'> {
  readonly credential_id: Buffer;
  readonly public_key: Buffer;
}

interface Passkeys {
  readonly userHandle: Buffer | undefined;
  readonly passkeys: readonly NewCredential[];
}

const longestCredentialId = 1023;
const longestPublicKey = 2048;

/** Passkeys of a person, and the name that their authenticators hold beside them (WebAuthn §5.4.3). */
export function readPasskeys({ passkeys, user_handle }: ImportedIdentity, refuse: Refuse, keys: KeyReader | undefined): Passkeys {
  if (passkeys.length === 0) return { userHandle: undefined, passkeys: [] };
  if (passkeys.length > mostPasskeys) refuse('passkeys', `must be at most ${mostPasskeys}`);
  if (user_handle.length < 1 || user_handle.length > 64) refuse('user_handle', 'must be 1 to 64 bytes where there are passkeys');
  return {
    userHandle: Buffer.from(user_handle),
    passkeys: passkeys.slice(0, mostPasskeys).map((one, index) => read(one, index, refuse, keys)),
  };
}

function read(passkey: ImportedPasskey, index: number, refuse: Refuse, keys: KeyReader | undefined): NewCredential {
  const { credential_id, public_key, transports, aaguid, backup_eligible, backed_up, name } = passkey;
  const at = `passkeys[${index}]`;
  if (credential_id.length < 16 || credential_id.length > longestCredentialId) refuse(`${at}.credential_id`, 'must be 16 to 1023 bytes');
  if (!isPublicKey(public_key, keys)) refuse(`${at}.public_key`, `must be a COSE_Key of one of the algorithms ${algorithms.join(', ')}`);
  if (transports.length > 8 || transports.some((one) => !/^[a-z-]{1,32}$/.test(one)))
    refuse(`${at}.transports`, 'must be words of WebAuthn');
  if (aaguid !== '' && !isSubject(aaguid)) refuse(`${at}.aaguid`, 'must be a UUID, or empty');
  if (backed_up && !backup_eligible) refuse(`${at}.backed_up`, 'needs backup_eligible (WebAuthn §6.1.3)');
  const known = readName(name === '' ? 'Passkey' : name);
  if (known === undefined) refuse(`${at}.name`, 'must be 1 to 64 printable characters');
  return {
    ...passkey,
    credential_id: Buffer.from(credential_id),
    public_key: Buffer.from(public_key),
    aaguid: aaguid === '' ? nobody : aaguid,
    name: known ?? '',
  };
}

function isPublicKey(bytes: Uint8Array, algorithmOf: KeyReader | undefined): boolean {
  if (bytes.length === 0 || bytes.length > longestPublicKey) return false;
  const alg = algorithmOf?.(bytes);
  return alg !== undefined && algorithms.includes(alg);
}

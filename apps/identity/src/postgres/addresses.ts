import { type Queryable, statement } from '@authority/postgres';
import type { AddressKind } from '../accounts/identifier.ts';
import { isSubject } from '../accounts/subject.ts';
import type { Address } from '../schemas/identity-schema.ts';

/** An address of a person, in its one spelling. */
export interface StoredAddress {
  readonly sub: string;
  readonly kind: AddressKind;
  readonly value: string;
  readonly recovery: boolean;
  readonly verified: boolean;
}

const dropOthers = statement('addresses_drop', `DELETE FROM addresses WHERE sub = $1 AND NOT (kind || ' ' || value = ANY ($2::text[]))`);
const store = statement(
  'addresses_store',
  `INSERT INTO addresses (sub, kind, value, recovery) SELECT $1, * FROM unnest($2::text[], $3::text[], $4::boolean[])
   ON CONFLICT (sub, kind, value) DO UPDATE SET recovery = EXCLUDED.recovery`,
);
const verify = statement(
  'address_verify',
  `UPDATE addresses SET verified_at = coalesce(verified_at, clock_timestamp()) WHERE sub = $1 AND kind = $2 AND value = $3 RETURNING sub`,
);
const unverify = statement('address_unverify', 'UPDATE addresses SET verified_at = NULL WHERE sub = $1 AND kind = $2 AND value = $3');
const columns = 'sub, kind, value, recovery, verified_at IS NOT NULL AS verified';
const ofPerson = statement('addresses_of_person', `SELECT ${columns} FROM addresses WHERE sub = $1 ORDER BY kind, value`);

/** The addresses of a person are these from now on; those that stay keep whether they are verified. */
export async function storeAddresses(tx: Queryable, sub: string, addresses: readonly Address[]): Promise<void> {
  await tx.query(dropOthers, [sub, addresses.map(({ kind, value }) => `${kind} ${value}`)]);
  if (addresses.length === 0) return;
  const columns = [addresses.map(({ kind }) => kind), addresses.map(({ value }) => value), addresses.map(({ recovery }) => recovery)];
  await tx.query(store, [sub, ...columns]);
}

/** The person has proved that the address is theirs, or an operator says so. False when it is not (or no more) theirs. */
export async function verifyAddress(tx: Queryable, sub: string, kind: AddressKind, value: string): Promise<boolean> {
  return (await tx.query(verify, [sub, kind, value])).length > 0;
}

export async function unverifyAddress(tx: Queryable, sub: string, kind: AddressKind, value: string): Promise<void> {
  await tx.query(unverify, [sub, kind, value]);
}

export async function addressesOf(db: Queryable, sub: string): Promise<StoredAddress[]> {
  return isSubject(sub) ? db.query<StoredAddress>(ofPerson, [sub]) : [];
}

import { appendAudit } from '@authority/audit';
import { type Database, type Queryable, statement } from '@authority/postgres';
import { appendFeed } from '@authority/feed';
import type { Account, Accounts, Known, LookedUp, NewAccount, PasswordChange, Taken, TraitChange } from '../accounts/ports.ts';
import { kindOfIdentifier } from '../accounts/identifier.ts';
import type { Asked } from '../accounts/asked.ts';
import type { Notice } from './notices.ts';
import { isSubject } from '../accounts/subject.ts';
import type { Traits } from '../accounts/traits.ts';
import type { IdentitySchema } from '../schemas/identity-schema.ts';
import { addressesOf, storeAddresses, verifyAddress } from './addresses.ts';
import { IdentifierTaken, storeIdentifiers } from './identifiers.ts';
import { insertFirstPasskey } from './passkeys.ts';

// One row in any case, so that the clock is there and an unknown identifier takes the same way.
const findByIdentifier = statement(
  'account_by_identifier',
  `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS at, account.*
   FROM (SELECT 1) AS one LEFT JOIN (
     SELECT identities.sub, identities.disabled, identities.security, credentials.data ->> 'phc' AS phc,
       EXISTS (SELECT FROM credentials other WHERE other.sub = identities.sub AND other.kind IN ('totp', 'passkey')) AS second,
       known_browsers.seen_at IS NOT NULL AS known
     FROM identifiers
     JOIN identities USING (sub)
     LEFT JOIN credentials ON credentials.sub = identities.sub AND credentials.kind = 'password'
     LEFT JOIN known_browsers ON known_browsers.sub = identities.sub AND known_browsers.browser = $2
     WHERE identifiers.kind = $3 AND identifiers.value = $1
   ) AS account ON true`,
);
const findForFlow = statement(
  'account_for_flow',
  `SELECT disabled, security, traits, schema_id, schema_version,
     coalesce((SELECT value FROM identifiers WHERE identifiers.sub = identities.sub ORDER BY kind LIMIT 1), sub::text) AS name
   FROM identities WHERE sub = $1`,
);
const findPassword = statement('password_find', "SELECT data ->> 'phc' AS phc FROM credentials WHERE sub = $1 AND kind = 'password'");
export const endEverything = statement(
  'account_end',
  'UPDATE identities SET security = security + 1, version = version + 1 WHERE sub = $1',
);
export const standing = statement(
  'account_standing',
  'SELECT security, (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS at FROM identities WHERE sub = $1',
);
const insertIdentity = statement(
  'identity_insert',
  `INSERT INTO identities (sub, traits, email_verified, disabled, schema_id, schema_version) VALUES ($1, $2::jsonb, $3, $4, $5, $6)
   RETURNING security, (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS at`,
);
// Compared as JSON: an operator's change in between is not undone.
const storeTraits = statement(
  'account_traits',
  `UPDATE identities SET traits = $3::jsonb, schema_id = $4, schema_version = $5, version = version + 1, updated_at = clock_timestamp()
   WHERE sub = $1 AND traits = $2::jsonb RETURNING sub`,
);
const followAddress = statement(
  'account_email_verified',
  `UPDATE identities SET email_verified = CASE WHEN $3 THEN email_verified ELSE EXISTS (
     SELECT FROM addresses WHERE addresses.sub = $1 AND kind = 'email' AND value = $2 AND verified_at IS NOT NULL) END
   WHERE sub = $1`,
);
const storePassword = statement(
  'password_store',
  `INSERT INTO credentials (sub, kind, data) VALUES ($1, 'password', jsonb_build_object('v', 1, 'phc', $2::text))
   ON CONFLICT (sub, kind) DO UPDATE SET data = EXCLUDED.data, updated_at = clock_timestamp()`,
);
const rehashPassword = statement(
  'password_rehash',
  `UPDATE credentials SET data = jsonb_build_object('v', 1, 'phc', $3::text)
   WHERE sub = $1 AND kind = 'password' AND data ->> 'phc' = $2`,
);
// Nothing is written about a browser that was here within the last day.
export const rememberBrowser = statement(
  'browser_remember',
  `WITH before AS (SELECT browser = $2 AS same FROM known_browsers WHERE sub = $1),
   written AS (
     INSERT INTO known_browsers AS known (sub, browser) VALUES ($1, $2)
     ON CONFLICT (sub, browser) DO UPDATE SET seen_at = clock_timestamp() WHERE known.seen_at < clock_timestamp() - interval '1 day'
   )
   SELECT coalesce(bool_or(same), false) AS known, count(*) > 0 AS others FROM before`,
);

interface AccountRow {
  at: number;
  sub: string | null;
  disabled: boolean;
  security: number;
  phc: string | null;
  second: boolean;
  known: boolean;
}

type KnownRow = Omit<Known, 'schema'> & { schema_id: string; schema_version: number };

/** Accounts as the flows see them, in PostgreSQL. */
export class PostgresAccounts implements Accounts {
  readonly #database: Database;
  readonly #notice: Notice | undefined;

  /** Without a notice nobody is told of a change. */
  constructor(database: Database, notice?: Notice) {
    this.#database = database;
    this.#notice = notice;
  }

  async findByIdentifier(identifier: string, browser: string): Promise<LookedUp> {
    const [row] = await this.#database.query<AccountRow>(findByIdentifier, [identifier, browser, kindOfIdentifier(identifier)]);
    if (!row) throw new Error('the look-up of an account answered no row');
    return { at: row.at, account: fromRow(row) };
  }

  async findForFlow(sub: string): Promise<Known | undefined> {
    if (!isSubject(sub)) return undefined;
    const [row] = await this.#database.query<KnownRow>(findForFlow, [sub]);
    if (!row) return undefined;
    const { schema_id, schema_version, ...known } = row;
    return { ...known, schema: { id: schema_id, version: schema_version } };
  }

  async findPassword(sub: string): Promise<string | undefined> {
    const [row] = await this.#database.query<{ phc: string }>(findPassword, [sub]);
    return row?.phc;
  }

  register(account: NewAccount): Promise<{ security: number; at: number } | Taken> {
    return orTaken(() => this.#database.transaction((tx) => register(tx, account)));
  }

  changeTraits(change: TraitChange): Promise<'changed' | 'conflict' | Taken> {
    return orTaken(() => this.#database.transaction((tx) => changeTraits(tx, change, this.#notice)));
  }

  signedIn(sub: string, browser: string, asked: Asked): Promise<{ isNewBrowser: boolean }> {
    return this.#database.transaction(async (tx) => {
      const [row] = await tx.query<{ known: boolean; others: boolean }>(rememberBrowser, [sub, browser]);
      const isNewBrowser = row?.others === true && !row.known;
      if (isNewBrowser) await this.#notice?.(tx, sub, 'new_sign_in', asked);
      return { isNewBrowser };
    });
  }

  async rehash(sub: string, { from, to }: { from: string; to: string }): Promise<void> {
    await this.#database.query(rehashPassword, [sub, from, to]);
  }

  changePassword({ sub, passwordHash, action, endsSessions, asked }: PasswordChange): Promise<{ security: number; at: number }> {
    return this.#database.transaction(async (tx) => {
      await setPassword(tx, sub, passwordHash);
      const actor = `user:${sub}`;
      await appendAudit(tx, { action, actor, target: `identity:${sub}`, details: { ends_sessions: endsSessions } });
      const isRecovery = action === 'identity.recover_password';
      await this.#notice?.(tx, sub, isRecovery ? 'password_recovered' : 'password_changed', asked);
      if (endsSessions) {
        await tx.query(endEverything, [sub]);
        await appendFeed(tx, { event: 'credential_changed', sub, why: isRecovery ? 'password_reset' : 'user' });
      }
      const [row] = await tx.query<{ security: number; at: number }>(standing, [sub]);
      if (!row) throw new Error('the identity is gone');
      // Later than the end that the feed tells of, also when both fall into one millisecond: the sign-in that goes on from
      // here is not among what has ended.
      return endsSessions ? { ...row, at: row.at + 1 } : row;
    });
  }
}

async function orTaken<T>(work: () => Promise<T>): Promise<T | Taken> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof IdentifierTaken) return { taken: error.kind };
    throw error;
  }
}

async function changeTraits(
  tx: Queryable,
  { sub, schema, traits, before, asked }: TraitChange,
  notice: Notice | undefined,
): Promise<'changed' | 'conflict'> {
  // An address that stays keeps what is known of it; of another one it is known if it was an address of theirs before.
  const email = schema.addressOfClaim('email', traits);
  const values = [sub, JSON.stringify(before.traits), JSON.stringify(traits), schema.id, schema.version];
  if ((await tx.query(storeTraits, values)).length === 0) return 'conflict';
  const [known, wanted] = [await addressesOf(tx, sub), schema.addressesOf(traits)];
  const goes = known.some(({ kind, value }) => kind === 'email' && !wanted.some((one) => one.value === value));
  // While the address is still theirs: whoever took the account over could take it away in silence otherwise.
  if (goes) await notice?.(tx, sub, 'email_changed', asked);
  await storeIdentifiers(tx, sub, schema.identifiersOf(traits));
  await storeAddresses(tx, sub, wanted);
  await tx.query(followAddress, [sub, email, schema.addressOfClaim('email', before.traits) === email]);
  const names = new Set([...Object.keys(before.traits), ...Object.keys(traits)]);
  const changed = [...names].filter((name) => JSON.stringify(before.traits[name]) !== JSON.stringify(traits[name]));
  await appendAudit(tx, { action: 'identity.change_profile', actor: `user:${sub}`, target: `identity:${sub}`, details: { changed } });
  return 'changed';
}

async function register(tx: Queryable, account: NewAccount): Promise<{ security: number; at: number }> {
  const { sub, schema, traits, credential, browser } = account;
  const made = await insertAccount(tx, { sub, schema, traits });
  if ('passkey' in credential) await insertFirstPasskey(tx, sub, credential);
  else await setPassword(tx, sub, credential.passwordHash);
  await tx.query(rememberBrowser, [sub, browser]);
  await appendAudit(tx, { action: 'identity.register', actor: `user:${sub}`, target: `identity:${sub}` });
  return made;
}

/** What becomes a row of identities, with what the schema says of its traits. */
export interface AccountToInsert {
  readonly sub: string;
  readonly schema: IdentitySchema;
  /** They fit the schema. */
  readonly traits: Traits;
  readonly emailVerified?: boolean;
  readonly disabled?: boolean;
}

/** An identity with its identifiers and addresses; throws IdentifierTaken. */
export async function insertAccount(tx: Queryable, account: AccountToInsert): Promise<{ security: number; at: number }> {
  const { sub, schema, traits, emailVerified = false, disabled = false } = account;
  const values = [sub, JSON.stringify(traits), emailVerified, disabled, schema.id, schema.version];
  const [made] = await tx.query<{ security: number; at: number }>(insertIdentity, values);
  if (!made) throw new Error('the insert of an identity answered no row');
  await storeIdentifiers(tx, sub, schema.identifiersOf(traits));
  await storeAddresses(tx, sub, schema.addressesOf(traits));
  const email = emailVerified ? schema.addressOfClaim('email', traits) : undefined;
  if (email !== undefined) await verifyAddress(tx, sub, 'email', email);
  return made;
}

export async function setPassword(tx: Queryable, sub: string, phc: string): Promise<void> {
  await tx.query(storePassword, [sub, phc]);
}

function fromRow(row: AccountRow): Account | undefined {
  if (row.sub === null) return undefined;
  const { sub, disabled, security, phc, second, known } = row;
  return { sub, disabled, security, passwordHash: phc ?? undefined, secondFactor: second, knownBrowser: known };
}

import { auditTables } from '@authority/audit';
import { ephemeralTables } from '@authority/ephemeral';
import { feedTables } from '@authority/feed';
import { type Migration, migration } from '@authority/postgres';
import { keyTables } from '@authority/sealing';
import { settingsTables } from '@authority/settings';
import { attemptTables } from './attempts.ts';
import { importTables } from './import-tables.ts';
import { codeTables } from './codes.ts';
import { passkeyTables } from './passkey-tables.ts';
import { searchTables } from './search-tables.ts';
import { mailTemplateTables } from './mail-templates.ts';
import { outboxTables } from './outbox.ts';
import { schemaTables } from './schema-tables.ts';
import { upstreamTables } from './upstream-tables.ts';

const accounts = [
  `CREATE TABLE identities (
     sub uuid PRIMARY KEY,
     schema_id text NOT NULL DEFAULT 'default',
     schema_version integer NOT NULL DEFAULT 1,
     traits jsonb NOT NULL,
     email_verified boolean NOT NULL DEFAULT false,
     disabled boolean NOT NULL DEFAULT false,
     security bigint NOT NULL DEFAULT 1,
     version bigint NOT NULL DEFAULT 1,
     created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
   )`,
  // A normalised identifier belongs to one person; whoever comes second is told so by this key.
  `CREATE TABLE identifiers (
     kind text NOT NULL,
     value text NOT NULL,
     sub uuid NOT NULL REFERENCES identities ON DELETE CASCADE,
     PRIMARY KEY (kind, value)
   )`,
  'CREATE INDEX identifiers_sub ON identifiers (sub)',
  // data: {"v":1,"phc":"$argon2id$…"} of a password; other kinds will have other members.
  `CREATE TABLE credentials (
     sub uuid NOT NULL REFERENCES identities ON DELETE CASCADE,
     kind text NOT NULL,
     data jsonb NOT NULL,
     created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     PRIMARY KEY (sub, kind)
   )`,
  // Browsers (SHA-256 of their cookie) that have signed in: a stranger's guesses do not slow them down.
  `CREATE TABLE known_browsers (
     sub uuid NOT NULL REFERENCES identities ON DELETE CASCADE,
     browser text NOT NULL,
     seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     PRIMARY KEY (sub, browser)
   )`,
  'CREATE INDEX known_browsers_seen ON known_browsers (seen_at)',
];

export const identityMigrations: readonly Migration[] = [
  migration('Accounts1763900000000', accounts),
  migration('OwnerTables1763900000001', [...feedTables(), ...auditTables(), ...settingsTables(), ...ephemeralTables()]),
  migration('Keys1764000000000', keyTables()),
  migration('Passkeys1764000100000', passkeyTables),
  migration('Search1764000150000', searchTables),
  outboxTables,
  mailTemplateTables,
  migration('Imports1764000220000', importTables),
  migration('OneTimeCodes1764000220000', codeTables),
  migration('IdentitySchemas1764000300000', schemaTables),
  migration('Attempts1764000310000', attemptTables),
  migration('Upstream1764000500000', upstreamTables),
];

import { auditTables } from '@authority/audit';
import { ephemeralTables } from '@authority/ephemeral';
import { feedCursorTables } from '@authority/feed';
import { type Migration, migration } from '@authority/postgres';
import { settingsTables } from '@authority/settings';
import { clientTables } from './clients.ts';
import { encryptionKeys } from './encryption-keys.ts';
import { grantTables } from './grants.ts';
import { keyTables } from './keys.ts';
import { upkeepFunctions } from './upkeep.ts';

/** In order; only ever added to (style.md 21). A running service waits for at least this many. */
export const tokenMigrations: readonly Migration[] = [
  migration('OwnerTables1790000000001', [...feedCursorTables(), ...auditTables(), ...settingsTables(), ...ephemeralTables()]),
  migration('Keys1790000000002', keyTables),
  migration('Clients1790000000003', clientTables),
  migration('Grants1790000000004', grantTables),
  migration('Upkeep1790000000005', upkeepFunctions),
  migration('EncryptionKeys1790000000030', encryptionKeys),
];

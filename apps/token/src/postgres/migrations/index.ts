import { auditTables } from '@authority/audit';
import { ephemeralTables } from '@authority/ephemeral';
import { feedCursorTables } from '@authority/feed';
import { type Migration, migration } from '@authority/postgres';
import { settingsTables } from '@authority/settings';
import { clientTables } from './clients.ts';
import { encryptionKeys } from './encryption-keys.ts';
import { deviceTables } from './devices.ts';
import { grantTables } from './grants.ts';
import { keyTables } from './keys.ts';
import { logoutTables } from './logouts.ts';
import { resourceTables } from './resources.ts';
import { senderConstraint } from './sender-constraint.ts';
import { trustedIssuerTables } from './trusted-issuers.ts';
import { upkeepFunctions } from './upkeep.ts';
import { wrappedSecrets } from './wrapped-secrets.ts';

/** In order; only ever added to (style.md 21). A running service waits for at least this many. */
export const tokenMigrations: readonly Migration[] = [
  migration('OwnerTables1790000000001', [...feedCursorTables(), ...auditTables(), ...settingsTables(), ...ephemeralTables()]),
  migration('Keys1790000000002', keyTables),
  migration('Clients1790000000003', clientTables),
  migration('Grants1790000000004', grantTables),
  migration('Upkeep1790000000005', upkeepFunctions),
  // Claims that a grant answers by name (OpenID Connect Core §5.5).
  migration('GrantClaims1790000000006', ['ALTER TABLE grants ADD COLUMN userinfo_claims text[]']),
  migration('SenderConstraint1790000000020', senderConstraint),
  migration('EncryptionKeys1790000000030', encryptionKeys),
  migration('Logouts1790000000040', logoutTables),
  migration('Resources1790000000050', resourceTables),
  migration('Devices1790000000060', deviceTables),
  migration('TrustedIssuers1790000000070', trustedIssuerTables),
  migration('WrappedSecrets1790000000080', wrappedSecrets),
];

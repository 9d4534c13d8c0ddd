import { type Database, open } from '@authority/postgres';
import { openSettings, type Settings } from '@authority/settings';
import { gauge } from '@authority/telemetry';
import { AccessTokenKeys } from './keys/access-token-keys.ts';
import { ClientSecrets } from './keys/client-secrets.ts';
import { CodeSeal } from './keys/code-seal.ts';
import { RingDecryptionKeys } from './keys/decryption-keys.ts';
import { KeyRing } from './keys/key-ring.ts';
import { RingRefreshTokenMac, SecretDigests, UserCodeMac } from './keys/macs.ts';
import { RingPairwiseKey } from './keys/pairwise-key.ts';
import { RingSigningKeys } from './keys/signing-keys.ts';
import { KeyWrapping } from '@authority/sealing';
import { PostgresAuthorizationCodes } from './postgres/authorization-codes.ts';
import { PostgresClients } from './postgres/clients.ts';
import { PostgresDeviceDecisions } from './postgres/device-decisions.ts';
import { PostgresGrants } from './postgres/grants.ts';
import { PostgresKeys } from './postgres/keys.ts';
import { ReplicaPoll } from './postgres/replica-poll.ts';
import { PostgresResources } from './postgres/resources.ts';
import { PostgresRevocations } from './postgres/revocations.ts';
import { PostgresScopes } from './postgres/scopes.ts';
import { PostgresTrustedIssuers } from './postgres/trusted-issuers.ts';
import { tokenSettingDefinitions } from './settings.ts';

const revocationEntries = gauge('authority_revocation_entries', 'Entries of the revocation set in memory.');
const pollAge = gauge('authority_replica_poll_age_seconds', 'Time since the last good poll of clients, keys and revocations.');

/** What this replica holds of its durable store: keys, clients, scopes and revocations in memory, the rest by statement. */
export interface TokenStores {
  database: Database;
  settings: Settings<typeof tokenSettingDefinitions>;
  wrapping: KeyWrapping;
  ring: KeyRing;
  digests: SecretDigests;
  clientSecrets: ClientSecrets;
  signingKeys: RingSigningKeys;
  decryptionKeys: RingDecryptionKeys;
  refreshTokenMac: RingRefreshTokenMac;
  sealingKeys: AccessTokenKeys;
  userCodeMac: UserCodeMac;
  pairwiseKey: RingPairwiseKey;
  clients: PostgresClients;
  resources: PostgresResources;
  trustedIssuers: PostgresTrustedIssuers;
  scopes: PostgresScopes;
  revocations: PostgresRevocations;
  authorizationCodes: PostgresAuthorizationCodes;
  grants: PostgresGrants;
  deviceDecisions: PostgresDeviceDecisions;
  poll: ReplicaPoll;
  /** Ends the polls; the database is its opener's. */
  close(): Promise<void>;
}

/**
 * Plans are made once a connection: planning `rotate` over the partitions costs ten times its run (measured: 1.4 ms and
 * 0.1 ms), and a kept plan prunes them by its parameters just as well.
 */
const keptPlans = '-c plan_cache_mode=force_generic_plan';

export function openDatabase(databaseUrl: string): Promise<Database> {
  const url = new URL(databaseUrl);
  url.searchParams.set('options', [url.searchParams.get('options'), keptPlans].filter(Boolean).join(' '));
  return open({ url: url.href, service: 'token', statementTimeoutMs: 5000, lockTimeoutMs: 500 });
}

/** Begins to poll at once; nothing is loaded before `poll.lastGoodAt()`. The schema must be there. */
export async function openStores(database: Database, secrets: readonly Uint8Array[]): Promise<TokenStores> {
  const settings = await openSettings(database, 'token', tokenSettingDefinitions);
  const wrapping = new KeyWrapping('token', secrets);
  const ring = new KeyRing();
  const digests = new SecretDigests(ring);
  const refreshTokenMac = new RingRefreshTokenMac(ring);
  const currentMacKeyId = (): string => refreshTokenMac.currentKeyId();

  const clientSecrets = new ClientSecrets(ring, digests);
  const clients = new PostgresClients(database, clientSecrets);
  const resources = new PostgresResources(database);
  const trustedIssuers = new PostgresTrustedIssuers(database);
  const scopes = new PostgresScopes(database);
  const revocations: PostgresRevocations = new PostgresRevocations(
    database,
    () => poll.lastGoodAt(),
    () => settings.get('token.revocation_staleness'),
  );
  const grants = new PostgresGrants(
    database,
    currentMacKeyId,
    () => settings.get('token.refresh_grace'),
    (grant_id) => revocations.addGrant(grant_id),
  );
  const poll = new ReplicaPoll(database, [
    ...[new PostgresKeys(database, ring, wrapping), clients, resources, trustedIssuers, scopes, revocations],
  ]);
  revocationEntries.read(() => revocations.size());
  pollAge.read(() => (Date.now() - poll.lastGoodAt()) / 1000);

  return {
    ...{
      database,
      settings,
      wrapping,
      ring,
      digests,
      clientSecrets,
      refreshTokenMac,
      clients,
      resources,
      trustedIssuers,
      scopes,
      revocations,
      grants,
      poll,
    },
    signingKeys: new RingSigningKeys(ring),
    decryptionKeys: new RingDecryptionKeys(ring),
    sealingKeys: new AccessTokenKeys(ring),
    userCodeMac: new UserCodeMac(ring),
    deviceDecisions: new PostgresDeviceDecisions(database, currentMacKeyId),
    pairwiseKey: new RingPairwiseKey(ring),
    authorizationCodes: new PostgresAuthorizationCodes(database, new CodeSeal(ring), currentMacKeyId),
    async close() {
      await poll.stop();
      settings.close();
    },
  };
}

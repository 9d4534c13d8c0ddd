import type { IdentityServiceService } from '@authority/contracts/identity';
import type { SessionServiceService } from '@authority/contracts/session';
import type { Ephemeral } from '@authority/ephemeral';
import type { Job } from '@authority/jobs';
import { createOutbound, jwksCache } from '@authority/outbound';
import {
  adminResource,
  type AllowedOriginEndpoint,
  type AuthorizeEndpoint,
  createAllowedOriginEndpoint,
  createAuthorizeEndpoint,
  createDeviceAuthorizationEndpoint,
  createDeviceVerificationEndpoint,
  createEndSessionEndpoint,
  createIntrospectionEndpoint,
  createPushedAuthorizationEndpoint,
  createRegistrationEndpoint,
  createRevocationEndpoint,
  createTokenEndpoint,
  createUserInfoEndpoint,
  type DeviceAuthorizationEndpoint,
  type DeviceVerificationEndpoint,
  type EndSessionEndpoint,
  type IntrospectionEndpoint,
  type ProtocolPorts,
  type PushedAuthorizationEndpoint,
  type RegistrationEndpoint,
  type RevocationEndpoint,
  type TokenEndpoint,
  type TrustedCaller,
  type UserInfoEndpoint,
} from '@authority/protocol';
import type { Client } from '@authority/rpc';
import { ClientAdmin } from './admin/clients.ts';
import { GrantAdmin } from './admin/grants.ts';
import { KeyAdmin } from './admin/keys.ts';
import { LogoutDeliveryAdmin } from './admin/logout-deliveries.ts';
import { RegistrationTokenAdmin } from './admin/registration-tokens.ts';
import { ResourceAdmin } from './admin/resources.ts';
import { TrustedIssuerAdmin } from './admin/trusted-issuers.ts';
import type { TokenConfig } from './config.ts';
import { jwksDocument, metadataDocument, type PublicDocument } from './documents.ts';
import { EphemeralAuthorizationRequests } from './ephemeral/authorization-requests.ts';
import { EphemeralPushedRequests } from './ephemeral/pushed-requests.ts';
import { EphemeralDeviceRequests } from './ephemeral/device-requests.ts';
import { EphemeralDeviceVerifications } from './ephemeral/device-verifications.ts';
import { EphemeralReplayMarks } from './ephemeral/replay-marks.ts';
import { RingDpopNonces } from './keys/dpop-nonces.ts';
import { EphemeralDeviceAdmission } from './ephemeral/device-admission.ts';
import { EphemeralUserCodeGuesses } from './ephemeral/user-code-guesses.ts';
import { BackchannelLogout, logoutJobs } from './logout/backchannel-logout.ts';
import { AllClients } from './peers/all-clients.ts';
import { ClientDocuments } from './peers/client-documents.ts';
import { OutboundClientKeys } from './peers/client-keys.ts';
import { PeerIdentities } from './peers/identities.ts';
import { OutboundRequestObjects } from './peers/request-objects.ts';
import { OutboundSectorIdentifiers } from './peers/sector-identifiers.ts';
import { PeerSessions } from './peers/sessions.ts';
import { PostgresClientStore } from './postgres/client-store.ts';
import { PostgresConsents } from './postgres/consents.ts';
import { PostgresLogoutDeliveries } from './postgres/logout-deliveries.ts';
import { Applications } from './applications/applications.ts';
import { PostgresRegistrationTokens } from './postgres/registration-tokens.ts';
import { PostgresSessionClients } from './postgres/session-clients.ts';
import { KnownTrustedIssuers } from './postgres/trusted-issuers.ts';
import { systemRandom } from './random.ts';
import { type AskedList, revocationListDocument } from './revocation-list.ts';
import { policyFrom } from './settings.ts';
import type { TokenStores } from './stores.ts';

/** What the controllers are given. */
export interface TokenCore {
  issuer: string;
  stores: TokenStores;
  token: TokenEndpoint;
  introspection: IntrospectionEndpoint;
  revocation: RevocationEndpoint;
  userInfo: UserInfoEndpoint;
  allowedOrigin: AllowedOriginEndpoint;
  authorize: AuthorizeEndpoint;
  pushedAuthorization: PushedAuthorizationEndpoint;
  deviceAuthorization: DeviceAuthorizationEndpoint;
  deviceVerification: DeviceVerificationEndpoint;
  endSession: EndSessionEndpoint;
  /** What people have let applications do, for themselves. */
  applications: Applications;
  registration: RegistrationEndpoint;
  /** The admin service, which asks as the resource server of the operators' API. */
  adminCaller: TrustedCaller;
  jwks(): PublicDocument;
  metadata(): PublicDocument;
  revocationList(asked: AskedList, now: number): PublicDocument;
  /** What tells clients of logouts. */
  logoutJobs: readonly Job[];
  /** What operators do. */
  admin: {
    clients: ClientAdmin;
    registrationTokens: RegistrationTokenAdmin;
    resources: ResourceAdmin;
    trustedIssuers: TrustedIssuerAdmin;
    grants: GrantAdmin;
    logoutDeliveries: LogoutDeliveryAdmin;
    keys: KeyAdmin;
  };
}

export const TOKEN_CORE = Symbol('TokenCore');

/** The services that this one asks. */
export interface TokenPeers {
  session: Client<typeof SessionServiceService>;
  identity: Client<typeof IdentityServiceService>;
}

/** stores and peers -> ports -> endpoints. */
export function tokenCore(config: TokenConfig, stores: TokenStores, ephemeral: Ephemeral, peers: TokenPeers): TokenCore {
  const ports = portsOf(config, stores, ephemeral, peers);
  return {
    issuer: config.issuer,
    stores,
    token: createTokenEndpoint(ports),
    introspection: createIntrospectionEndpoint(ports),
    revocation: createRevocationEndpoint(ports),
    userInfo: createUserInfoEndpoint(ports),
    allowedOrigin: createAllowedOriginEndpoint(ports),
    authorize: createAuthorizeEndpoint(ports),
    pushedAuthorization: createPushedAuthorizationEndpoint(ports),
    deviceAuthorization: createDeviceAuthorizationEndpoint(ports),
    deviceVerification: createDeviceVerificationEndpoint(ports),
    endSession: createEndSessionEndpoint(ports),
    applications: new Applications(stores, ports),
    registration: createRegistrationEndpoint({ ...ports, registrationMode: config.registration }),
    adminCaller: { resourceServer: adminResource(config.issuer) },
    jwks: jwksDocument(stores.signingKeys, stores.decryptionKeys, stores.ring),
    revocationList: revocationListDocument(config.issuer, stores.revocations, stores.signingKeys),
    metadata: metadataDocument(
      config.issuer,
      {
        algorithms: stores.signingKeys.algorithms(),
        acrValues: ports.policy.acrValues(),
        registration: config.registration !== 'off',
        mtlsOrigin: config.mtlsOrigin,
      },
      ports.policy,
    ),
    logoutJobs: logoutJobsOf(config, stores, ports),
    admin: {
      clients: new ClientAdmin(stores, config.issuer, ports),
      registrationTokens: new RegistrationTokenAdmin(stores),
      resources: new ResourceAdmin(stores, config.issuer),
      trustedIssuers: new TrustedIssuerAdmin(stores, config.issuer),
      grants: new GrantAdmin(stores),
      logoutDeliveries: new LogoutDeliveryAdmin(stores),
      keys: new KeyAdmin(stores),
    },
  };
}

function portsOf(config: TokenConfig, stores: TokenStores, ephemeral: Ephemeral, peers: TokenPeers): ProtocolPorts {
  const { database, clientSecrets, poll } = stores;
  const outbound = createOutbound({ allow: config.outboundAllow, egressProxy: config.egressProxy });
  const policy = policyFrom(stores.settings);
  // Requests of their own, few to one host: strangers say where they go, and what waits for keys must not wait for them.
  const documents = createOutbound({ allow: config.outboundAllow, egressProxy: config.egressProxy, perHost: 4 });
  return {
    issuer: config.issuer,
    clients: new AllClients(stores.clients, new ClientDocuments(documents, policy, stores.resources)),
    resources: stores.resources,
    scopes: stores.scopes,
    authorizationCodes: stores.authorizationCodes,
    grants: stores.grants,
    refreshTokenMac: stores.refreshTokenMac,
    revocations: stores.revocations,
    signingKeys: stores.signingKeys,
    sealingKeys: stores.sealingKeys,
    pairwiseKey: stores.pairwiseKey,
    replayMarks: new EphemeralReplayMarks(ephemeral),
    dpopNonces: new RingDpopNonces(stores.ring),
    authorizationRequests: new EphemeralAuthorizationRequests(ephemeral),
    pushedRequests: new EphemeralPushedRequests(ephemeral),
    requestObjects: new OutboundRequestObjects(outbound),
    decryptionKeys: stores.decryptionKeys,
    deviceRequests: new EphemeralDeviceRequests(ephemeral, stores.userCodeMac),
    deviceDecisions: stores.deviceDecisions,
    deviceVerifications: new EphemeralDeviceVerifications(ephemeral),
    deviceAdmission: new EphemeralDeviceAdmission(ephemeral, stores.settings),
    userCodeGuesses: new EphemeralUserCodeGuesses(ephemeral, stores.settings),
    consents: new PostgresConsents(database),
    sessions: new PeerSessions(peers.session),
    sessionClients: new PostgresSessionClients(database),
    identities: new PeerIdentities(peers.identity),
    clientKeys: new OutboundClientKeys(jwksCache(outbound)),
    trustedIssuers: new KnownTrustedIssuers(stores.trustedIssuers, jwksCache(outbound)),
    policy,
    random: systemRandom,
    registrationTokens: new PostgresRegistrationTokens(database),
    clientStore: new PostgresClientStore(database, clientSecrets, () => poll.refresh()),
    sectorIdentifiers: new OutboundSectorIdentifiers(outbound),
  };
}

/** Requests of its own: a flood of logouts must not hold up what sign-ins wait for. */
function logoutJobsOf(config: TokenConfig, { database }: TokenStores, ports: ProtocolPorts): Job[] {
  const outbound = createOutbound({ allow: config.outboundAllow, egressProxy: config.egressProxy, perHost: 8 });
  const deliveries = new PostgresLogoutDeliveries(database);
  return logoutJobs(new BackchannelLogout(deliveries, ports, outbound), deliveries);
}

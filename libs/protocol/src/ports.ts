import type { KeyObject } from 'node:crypto';
import type { ClientDocumentPolicy, ClientKeys, Clients, SectorIdentifiers } from './client-ports.ts';
import type { Profile, SigningAlgorithm } from './model/client.ts';
import type {
  CodeEnvelope,
  Confirmation,
  LiveGrant,
  PushedRequest,
  RefreshTokenParts,
  SessionFacts,
  StoredAuthorizationRequest,
} from './model/authorization.ts';
import type {
  DeviceDecision,
  DeviceGrant,
  DevicePoll,
  DeviceRequest,
  FoundDeviceRequest,
  StoredDeviceVerification,
} from './model/device.ts';
import type { Evidence } from './model/request.ts';
import type { Resource } from './model/resource.ts';
import type { TrustedIssuer } from './model/trusted-issuer.ts';
import type { ClientStore, RegistrationTokens } from './registration-ports.ts';

export type * from './registration-ports.ts';

/*
 * What the core needs from outside, one port a stored thing. Whatever is atomic is one method, and its comment says so.
 * Methods that answer from memory are synchronous, so that the CPU lane of a batch never waits.
 */

export type * from './client-ports.ts';

/** Resources that an operator has described, from the replica's memory (kept current by the version poll). */
export interface Resources {
  find(identifier: string): Resource | undefined;
  /** Scopes of resources that are open to every client. */
  openScopes(): readonly string[];
}

/** Words of a scope for the consent page; scopes that no one knows are refused. */
export interface Scopes {
  isKnown(scope: string): boolean;
  description(scope: string): string;
}

/** Authorization codes: sealed envelopes, with a durable mark of use. */
export interface AuthorizationCodes {
  /** Seals an envelope into a code's value. Memory and CPU alone. */
  seal(envelope: CodeEnvelope): string;
  /** Opens a value; undefined when it is not one of ours. Memory and CPU alone. */
  open(value: string): CodeEnvelope | undefined;
  /**
   * Atomic, one statement: marks the code as used and stores its grant, unless it was used before or a not-before of its
   * subject, client or session is in force. For an envelope that has expired it stores nothing and answers `replayed`
   * when the code was used, else `expired`: having been used wins over having expired. The grant's row begins at
   * generation 0, bound to the confirmation where there is one.
   */
  redeem(value: string, envelope: CodeEnvelope, now: number, confirmation?: Confirmation): Promise<Redemption>;
}

export type Redemption = 'redeemed' | 'replayed' | 'expired' | 'subject_revoked' | 'client_disabled' | 'session_ended';

/** Grants behind refresh tokens. */
export interface Grants {
  /**
   * Atomic, one statement (house.md, "Refresh"): steps the generation of a live row; or leaves it where the presented one
   * is one behind, within the grace window and its successor unused; an older one revokes the family in the same
   * transaction. Checks the not-befores of subject, client and session. A generation above the row's steps forward.
   * Before all that, and without any write: a row of another client is `other_client`, a scope or resource that is not in
   * the row is `scope_exceeds_grant` or `resource_exceeds_grant`, a row that is bound to more than was shown is
   * `other_key`. So a mistaken request neither steps nor revokes. A row that steps for a confirmation and had none is
   * bound to it.
   */
  rotate(presented: PresentedRefreshToken, now: number): Promise<RefreshOutcome>;
  /** The live row of a refresh token that does not rotate, for one generation behind or equal. No write. */
  read(parts: RefreshTokenParts, now: number): Promise<RefreshOutcome>;
  /**
   * Atomic, one statement: stores a grant that rests on no code, at generation 0, unless a not-before of its subject or
   * client is in force since it was authorized.
   */
  create(grant: LiveGrant, handle: Uint8Array, now: number): Promise<'created' | 'subject_revoked' | 'client_disabled' | 'session_ended'>;
  /** Atomic: ends a grant and all its tokens; the revocation row is in the same transaction. Idempotent. */
  revoke(grant_id: string, partition: number, why: RevocationReason, grantExpiresAt: number): Promise<void>;
}

export type RevocationReason =
  | 'code_replayed'
  | 'refresh_token_reused'
  | 'revoked_by_client'
  | 'revoked_by_person'
  | 'operator'
  | 'session_ended';

export type RefreshOutcome =
  | { outcome: 'live'; grant: LiveGrant; generation: number; keyId: string }
  | {
      outcome:
        | 'unknown'
        | 'expired'
        | 'revoked'
        | 'reused'
        | 'subject_revoked'
        | 'client_disabled'
        | 'session_ended'
        | 'other_client'
        | 'scope_exceeds_grant'
        | 'resource_exceeds_grant'
        | 'other_key';
      /** The row, where `read` found one: revocation (RFC 7009) ends a family by any of its tokens. */
      grant?: LiveGrant;
    };

/** A refresh token with what its request asks, so that the one statement can check that before it steps. */
export interface PresentedRefreshToken extends RefreshTokenParts {
  client_id: string;
  /** Empty: all of the grant's. */
  scopes: readonly string[];
  /** Empty: the grant's own. Never the issuer, which is within every OpenID grant. */
  resources: readonly string[];
  /** What the request shows of keys; only for clients whose refresh tokens are bound to them. */
  confirmation?: Confirmation;
}

/** The MAC over refresh tokens. Memory and CPU alone. */
export interface RefreshTokenMac {
  /** Key id to make new tokens with. */
  currentKeyId(): string;
  /** MAC of the parts and the issuer under a key; undefined for a key that is not known. */
  mac(keyId: string, message: Uint8Array): Uint8Array | undefined;
}

/** Which tokens have been revoked, from the replica's memory (house.md, "One revocation set"). */
export interface Revocations {
  /**
   * True when an entry covers this token: by grant (the beginning of jti), by token (jti, or what it was exchanged for: jti up
   * to one of its dots), session, client (also those that it was exchanged from) or subject before iat; a subject's also what
   * rests on a sign-in before it, whenever it was made.
   */
  isRevoked(token: {
    jti: string;
    sub: string;
    client_id: string;
    sid?: string;
    iat: number;
    auth_time?: number;
    exchanged_from?: readonly string[];
  }): boolean;
  /** Throws StatusError UNAVAILABLE `revocations_stale` when the last good poll is too old to answer. */
  assertFresh(now: number): void;
  /** Client credentials go on for 60 s without a poll. */
  assertFreshEnoughToMint(now: number): void;
  /** Atomic: one durable row that ends one access token. */
  revokeToken(token: { jti: string; exp: number }): Promise<void>;
}

/** Keys that sign. Memory and CPU alone. */
export interface SigningKeys {
  /** The compact JWS over header and payload; the header has alg, kid and the typ given. Synchronous on purpose. */
  sign(alg: SigningAlgorithm, typ: string, payload: Record<string, unknown>): string;
  /** Verifies the signature of a JWS of ours and parses its payload; undefined when it is not ours. Ignores exp. */
  verify(jws: string, typ: string): Record<string, unknown> | undefined;
  algorithms(): readonly SigningAlgorithm[];
  jwks(): { keys: readonly Record<string, unknown>[] };
}

/** Keys that seal opaque access tokens. Memory and CPU alone. */
export interface SealingKeys {
  /** Key id to seal new tokens with. */
  currentKeyId(): string;
  /** 32 bytes by HKDF-SHA-256 (RFC 5869) from a server key; undefined for a key that is not known. */
  deriveKey(keyId: string, salt: Uint8Array, info: string): Uint8Array | undefined;
}

/** The key of pairwise subjects, apart from all others and never replaced: with another every person would be a stranger. */
export interface PairwiseKey {
  /** HMAC-SHA-256. Memory and CPU alone. */
  mac(message: string): Uint8Array;
}

/** One-time marks for assertions and proofs (`jti`) over all replicas. */
export interface ReplayMarks {
  /** Atomic: true for the first caller only, until expiresAt (Unix ms). */
  markOnce(space: 'client_assertion' | 'dpop_proof' | 'assertion_grant', key: string, expiresAt: number): Promise<boolean>;
  /** What was issued before this (Unix ms) is refused: the marks before it may be lost. */
  epochStartedAt(): number;
}

/**
 * Nonces for DPoP proofs (RFC 9449 §8), stateless: a time under a MAC of the key table, good at every replica. Memory and
 * CPU alone.
 */
export interface DpopNonces {
  make(now: number): string;
  /** When one of ours was made (Unix ms); undefined for anything else. */
  issuedAt(nonce: string): number | undefined;
}

/** Pending authorization requests under unguessable handles. */
export interface AuthorizationRequests {
  store(request: StoredAuthorizationRequest): Promise<string>;
  find(handle: string): Promise<StoredAuthorizationRequest | undefined>;
  /**
   * Atomic: binds an unbound request to its browser; as it is when another was first. It counts as created now: a sign-in
   * before this was for another request, whoever sent this one here (prompt=login, max_age).
   */
  bind(handle: string, browser: string, now: number): Promise<StoredAuthorizationRequest | undefined>;
  /** Atomic: notes that the person chose the account that is signed in (prompt=select_account). */
  select(handle: string, selectedAt: number): Promise<StoredAuthorizationRequest | undefined>;
  /** Atomic: takes the request away when its answer is made, so that an interaction answers once. */
  take(handle: string): Promise<StoredAuthorizationRequest | undefined>;
}

/** Requests that clients pushed (RFC 9126), under unguessable references. */
export interface PushedRequests {
  /** Keeps a request until it expires; it may be kept on for as long as an interaction lives. The reference for request_uri. */
  store(request: PushedRequest, interactionLifetime: number): Promise<string>;
  /** The request behind a reference, with the id by which it is kept and taken. */
  find(reference: string): Promise<{ id: string; request: PushedRequest } | undefined>;
  /** Atomic: keeps it until then (Unix ms), while a person is on a page; false when it is not there any more. */
  keep(id: string, until: number): Promise<boolean>;
  /** Atomic: true for the first caller only; there is one answer for one pushed request. */
  take(id: string): Promise<boolean>;
}

/** Request objects at addresses that clients registered (RFC 9101 §5.2). */
export interface RequestObjects {
  /** Fetched within bounds, never kept. Throws OAuthError invalid_request_uri `request_uri_unavailable`. */
  fetch(uri: string): Promise<string>;
}

/** Keys that open what was encrypted for this server. Memory alone. */
export interface DecryptionKeys {
  /** Private keys for a JWE algorithm, newest first; with `kid` that one alone. */
  find(alg: string, kid: string | undefined): readonly KeyObject[];
}

/** Device authorizations that wait (RFC 8628), under hashes of their two codes. May be lost: then the device starts again. */
export interface DeviceRequests {
  /** Atomic: stores a request under a new device code of 256 bits, which it answers; undefined when the user code is in use. */
  store(request: DeviceRequest, user_code: string): Promise<string | undefined>;
  /**
   * Atomic: notes a poll and judges it (RFC 8628 §3.5). Nothing is noted for another client's code. A poll that comes too
   * early makes the interval 5 s longer. Writes to no logged table.
   */
  poll(device_code: string, client_id: string, now: number): Promise<DevicePoll>;
  /** By the code that a person typed, in its one spelling. */
  findByUserCode(user_code: string, now: number): Promise<FoundDeviceRequest | undefined>;
  find(id: string, now: number): Promise<FoundDeviceRequest | undefined>;
  /** From here on polls ask for the durable decision: before it is written, so that none misses it. */
  settle(id: string): Promise<void>;
  /** After the decision: the user code finds nothing any more. */
  close(id: string): Promise<void>;
}

/** What people decided about devices: durable, so that what was denied or redeemed never becomes usable again. */
export interface DeviceDecisions {
  /** Atomic, with its audit row: the first decision about a device code is final. Answers the one that is in force. */
  decide(decision: DeviceDecision): Promise<DeviceDecision>;
  /** No write. A decision never changes, so what it says may be judged before `redeem`. */
  find(device_code: string): Promise<DeviceDecision | undefined>;
  /**
   * Atomic, one statement: marks an allowed device code as used and stores its grant, unless it was used before or a
   * not-before of its subject or client is in force.
   */
  redeem(device_code: string, grant: DeviceGrant): Promise<DeviceRedemption>;
}

export type DeviceRedemption = 'redeemed' | 'replayed' | 'subject_revoked' | 'client_disabled';

/** People's ways through the device pages, under unguessable handles. */
export interface DeviceVerifications {
  store(verification: StoredDeviceVerification): Promise<string>;
  find(handle: string): Promise<StoredDeviceVerification | undefined>;
  /** Atomic: notes the code that the person typed, and which request they were shown. */
  update(handle: string, changes: Required<Pick<StoredDeviceVerification, 'user_code' | 'shown'>>): Promise<void>;
  /** Takes it away when the person has decided. */
  take(handle: string): Promise<void>;
}

/** Devices that anybody may begin to connect in the name of a public client. */
export interface DeviceAdmission {
  /** Counts one before anything is stored for it. Throws StatusError RESOURCE_EXHAUSTED where an address had too many. */
  admit(peer_address: string, now: number): Promise<void>;
}

/** Guesses at user codes (RFC 8628 §5.1). */
export interface UserCodeGuesses {
  /**
   * Counts an attempt before the code is looked for, so that parallel guesses are never more than the limits. Throws
   * StatusError RESOURCE_EXHAUSTED `throttled_…` when the person, the address or the whole server had too many wrong ones.
   * Answers what is to be called with how it ended.
   */
  admit(guess: { sub: string; peer_address: string }, now: number): Promise<(wasRight: boolean) => Promise<void>>;
}

/** Consents, remembered per subject, client, scope and resource. */
export interface Consents {
  find(sub: string, client_id: string): Promise<readonly RememberedConsent[]>;
  /** Atomic, with its audit row: adds what was allowed. */
  remember(sub: string, client_id: string, consent: RememberedConsent): Promise<void>;
}

export interface RememberedConsent {
  scopes: readonly string[];
  /** Empty string: the client's default resource. */
  resource: string;
}

/** The session service. */
export interface Sessions {
  /** The facts of a session; undefined when there is none. */
  resolve(session: string): Promise<SessionFacts | undefined>;
}

/** Which clients took part in a session, so that they can be told of its end. */
export interface SessionClients {
  /** The `client_id`s of those that got a code redeemed, or an ID Token, by this session. */
  of(session: { sid: string; sub: string }): Promise<readonly string[]>;
  /** Notes a client that got an ID Token from the authorization endpoint, where no grant tells of it. Idempotent. */
  remember(session: { sid: string; sub: string; expiresAt: number }, client_id: string): Promise<void>;
}

/** Whom a name and a password belong to, or why nobody is let in. */
export type PasswordAuthentication =
  | { outcome: 'authenticated'; sub: string; amr: readonly string[]; acr: string; authTimeMs: number }
  | {
      outcome: 'refused';
      reason: 'credentials_wrong' | 'identity_disabled' | 'second_factor_due' | 'throttled_account' | 'throttled_address';
      /** Unix milliseconds; 0: there is nothing to wait for. */
      retryAt: number;
    };

/** The identity service. */
export interface Identities {
  /**
   * Checks a name and a password, by the throttle and in the time of the sign-in page (RFC 6749 §4.3). Each call counts as
   * an attempt, so it is never sent twice.
   */
  authenticate(attempt: { username: string; password: string; client_id: string; evidence: Evidence }): Promise<PasswordAuthentication>;
  /** Claims of a subject; undefined when there is no such identity, or it is disabled. */
  claims(sub: string, scopes: readonly string[], claims: readonly string[]): Promise<Record<string, unknown> | undefined>;
}

/** Issuers whose JWTs this server takes as grants (RFC 7523 §2.1, RFC 8693 §3), from the replica's memory. */
export interface TrustedIssuers {
  find(issuer: string): TrustedIssuer | undefined;
  /** Their keys: named, or fetched from jwks_uri (bounded, cached). `refresh`: a key was not found, ask again (rate limited). */
  keys(issuer: TrustedIssuer, refresh: boolean): Promise<{ keys: readonly Record<string, unknown>[] }>;
}

/** Behaviour that the operator can change, from memory. */
export interface Policy {
  /** Seconds. */
  accessTokenLifetime(): number;
  /** Seconds. */
  codeLifetime(): number;
  /** Seconds. */
  interactionLifetime(): number;
  /** Seconds; how long a pushed request may be begun (RFC 9126 §2.2). */
  pushedRequestLifetime(): number;
  /** Every authorization request must be pushed (RFC 9126 §5). */
  pushedRequestsRequired(): boolean;
  /** Every authorization request must be a signed request object (RFC 9101 §10.5). */
  signedRequestObjectsRequired(): boolean;
  /** Sign-outs load the pages of clients in frames (OpenID Connect Front-Channel Logout 1.0). */
  frontchannelLogout(): boolean;
  /** Answers have `session_state`, and there is a check_session_iframe (OpenID Connect Session Management 1.0). */
  sessionManagement(): boolean;
  /** Seconds; absolute life of an offline grant. */
  offlineGrantLifetime(): number;
  /** Seconds; how long a device code and its user code live. */
  deviceCodeLifetime(): number;
  /** Seconds between two polls of a device. */
  devicePollInterval(): number;
  /** `acr` values that this server can reach, weakest first. */
  acrValues(): readonly string[];
  /** Whether DPoP proofs need a nonce of ours (RFC 9449 §8). */
  dpopNonceRequired(): boolean;
  /** What everybody must keep to; undefined: this server's rules alone. */
  profile(): Profile | undefined;
  clientDocuments(): ClientDocumentPolicy;
}

/** Unguessable values. A port, so that tests are repeatable. */
export interface Random {
  bytes(length: number): Uint8Array;
  /**
   * `g_`, when it was authorized (Unix milliseconds, of the clock that ends are told by) and random bits: what ends
   * afterwards, ends its tokens, whenever they were made.
   */
  grantId(authorizedAt: number): string;
}

/** All ports and the issuer: what an app hands to the endpoints. Each endpoint takes the part that it needs. */
export interface ProtocolPorts {
  /** Without a slash at the end. */
  issuer: string;
  clients: Clients;
  resources: Resources;
  scopes: Scopes;
  authorizationCodes: AuthorizationCodes;
  grants: Grants;
  refreshTokenMac: RefreshTokenMac;
  revocations: Revocations;
  signingKeys: SigningKeys;
  sealingKeys: SealingKeys;
  pairwiseKey: PairwiseKey;
  replayMarks: ReplayMarks;
  dpopNonces: DpopNonces;
  authorizationRequests: AuthorizationRequests;
  pushedRequests: PushedRequests;
  requestObjects: RequestObjects;
  decryptionKeys: DecryptionKeys;
  deviceRequests: DeviceRequests;
  deviceDecisions: DeviceDecisions;
  deviceVerifications: DeviceVerifications;
  userCodeGuesses: UserCodeGuesses;
  deviceAdmission: DeviceAdmission;
  consents: Consents;
  sessions: Sessions;
  sessionClients: SessionClients;
  identities: Identities;
  clientKeys: ClientKeys;
  trustedIssuers: TrustedIssuers;
  policy: Policy;
  random: Random;
  registrationTokens: RegistrationTokens;
  clientStore: ClientStore;
  sectorIdentifiers: SectorIdentifiers;
}

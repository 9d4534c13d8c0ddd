import { createHash, createHmac } from 'node:crypto';
import { StatusError } from '@authority/errors';
import type {
  AuthorizationCodes,
  AuthorizationRequests,
  Client,
  ClientKeys,
  CodeEnvelope,
  Confirmation,
  DpopNonces,
  PairwiseKey,
  ProtocolPorts,
  Random,
  Redemption,
  RefreshTokenMac,
  ReplayMarks,
  Revocations,
  Scopes,
  StoredAuthorizationRequest,
} from '@authority/protocol';
import { FakeResources, FakeSealingKeys } from './protocol-resource-fakes.ts';
import {
  FakeDeviceAdmission,
  FakeDeviceDecisions,
  FakeDeviceRequests,
  FakeDeviceVerifications,
  FakeUserCodeGuesses,
} from './protocol-device-fakes.ts';
import { FakeClients, FakePolicy } from './protocol-client-fakes.ts';
import { FakeGrants } from './protocol-grants.ts';
import { FakeTrustedIssuers } from './protocol-issuers.ts';
import { FakeDecryptionKeys, FakePushedRequests, FakeRequestObjects } from './protocol-request-fakes.ts';
import { FakeSigningKeys } from './protocol-signing-fakes.ts';
import { FakeConsents, FakeIdentities, FakeSessionClients, FakeSessions } from './protocol-people-fakes.ts';
import { FakeClientStore, FakeRegistrationTokens, FakeSectorIdentifiers } from './protocol-registration-fakes.ts';

/*
 * Fakes of the ports of libs/protocol, in memory, with the same promises as the real ones (what is atomic there is one
 * synchronous step here). A fixed clock, cached keys and repeatable randomness.
 */

export const testIssuer = 'https://id.example.test';

/** 2026-01-01T00:00:00Z; moves only when a test says so. */
export class FixedClock {
  now = 1_767_225_600_000;

  advance(ms: number): void {
    this.now += ms;
  }
}

export class FakeScopes implements Scopes {
  readonly known = new Set(['openid', 'profile', 'email', 'address', 'phone', 'offline_access', 'orders.read', 'orders.write']);

  isKnown(scope: string): boolean {
    return this.known.has(scope);
  }

  description(scope: string): string {
    return `Use ${scope}`;
  }
}

export class FakeAuthorizationCodes implements AuthorizationCodes {
  readonly envelopes = new Map<string, CodeEnvelope>();
  readonly used = new Set<string>();
  /** What a not-before would answer. */
  verdict: Exclude<Redemption, 'redeemed' | 'replayed' | 'expired'> | undefined;
  readonly #grants: FakeGrants;

  constructor(grants: FakeGrants) {
    this.#grants = grants;
  }

  seal(envelope: CodeEnvelope): string {
    const value = `code-${this.envelopes.size + 1}`;
    this.envelopes.set(value, envelope);
    return value;
  }

  open(value: string): CodeEnvelope | undefined {
    return this.envelopes.get(value);
  }

  async redeem(value: string, envelope: CodeEnvelope, now: number, confirmation?: Confirmation): Promise<Redemption> {
    if (this.used.has(value)) return 'replayed';
    if (envelope.expiresAt <= now) return 'expired';
    if (this.verdict) return this.verdict;
    this.used.add(value);
    this.#grants.insert(envelope, confirmation);
    return 'redeemed';
  }
}

export class FakeRefreshTokenMac implements RefreshTokenMac {
  keyId = 'mac-1';
  readonly keys = new Map([['mac-1', 'the first key']]);

  currentKeyId(): string {
    return this.keyId;
  }

  mac(keyId: string, message: Uint8Array): Uint8Array | undefined {
    const key = this.keys.get(keyId);
    return key === undefined ? undefined : createHmac('sha256', key).update(message).digest();
  }
}

export class FakeRevocations implements Revocations {
  /** Public ids of grants, `jti`s, `sid`s, `client_id`s and `sub`s that have been ended. */
  readonly ended = new Set<string>();
  stale = false;

  isRevoked({ jti, sub, client_id, sid, exchanged_from = [] }: Parameters<Revocations['isRevoked']>[0]): boolean {
    const parts = jti.split('.');
    const beginnings = parts.map((_, at) => parts.slice(0, at + 1).join('.'));
    return [...beginnings, sub, client_id, sid, ...exchanged_from].some((id) => id !== undefined && this.ended.has(id));
  }

  assertFresh(): void {
    if (this.stale) throw new StatusError('UNAVAILABLE', 'revocations_stale', { retryAfterMs: 1000 });
  }

  assertFreshEnoughToMint(): void {
    this.assertFresh();
  }

  async revokeToken({ jti }: { jti: string }): Promise<void> {
    this.ended.add(jti);
  }
}

export class FakePairwiseKey implements PairwiseKey {
  mac(message: string): Uint8Array {
    return createHmac('sha256', 'the pairwise key').update(message).digest();
  }
}

export class FakeReplayMarks implements ReplayMarks {
  readonly marks = new Map<string, number>();
  epoch = 0;

  async markOnce(space: string, key: string, expiresAt: number): Promise<boolean> {
    const first = !this.marks.has(`${space}/${key}`);
    if (first) this.marks.set(`${space}/${key}`, expiresAt);
    return first;
  }

  epochStartedAt(): number {
    return this.epoch;
  }
}

/** The time in clear: a fake guards nothing. */
export class FakeDpopNonces implements DpopNonces {
  make(now: number): string {
    return `nonce-${now}`;
  }

  issuedAt(nonce: string): number | undefined {
    return nonce.startsWith('nonce-') ? Number(nonce.slice(6)) : undefined;
  }
}

export class FakeAuthorizationRequests implements AuthorizationRequests {
  readonly pending = new Map<string, StoredAuthorizationRequest>();
  #count = 0;

  async store(request: StoredAuthorizationRequest): Promise<string> {
    this.#count += 1;
    const handle = `interaction-${this.#count}`;
    this.pending.set(handle, request);
    return handle;
  }

  async find(handle: string): Promise<StoredAuthorizationRequest | undefined> {
    return this.pending.get(handle);
  }

  async bind(handle: string, browser: string, now: number): Promise<StoredAuthorizationRequest | undefined> {
    const found = this.pending.get(handle);
    if (found && found.browser !== '') return found;
    return this.#replace(handle, found && { ...found, browser, createdAt: now });
  }

  async select(handle: string, selectedAt: number): Promise<StoredAuthorizationRequest | undefined> {
    const found = this.pending.get(handle);
    return this.#replace(handle, found && { ...found, selectedAt });
  }

  async take(handle: string): Promise<StoredAuthorizationRequest | undefined> {
    const found = this.pending.get(handle);
    this.pending.delete(handle);
    return found;
  }

  #replace(handle: string, next: StoredAuthorizationRequest | undefined): StoredAuthorizationRequest | undefined {
    if (next) this.pending.set(handle, next);
    return next;
  }
}

export class FakeClientKeys implements ClientKeys {
  /** By jwks_uri. */
  readonly published = new Map<string, { keys: readonly Record<string, unknown>[] }>();
  refreshes = 0;

  async find(client: Client, refresh: boolean): Promise<{ keys: readonly Record<string, unknown>[] }> {
    if (refresh) this.refreshes += 1;
    if (client.jwks) return client.jwks;
    const found = this.published.get(client.jwks_uri ?? '');
    // As a cache would: the set that was fetched before is empty until it is asked for anew.
    return refresh && found ? found : { keys: [] };
  }
}

/** Different bytes at every call, the same in every run. */
export class FakeRandom implements Random {
  #calls = 0;

  bytes(length: number): Uint8Array {
    this.#calls += 1;
    return createHash('sha512').update(`random ${this.#calls}`).digest().subarray(0, length);
  }

  /** As the real ones: the time first, so that tests can tell what a grant counts as authorized at. */
  grantId(authorizedAt: number): string {
    const bytes = Buffer.alloc(18, this.bytes(18));
    bytes.writeUIntBE(authorizedAt, 0, 6);
    return `g_${bytes.toString('base64url')}`;
  }
}

/** All fakes, wired. */
export interface ProtocolFakes extends ProtocolPorts {
  clock: FixedClock;
  clients: FakeClients;
  resources: FakeResources;
  scopes: FakeScopes;
  authorizationCodes: FakeAuthorizationCodes;
  grants: FakeGrants;
  refreshTokenMac: FakeRefreshTokenMac;
  revocations: FakeRevocations;
  signingKeys: FakeSigningKeys;
  sealingKeys: FakeSealingKeys;
  pairwiseKey: FakePairwiseKey;
  replayMarks: FakeReplayMarks;
  dpopNonces: FakeDpopNonces;
  authorizationRequests: FakeAuthorizationRequests;
  pushedRequests: FakePushedRequests;
  requestObjects: FakeRequestObjects;
  decryptionKeys: FakeDecryptionKeys;
  deviceRequests: FakeDeviceRequests;
  deviceDecisions: FakeDeviceDecisions;
  deviceVerifications: FakeDeviceVerifications;
  deviceAdmission: FakeDeviceAdmission;
  userCodeGuesses: FakeUserCodeGuesses;
  consents: FakeConsents;
  sessions: FakeSessions;
  sessionClients: FakeSessionClients;
  identities: FakeIdentities;
  clientKeys: FakeClientKeys;
  trustedIssuers: FakeTrustedIssuers;
  policy: FakePolicy;
  random: FakeRandom;
  registrationTokens: FakeRegistrationTokens;
  clientStore: FakeClientStore;
  sectorIdentifiers: FakeSectorIdentifiers;
}

export function protocolFakes(): ProtocolFakes {
  const revocations = new FakeRevocations();
  const grants = new FakeGrants((grant_id) => revocations.ended.add(grant_id));
  const clients = new FakeClients();
  const registrationTokens = new FakeRegistrationTokens();
  return {
    issuer: testIssuer,
    clock: new FixedClock(),
    clients,
    resources: new FakeResources(),
    scopes: new FakeScopes(),
    authorizationCodes: new FakeAuthorizationCodes(grants),
    grants,
    refreshTokenMac: new FakeRefreshTokenMac(),
    revocations,
    signingKeys: new FakeSigningKeys(),
    sealingKeys: new FakeSealingKeys(),
    pairwiseKey: new FakePairwiseKey(),
    replayMarks: new FakeReplayMarks(),
    dpopNonces: new FakeDpopNonces(),
    authorizationRequests: new FakeAuthorizationRequests(),
    pushedRequests: new FakePushedRequests(),
    requestObjects: new FakeRequestObjects(),
    decryptionKeys: new FakeDecryptionKeys(),
    deviceRequests: new FakeDeviceRequests(),
    deviceDecisions: new FakeDeviceDecisions(grants),
    deviceVerifications: new FakeDeviceVerifications(),
    deviceAdmission: new FakeDeviceAdmission(),
    userCodeGuesses: new FakeUserCodeGuesses(),
    consents: new FakeConsents(),
    sessions: new FakeSessions(),
    sessionClients: new FakeSessionClients(),
    identities: new FakeIdentities(),
    clientKeys: new FakeClientKeys(),
    trustedIssuers: new FakeTrustedIssuers(),
    policy: new FakePolicy(),
    random: new FakeRandom(),
    registrationTokens,
    clientStore: new FakeClientStore(clients, registrationTokens),
    sectorIdentifiers: new FakeSectorIdentifiers(),
  };
}

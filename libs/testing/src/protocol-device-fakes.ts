import { StatusError } from '@authority/errors';
import type {
  DeviceDecision,
  DeviceDecisions,
  DeviceGrant,
  DevicePoll,
  DeviceRedemption,
  DeviceRequest,
  DeviceRequests,
  DeviceVerifications,
  FoundDeviceRequest,
  StoredDeviceVerification,
  DeviceAdmission,
  UserCodeGuesses,
} from '@authority/protocol';
import type { FakeGrants } from './protocol-grants.ts';

interface Waiting {
  request: DeviceRequest;
  user_code: string;
  settled: boolean;
  polledAt: number | undefined;
  interval: number;
}

/** Device authorizations that wait. The device code is its own hash and id. */
export class FakeDeviceRequests implements DeviceRequests {
  readonly waiting = new Map<string, Waiting>();
  /** User codes that are in use elsewhere. */
  readonly taken = new Set<string>();
  #count = 0;

  async store(request: DeviceRequest, user_code: string): Promise<string | undefined> {
    if (this.taken.has(user_code)) return undefined;
    this.taken.add(user_code);
    this.#count += 1;
    const code = `device-code-${this.#count}`;
    this.waiting.set(code, { request, user_code, settled: false, polledAt: undefined, interval: request.interval });
    return code;
  }

  async poll(device_code: string, client_id: string, now: number): Promise<DevicePoll> {
    if (!device_code.startsWith('device-code-')) return 'malformed';
    const waiting = this.waiting.get(device_code);
    if (!waiting) return 'missing';
    if (waiting.request.client_id !== client_id) return 'of_other_client';
    if (waiting.request.expiresAt <= now) return 'expired';
    if (waiting.settled) return 'decided';
    const tooFast = waiting.polledAt !== undefined && now - waiting.polledAt < waiting.interval * 1000;
    waiting.polledAt = now;
    if (tooFast) waiting.interval += 5;
    return tooFast ? 'too_fast' : 'pending';
  }

  async findByUserCode(user_code: string, now: number): Promise<FoundDeviceRequest | undefined> {
    const [id] = [...this.waiting].find(([, one]) => one.user_code === user_code) ?? [];
    return id === undefined ? undefined : this.find(id, now);
  }

  async find(id: string, now: number): Promise<FoundDeviceRequest | undefined> {
    const waiting = this.waiting.get(id);
    return waiting && waiting.request.expiresAt > now ? { id, code_hash: id, request: waiting.request } : undefined;
  }

  async settle(id: string): Promise<void> {
    const waiting = this.waiting.get(id);
    if (waiting) waiting.settled = true;
  }

  async close(id: string): Promise<void> {
    const waiting = this.waiting.get(id);
    if (waiting) waiting.user_code = '';
  }
}

/** What people decided; outlives FakeDeviceRequests, as the real one does. */
export class FakeDeviceDecisions implements DeviceDecisions {
  readonly all = new Map<string, DeviceDecision>();
  readonly used = new Set<string>();
  /** What a not-before would answer. */
  verdict: 'subject_revoked' | 'client_disabled' | undefined;
  /** How often it was asked. */
  finds = 0;
  /** The store of decisions cannot be written to. */
  away = false;
  readonly #grants: FakeGrants;

  constructor(grants: FakeGrants) {
    this.#grants = grants;
  }

  async decide(decision: DeviceDecision): Promise<DeviceDecision> {
    if (this.away) throw new StatusError('UNAVAILABLE', 'store_unavailable');
    const first = this.all.get(decision.code_hash) ?? decision;
    this.all.set(decision.code_hash, first);
    return first;
  }

  async find(device_code: string): Promise<DeviceDecision | undefined> {
    this.finds += 1;
    return this.all.get(device_code);
  }

  async redeem(device_code: string, { handle, ...made }: DeviceGrant): Promise<DeviceRedemption> {
    const decision = this.all.get(device_code);
    if (!decision?.allowed || this.used.has(device_code)) return 'replayed';
    if (this.verdict) return this.verdict;
    this.used.add(device_code);
    const { client_id, sub, scopes, resources, authentication, decidedAt } = decision;
    const grant = { ...made, client_id, sub, scopes, resources, authentication, createdAt: decidedAt };
    this.#grants.add(grant, Buffer.from(handle).toString('base64url'));
    return 'redeemed';
  }
}

export class FakeDeviceVerifications implements DeviceVerifications {
  readonly all = new Map<string, StoredDeviceVerification>();
  #count = 0;

  async store(verification: StoredDeviceVerification): Promise<string> {
    this.#count += 1;
    this.all.set(`verification-${this.#count}`, verification);
    return `verification-${this.#count}`;
  }

  async find(handle: string): Promise<StoredDeviceVerification | undefined> {
    return this.all.get(handle);
  }

  async update(handle: string, changes: Required<Pick<StoredDeviceVerification, 'user_code' | 'shown'>>): Promise<void> {
    const found = this.all.get(handle);
    if (found) this.all.set(handle, { ...found, ...changes });
  }

  async take(handle: string): Promise<void> {
    this.all.delete(handle);
  }
}

/** Counts, and refuses everything once it is told to. */
export class FakeDeviceAdmission implements DeviceAdmission {
  readonly admitted: string[] = [];
  throttled = false;

  async admit(peer_address: string): Promise<void> {
    if (this.throttled) throw new StatusError('RESOURCE_EXHAUSTED', 'throttled_address', { retryAfterMs: 60_000 });
    this.admitted.push(peer_address);
  }
}

export class FakeUserCodeGuesses implements UserCodeGuesses {
  readonly ended: { sub: string; peer_address: string; wasRight: boolean }[] = [];
  throttled = false;

  async admit(guess: { sub: string; peer_address: string }): Promise<(wasRight: boolean) => Promise<void>> {
    if (this.throttled) throw new StatusError('RESOURCE_EXHAUSTED', 'throttled_person', { retryAfterMs: 60_000 });
    return async (wasRight) => void this.ended.push({ ...guess, wasRight });
  }
}

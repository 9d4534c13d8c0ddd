import { type Ephemeral, isSameDigest } from '@authority/ephemeral';
import type { DevicePoll, DeviceRequest, DeviceRequests, FoundDeviceRequest } from '@authority/protocol';
import { hashOf, newDeviceCode, readDeviceCode } from '../device-code.ts';
import type { UserCodeMac } from '../keys/macs.ts';

const space = 'device_request';
const userCodeSpace = 'device_user_code';

/** A network makes polls that were sent in time arrive closer together. */
const leewayMs = 500;
/** RFC 8628 §3.5: "the interval MUST be increased by 5 seconds". */
const slowDownBy = 5;
/** A device that never listens gains nothing from an interval that grows without end. */
const longestInterval = 120;
/** Polls of one device that come at the same time: who loses so often has polled too fast. */
const mostTries = 3;

/** What is stored: the request, and how it is polled. Of both codes only digests. */
interface Waiting {
  code_hash: string;
  user_code_mac: string;
  request: DeviceRequest;
  interval: number;
  polledAt?: number;
  settled?: true;
}

/** Device authorizations that wait for a person (KEYS.md). May be lost; then the device starts again. */
export class EphemeralDeviceRequests implements DeviceRequests {
  constructor(
    private readonly ephemeral: Ephemeral,
    private readonly userCodeMac: UserCodeMac,
  ) {}

  async store(request: DeviceRequest, user_code: string): Promise<string | undefined> {
    const ttlMs = request.expiresAt - Date.now();
    const id = this.ephemeral.mint(ttlMs);
    const user_code_mac = this.userCodeMac.make(user_code);
    // Added before it is asked for: of two that come at the same time with one code at least one sees the other.
    await this.ephemeral.indexAdd(userCodeSpace, user_code_mac, id, ttlMs);
    if ((await this.ephemeral.indexMembers(userCodeSpace, user_code_mac)).length > 1) {
      await this.ephemeral.indexRemove(userCodeSpace, user_code_mac, id);
      return undefined;
    }
    const device_code = newDeviceCode(id, request.expiresAt);
    const waiting: Waiting = { code_hash: hashOf(device_code), user_code_mac, request, interval: request.interval };
    await this.ephemeral.put(space, id, JSON.stringify(waiting), ttlMs);
    return device_code;
  }

  async poll(device_code: string, client_id: string, now: number): Promise<DevicePoll> {
    const code = readDeviceCode(device_code);
    if (code === undefined) return 'malformed';
    if (code.expiresAt <= now) return 'expired';
    for (let tries = 0; tries < mostTries; tries += 1) {
      const text = await this.ephemeral.get(space, code.id);
      if (text === undefined) return 'missing';
      const waiting = parse(text);
      if (!isSameDigest(waiting.code_hash, code.hash)) return 'wrong';
      if (waiting.request.client_id !== client_id) return 'of_other_client';
      if (waiting.settled) return 'decided';
      const tooFast = waiting.polledAt !== undefined && now - waiting.polledAt < waiting.interval * 1000 - leewayMs;
      const interval = tooFast ? Math.min(waiting.interval + slowDownBy, longestInterval) : waiting.interval;
      if (await this.replace(code.id, text, { ...waiting, interval, polledAt: now })) return tooFast ? 'too_fast' : 'pending';
    }
    return 'too_fast';
  }

  async findByUserCode(user_code: string, now: number): Promise<FoundDeviceRequest | undefined> {
    for (const mac of this.userCodeMac.candidates(user_code)) {
      for (const id of await this.ephemeral.indexMembers(userCodeSpace, mac)) {
        const found = await this.find(id, now);
        if (found) return found;
      }
    }
    return undefined;
  }

  async find(id: string, now: number): Promise<FoundDeviceRequest | undefined> {
    const text = await this.ephemeral.get(space, id);
    const waiting = text === undefined ? undefined : parse(text);
    return waiting && waiting.request.expiresAt > now ? { id, code_hash: waiting.code_hash, request: waiting.request } : undefined;
  }

  async settle(id: string): Promise<void> {
    for (;;) {
      const text = await this.ephemeral.get(space, id);
      if (text === undefined) return;
      const waiting = parse(text);
      if (waiting.settled || (await this.replace(id, text, { ...waiting, settled: true }))) return;
    }
  }

  async close(id: string): Promise<void> {
    const text = await this.ephemeral.get(space, id);
    if (text !== undefined) await this.ephemeral.indexRemove(userCodeSpace, parse(text).user_code_mac, id);
  }

  private replace(id: string, expected: string, next: Waiting): Promise<boolean> {
    const ttlMs = Math.max(next.request.expiresAt - Date.now(), 1);
    return this.ephemeral.compareAndSet(space, id, expected, JSON.stringify(next), ttlMs);
  }
}

function parse(text: string): Waiting {
  return JSON.parse(text) as Waiting; // written by this class; `request.version` tells later shapes apart
}

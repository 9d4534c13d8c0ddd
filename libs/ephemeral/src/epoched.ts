import { createHash } from 'node:crypto';
import { assertStorable } from '@authority/postgres';
import { type Driver, type Place, type Stale, stale } from './driver.ts';
import { type Epoch, unavailable } from './epoch.ts';
import type { Ephemeral } from './ephemeral.ts';
import { assertTtl, hourlyTtlMs, mintId, type Slot, slotEnd, slotOf, slotOfId } from './slots.ts';

/** Marks and counters outlive their time by this, so that clocks that differ do not lose them early. */
const graceMs = 60_000;

/** The version of what is stored: a value of another one reads as missing. */
const version = '1';

type Kind = 'value' | 'mark' | 'count' | 'index';

/** The port over a driver: checks, names, and the epoch around every operation. */
export class EpochedEphemeral implements Ephemeral {
  private readonly driver: Driver;
  private readonly epoch: Epoch;
  private readonly onClose: () => Promise<void>;

  constructor(driver: Driver, epoch: Epoch, onClose: () => Promise<void>) {
    this.driver = driver;
    this.epoch = epoch;
    this.onClose = onClose;
  }

  mint(ttlMs: number): string {
    return mintId(ttlMs);
  }

  async put(space: string, id: string, value: string, ttlMs: number): Promise<void> {
    assertStorable(value);
    const slot = ownSlot(id);
    const ttl = ttlWithin(slot, ttlMs);
    if (!slot || ttl <= 0) return; // expired before it was stored
    await this.inEpoch((epoch) => this.driver.put(valuePlace(epoch, space, id, slot), version + value, ttl));
  }

  async get(space: string, id: string): Promise<string | undefined> {
    const slot = slotOfId(id);
    if (!slot) return undefined;
    return content(await this.inEpoch((epoch) => this.driver.get(valuePlace(epoch, space, id, slot))));
  }

  async take(space: string, id: string): Promise<string | undefined> {
    const slot = slotOfId(id);
    if (!slot) return undefined;
    return content(await this.inEpoch((epoch) => this.driver.take(valuePlace(epoch, space, id, slot))));
  }

  async compareAndSet(space: string, id: string, expected: string, next: string, ttlMs: number): Promise<boolean> {
    assertStorable(expected);
    assertStorable(next);
    const slot = slotOfId(id);
    const ttl = ttlWithin(slot, ttlMs);
    if (!slot || ttl <= 0) return false;
    return this.inEpoch((epoch) => {
      return this.driver.compareAndSet(valuePlace(epoch, space, id, slot), version + expected, version + next, ttl);
    });
  }

  async remove(space: string, id: string): Promise<void> {
    const slot = slotOfId(id);
    if (slot) await this.inEpoch((epoch) => this.driver.remove(valuePlace(epoch, space, id, slot)));
  }

  async markOnce(space: string, key: string, expiresAt: number, issuedAt?: number): Promise<boolean> {
    const now = Date.now();
    // The slot must be the same for every caller, so it depends on expiresAt alone: by the hour, and no further than a day.
    if (expiresAt > now + hourlyTtlMs) throw new RangeError('A mark is for a day at most: limit the life of what is marked.');
    if (expiresAt <= now) return false;
    const epoch = await this.epoch.usable();
    if (issuedAt !== undefined && issuedAt < this.epoch.startedAt()) return false;
    const place = { epoch, name: nameOf(epoch, 'mark', space, key), slot: slotOf('h', expiresAt) };
    const isFirst = await this.driver.mark(place, Math.ceil(expiresAt - now) + graceMs);
    if (isFirst !== stale) return isFirst;
    await this.epoch.check();
    // Judged again from the start by the new epoch where that can be done here; else by the caller, who tries again.
    if (issuedAt !== undefined) return this.markOnce(space, key, expiresAt, issuedAt);
    throw unavailable('The store of short-lived state was lost: a new epoch began.');
  }

  increment(space: string, key: string, windowMs: number): Promise<number> {
    assertTtl(windowMs);
    const window = Math.floor(Date.now() / windowMs);
    const end = (window + 1) * windowMs;
    const slot = slotOf(windowMs <= hourlyTtlMs ? 'h' : 'd', end);
    return this.inEpoch((epoch) => {
      const place = { epoch, name: nameOf(epoch, 'count', space, `${windowMs}.${window}.${key}`), slot };
      return this.driver.count(place, Math.ceil(end - Date.now()) + graceMs);
    });
  }

  async indexAdd(space: string, key: string, member: string, ttlMs: number): Promise<void> {
    assertTtl(ttlMs);
    assertStorable(member, 1024);
    const expiresAt = Date.now() + ttlMs;
    await this.inEpoch((epoch) => this.driver.indexAdd(epoch, nameOf(epoch, 'index', space, key), member, expiresAt));
  }

  indexMembers(space: string, key: string): Promise<string[]> {
    return this.inEpoch((epoch) => this.driver.indexMembers(epoch, nameOf(epoch, 'index', space, key)));
  }

  async indexRemove(space: string, key: string, member: string): Promise<void> {
    assertStorable(member, 1024);
    await this.inEpoch((epoch) => this.driver.indexRemove(epoch, nameOf(epoch, 'index', space, key), member));
  }

  epochStartedAt(): number {
    return this.epoch.startedAt();
  }

  isReady(): boolean {
    return this.epoch.isUsable();
  }

  close(): Promise<void> {
    return this.onClose();
  }

  /** A store that is in another epoch is checked, and asked once more. */
  private async inEpoch<T>(operate: (epoch: string) => Promise<T | Stale>): Promise<T> {
    const first = await operate(await this.epoch.usable());
    if (first !== stale) return first;
    await this.epoch.check();
    const second = await operate(await this.epoch.usable());
    if (second === stale) throw unavailable('The store of short-lived state is changing its epoch.');
    return second;
  }
}

/** Only what mint() made says where it lies. A fault of ours, and no text of a stranger's: those are only read. */
function ownSlot(id: string): Slot | undefined {
  if (!/^[hd][0-9a-z]{4}[A-Za-z0-9_-]{24}$/.test(id)) throw new TypeError('put() wants an id of mint().');
  return slotOfId(id);
}

function ttlWithin(slot: Slot | undefined, ttlMs: number): number {
  assertTtl(ttlMs);
  return slot ? Math.floor(Math.min(ttlMs, slotEnd(slot) - Date.now())) : 0;
}

function valuePlace(epoch: string, space: string, id: string, slot: Slot): Place {
  return { epoch, name: nameOf(epoch, 'value', space, id), slot };
}

/** A key of any length has a name of a bounded one; spaces are words of ours, so that the parts cannot run together. */
function nameOf(epoch: string, kind: Kind, space: string, key: string): string {
  if (!/^[a-z][a-z0-9_-]{0,39}$/.test(space)) throw new TypeError(`${space} is no word for a space.`);
  assertStorable(key);
  const short = key.length <= 128 ? key : `sha256.${createHash('sha256').update(key).digest('base64url')}`;
  return `${epoch}:${kind}:${space}:${short}`;
}

function content(stored: string | undefined): string | undefined {
  return stored?.startsWith(version) ? stored.slice(version.length) : undefined;
}

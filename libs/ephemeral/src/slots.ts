import { randomBytes } from 'node:crypto';
import { longestTtlMs } from './ephemeral.ts';

/** An hour or a day of expiry. What expires in it is forgotten whole, one unit after its end. */
export interface Slot {
  readonly unit: 'h' | 'd';
  /** Hours or days since 1970. */
  readonly number: number;
}

const hourMs = 3_600_000;
const unitMs = { h: hourMs, d: 24 * hourMs } as const;

/** Up to a day goes by hour of expiry, longer by day. */
export const hourlyTtlMs = 24 * hourMs;

/** Each unit has a ring of tables: as many as can be alive at once (with a unit to spare at both ends), and some empty. */
export const ringSize = { h: 32, d: 37 } as const;
const reach = { h: 25, d: 32 } as const;

export function slotOf(unit: Slot['unit'], expiresAt: number): Slot {
  return { unit, number: Math.floor(expiresAt / unitMs[unit]) };
}

/** Nothing in a slot outlives this (ms). A unit more than the name says, for what is stored a moment after it was named. */
export function slotEnd(slot: Slot): number {
  return (slot.number + 2) * unitMs[slot.unit];
}

/** Whether a slot's table may hold what has not expired. */
export function isAlive(slot: Slot, now: number): boolean {
  const current = Math.floor(now / unitMs[slot.unit]);
  return slot.number >= current - 2 && slot.number <= current + reach[slot.unit];
}

/** The table of a slot, by its place in the ring. */
export function tableOf({ unit, number }: Slot): string {
  return ringTable(unit, number % ringSize[unit]);
}

export function ringTable(unit: Slot['unit'], place: number): string {
  return `ephemeral_${unit}${String(place).padStart(2, '0')}`;
}

/** The places of a ring whose tables hold nothing alive. */
export function restingTables(unit: Slot['unit'], now: number): string[] {
  const current = Math.floor(now / unitMs[unit]);
  const alive = new Set<string>();
  for (let number = current - 2; number <= current + reach[unit]; number++) alive.add(tableOf({ unit, number }));
  return Array.from({ length: ringSize[unit] }, (_, place) => ringTable(unit, place)).filter((table) => !alive.has(table));
}

/** An id is its unit (which is its version too), the slot's number in base 36, and 144 random bits in base64url. */
export function mintId(ttlMs: number): string {
  assertTtl(ttlMs);
  const { unit, number } = slotOf(ttlMs <= hourlyTtlMs ? 'h' : 'd', Date.now() + ttlMs);
  return `${unit}${number.toString(36).padStart(4, '0')}${randomBytes(18).toString('base64url')}`;
}

/** The slot of an id, or undefined for what mint() has not made or whose slot is past. */
export function slotOfId(id: string): Slot | undefined {
  if (!/^[hd][0-9a-z]{4}[A-Za-z0-9_-]{24}$/.test(id)) return undefined;
  const slot: Slot = { unit: id.startsWith('h') ? 'h' : 'd', number: Number.parseInt(id.slice(1, 5), 36) };
  return isAlive(slot, Date.now()) ? slot : undefined;
}

export function assertTtl(ttlMs: number): void {
  if (ttlMs > 0 && ttlMs <= longestTtlMs) return;
  throw new RangeError(`A time to live is more than 0 and at most ${longestTtlMs} ms.`);
}

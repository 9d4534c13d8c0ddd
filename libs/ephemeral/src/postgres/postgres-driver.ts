import { coalesce, coalesceByKey, type Database, type Queryable, type Statement, statement } from '@authority/postgres';
import { type Driver, type Place, type Stale, stale, type StoredEpoch } from '../driver.ts';
import { restingTables, tableOf } from '../slots.ts';
import { indexStatements, type RingStatements, ringStatements, stateStatements, upkeepStatements } from './statements.ts';
import { indexSlotMs, indexSlots } from './tables.ts';

interface Named {
  name: string;
}

/** What goes to one table: calls of one tick are one statement (performance.md, point 6). */
interface Ring {
  statements: RingStatements;
  get(place: Place): Promise<string | undefined | Stale>;
  put(item: { place: Place; value: string; ttlMs: number }): Promise<undefined | Stale>;
  mark(item: { place: Place; ttlMs: number }): Promise<boolean | Stale>;
  count(item: { place: Place; ttlMs: number }): Promise<number | Stale>;
}

/** Ephemeral state in unlogged tables of the service's own schema. A crash or a failover of the server empties them. */
export class PostgresDriver implements Driver {
  readonly store = 'postgres';
  /** Unlogged tables are emptied or whole, never behind. */
  readonly keepsBeatElsewhere = false;
  private readonly rings = new Map<string, Ring>();
  private readonly database: Database;

  constructor(database: Database) {
    this.database = database;
  }

  get(place: Place): Promise<string | undefined | Stale> {
    return this.ring(place).get(place);
  }

  put(place: Place, value: string, ttlMs: number): Promise<undefined | Stale> {
    return this.ring(place).put({ place, value, ttlMs });
  }

  async take(place: Place): Promise<string | undefined | Stale> {
    const rows = await this.database.query<{ value: string | null }>(this.ring(place).statements.take, [place.epoch, place.name]);
    return rows[0] ? (rows[0].value ?? undefined) : stale;
  }

  async compareAndSet(place: Place, expected: string, next: string, ttlMs: number): Promise<boolean | Stale> {
    const values = [place.epoch, place.name, expected, next, ttlMs];
    const [row] = await this.database.query<{ done: boolean }>(this.ring(place).statements.compareAndSet, values);
    return row ? row.done : stale;
  }

  async remove(place: Place): Promise<undefined | Stale> {
    const rows = await this.database.query(this.ring(place).statements.remove, [place.epoch, place.name]);
    return rows.length === 0 ? stale : undefined;
  }

  mark(place: Place, ttlMs: number): Promise<boolean | Stale> {
    return this.ring(place).mark({ place, ttlMs });
  }

  count(place: Place, ttlMs: number): Promise<number | Stale> {
    return this.ring(place).count({ place, ttlMs });
  }

  async indexAdd(epoch: string, name: string, member: string, expiresAt: number): Promise<undefined | Stale> {
    const slot = Math.floor(expiresAt / indexSlotMs) % indexSlots;
    const rows = await this.database.query(indexStatements.add, [epoch, slot, name, member, Math.floor(expiresAt)]);
    return rows.length === 0 ? stale : undefined;
  }

  async indexMembers(epoch: string, name: string): Promise<string[] | Stale> {
    const rows = await this.database.query<{ member: string | null }>(indexStatements.members, [epoch, name]);
    return rows.length === 0 ? stale : rows.flatMap((row) => row.member ?? []);
  }

  async indexRemove(epoch: string, name: string, member: string): Promise<undefined | Stale> {
    const rows = await this.database.query(indexStatements.remove, [epoch, name, member]);
    return rows.length === 0 ? stale : undefined;
  }

  async readEpoch(tx: Queryable): Promise<StoredEpoch | undefined> {
    const [row] = await tx.query<StoredEpoch>(stateStatements.read);
    return row;
  }

  async beginEpoch(tx: Queryable, { epoch, beat }: StoredEpoch): Promise<void> {
    await tx.query(stateStatements.begin, [epoch, beat]);
  }

  async beat(epoch: string, lastSeen: number): Promise<number | Stale> {
    const [row] = await this.database.query<{ beat: number }>(stateStatements.beat, [epoch, lastSeen, Date.now()]);
    return row ? row.beat : stale;
  }

  /** Empties the tables whose time is past, whole. One replica at a time; by the database's clock. */
  async upkeep(): Promise<void> {
    const [clock] = await this.database.query<{ now: number }>(upkeepStatements.now);
    if (!clock) return;
    const resting = [...restingTables('h', clock.now), ...restingTables('d', clock.now), ...restingIndexes(clock.now)];
    const filled = await this.database.query<Named>(upkeepStatements.filled, [resting]);
    for (const { name } of filled) {
      await this.database.transaction(async (tx) => {
        const [lock] = await tx.query<{ locked: boolean }>(upkeepStatements.lock);
        if (lock?.locked) await tx.query(statement('', `TRUNCATE ${name}`)); // a name of ours
      });
    }
  }

  close(): Promise<void> {
    return Promise.resolve(); // the database is its owner's to close
  }

  private ring(place: Place): Ring {
    const table = tableOf(place.slot);
    const known = this.rings.get(table);
    if (known) return known;
    const ring = ringOf(this.database, ringStatements(table));
    this.rings.set(table, ring);
    return ring;
  }
}

function ringOf(database: Database, statements: RingStatements): Ring {
  const key = (item: Timed): string => keyOf(item.place);
  return {
    statements,
    get: coalesce((places) => getAll(database, statements.get, places), { key: keyOf, shareEqual: true }),
    put: coalesce((items: Stored[]) => putAll(database, statements.put, items), { key }),
    mark: coalesceByKey((groups) => markAll(database, statements.mark, groups), { key }),
    count: coalesceByKey((groups) => countAll(database, statements.count, groups), { key }),
  };
}

interface Timed {
  place: Place;
  ttlMs: number;
}

interface Stored extends Timed {
  value: string;
}

async function getAll(database: Database, get: Statement, places: Place[]): Promise<(string | undefined | Stale)[]> {
  const rows = await database.query<{ name: string | null; value: string | null }>(get, [epochOf(places), names(places)]);
  const values = new Map(rows.map((row) => [row.name, row.value]));
  return places.map(({ name }) => (rows.length === 0 ? stale : (values.get(name) ?? undefined)));
}

async function putAll(database: Database, put: Statement, items: Stored[]): Promise<(undefined | Stale)[]> {
  const places = items.map((item) => item.place);
  const columns = [names(places), items.map((item) => item.value), items.map((item) => item.ttlMs)];
  const rows = await database.query(put, [epochOf(places), ...columns]);
  return items.map(() => (rows.length === 0 ? stale : undefined));
}

/** Of the callers with one key, the first may have made the mark; the others have not. */
async function markAll(database: Database, mark: Statement, groups: Timed[][]): Promise<(boolean | Stale)[][]> {
  const { places, ttls } = firsts(groups);
  const rows = await database.query<Named>(mark, [epochOf(places), names(places), ttls]);
  const marked = new Set(rows.map((row) => row.name));
  return groups.map((group, at) => {
    const isMade = marked.has(places[at]?.name ?? '');
    return group.map((_, turn) => (rows.length === 0 ? stale : turn === 0 && isMade));
  });
}

/** The row counts all callers with one key at once; each has the number of its turn. */
async function countAll(database: Database, count: Statement, groups: Timed[][]): Promise<(number | Stale)[][]> {
  const { places, ttls } = firsts(groups);
  const sizes = groups.map((group) => group.length);
  const rows = await database.query<{ name: string; count: number }>(count, [epochOf(places), names(places), sizes, ttls]);
  const counts = new Map(rows.map((row) => [row.name, row.count]));
  return groups.map((group, at) => {
    const last = counts.get(places[at]?.name ?? '');
    return group.map((_, turn) => (last === undefined ? stale : last - group.length + 1 + turn));
  });
}

function firsts(groups: Timed[][]): { places: Place[]; ttls: number[] } {
  const items = groups.flatMap((group) => group.slice(0, 1));
  return { places: items.map((item) => item.place), ttls: items.map((item) => item.ttlMs) };
}

/** The name begins with the epoch. Where the epoch changed within a tick, the older one's items are told by the rest. */
function keyOf(place: Place): string {
  return place.name;
}

function names(places: readonly Place[]): string[] {
  return places.map((place) => place.name);
}

function epochOf(places: readonly Place[]): string {
  const epoch = places[0]?.epoch ?? '';
  // Items of two epochs in one statement: none is in the store's for sure, and all are asked again.
  return places.every((place) => place.epoch === epoch) ? epoch : '';
}

function restingIndexes(now: number): string[] {
  const current = Math.floor(now / indexSlotMs);
  const alive = new Set([-1, 0, 1, 2, 3, 4, 5].map((ahead) => (current + ahead) % indexSlots));
  return Array.from({ length: indexSlots }, (_, slot) => slot).flatMap((slot) => (alive.has(slot) ? [] : `ephemeral_index_${slot}`));
}

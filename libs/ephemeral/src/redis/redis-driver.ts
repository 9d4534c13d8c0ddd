import type { Queryable } from '@authority/postgres';
import { type Driver, type Place, type Stale, stale, type StoredEpoch } from '../driver.ts';
import type { RedisConnection } from './connection.ts';
import { type Script, scripts } from './scripts.ts';

/** Ephemeral state in Redis. One node (or what looks like one): the scripts touch the epoch's key and another. */
export class RedisDriver implements Driver {
  readonly store: string;
  /** A failover or a snapshot may bring back an older state. */
  readonly keepsBeatElsewhere = true;
  private readonly connection: RedisConnection;
  private readonly prefix: string;

  constructor(connection: RedisConnection, prefix: string) {
    this.connection = connection;
    this.prefix = prefix;
    this.store = `redis ${prefix}`;
  }

  get(place: Place): Promise<string | undefined | Stale> {
    return this.run(scripts.get, place, [], textOrMissing);
  }

  put(place: Place, value: string, ttlMs: number): Promise<undefined | Stale> {
    return this.run(scripts.put, place, [value, ttlMs], nothing);
  }

  take(place: Place): Promise<string | undefined | Stale> {
    return this.run(scripts.take, place, [], textOrMissing);
  }

  compareAndSet(place: Place, expected: string, next: string, ttlMs: number): Promise<boolean | Stale> {
    return this.run(scripts.compareAndSet, place, [expected, next, ttlMs], isOne);
  }

  remove(place: Place): Promise<undefined | Stale> {
    return this.run(scripts.remove, place, [], nothing);
  }

  mark(place: Place, ttlMs: number): Promise<boolean | Stale> {
    return this.run(scripts.mark, place, [ttlMs], isOne);
  }

  count(place: Place, ttlMs: number): Promise<number | Stale> {
    return this.run(scripts.count, place, [ttlMs], Number);
  }

  indexAdd(epoch: string, name: string, member: string, expiresAt: number): Promise<undefined | Stale> {
    return this.run(scripts.indexAdd, { epoch, name }, [member, Math.floor(expiresAt), Date.now()], nothing);
  }

  indexMembers(epoch: string, name: string): Promise<string[] | Stale> {
    return this.run(scripts.indexMembers, { epoch, name }, [Date.now()], (answer) => (Array.isArray(answer) ? answer.map(String) : []));
  }

  indexRemove(epoch: string, name: string, member: string): Promise<undefined | Stale> {
    return this.run(scripts.indexRemove, { epoch, name }, [member], nothing);
  }

  async readEpoch(_tx: Queryable): Promise<StoredEpoch | undefined> {
    const [epoch, beat] = await this.connection.getPair(this.key('epoch'), this.key('beat'));
    return epoch === null || beat === null ? undefined : { epoch, beat: Number(beat) };
  }

  async beginEpoch(_tx: Queryable, { epoch, beat }: StoredEpoch): Promise<void> {
    await this.connection.setPair(this.key('epoch'), epoch, this.key('beat'), String(beat));
  }

  beat(epoch: string, lastSeen: number): Promise<number | Stale> {
    return this.run(scripts.beat, { epoch, name: 'beat' }, [lastSeen, Date.now()], Number);
  }

  /** Redis lets its keys expire by itself. */
  upkeep(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  private async run<T>(
    script: Script,
    { epoch, name }: { epoch: string; name: string },
    values: (string | number)[],
    read: (answer: unknown) => T,
  ): Promise<T | Stale> {
    const answer = await this.connection.run(script, [this.key('epoch'), this.key(name)], [epoch, ...values]);
    return answer === stale ? stale : read(answer);
  }

  private key(name: string): string {
    return `${this.prefix}:${name}`;
  }
}

function textOrMissing(answer: unknown): string | undefined {
  return typeof answer === 'string' ? answer : undefined;
}

function isOne(answer: unknown): boolean {
  return answer === 1;
}

function nothing(): undefined {
  return undefined;
}

import { appendAudit } from '@authority/audit';
import { Key as KeyMessage, type ListKeysRequest, type ListKeysResponse } from '@authority/contracts/admin';
import { StatusError } from '@authority/errors';
import { exact, fieldInvalid, matches, oneOf, page, pageOf, parseFilter } from '@authority/listing';
import { statement } from '@authority/postgres';
import { isPair, keyKinds } from '../keys/key-material.ts';
import { type KeyRow, keyRows } from '../postgres/keys.ts';
import type { TokenStores } from '../stores.ts';

const order = {
  columns: [
    { column: 'created_at', type: 'bigint' },
    { column: 'key_id', type: 'text' },
  ],
} as const;

const filterFields = {
  use: oneOf('signing', 'mac', 'sealing', 'encryption', 'access_token', 'pairwise'),
  alg: exact(),
  state: oneOf('next', 'current', 'previous'),
};

/** Replicas alone need to see a MAC or sealing key before it is used; the poll is twice a second. */
const innerDelaySeconds = 5;

const secretsUnder = statement('client_secrets_under_key', 'SELECT 1 AS found FROM client_secrets WHERE key_id = $1 LIMIT 1');

/** KeyService. Private parts never leave the table. */
export class KeyAdmin {
  constructor(private readonly stores: TokenStores) {}

  async list(request: ListKeysRequest): Promise<ListKeysResponse> {
    const terms = parseFilter(request.filter, filterFields);
    const one = page(request, { list: 'keys', order });
    const all = toMessages(await keyRows.all(this.stores.database), Date.now());
    const kept = all.filter((key) => matches(terms, key, { use: (k) => k.use, alg: (k) => k.alg, state: (k) => k.state }));
    const cut = pageOf(kept, one, (key) => [key.create_time_ms, key.key_id]);
    return { keys: cut.rows, next_page_token: cut.next_page_token };
  }

  async get(key_id: string): Promise<KeyMessage> {
    return found(toMessages(await keyRows.all(this.stores.database), Date.now()), key_id);
  }

  async rotate(use: string, alg: string, actor: string): Promise<KeyMessage> {
    const kind = keyKinds.find((one) => one.use === use && (!isPair(one.use) || one.alg === alg));
    if (kind === undefined)
      throw fieldInvalid(use === 'signing' || use === 'encryption' ? 'alg' : 'use', 'names no kind of key that this server has');
    // With another key every pairwise client would take its people for strangers (OpenID Connect Core §8.1).
    if (kind.use === 'pairwise') throw fieldInvalid('use', 'the key of pairwise subjects is never replaced');
    const { settings, database, wrapping } = this.stores;
    const delaySeconds = isPair(kind.use) ? settings.get('token.key_activation_delay') : innerDelaySeconds;
    const key = await database.transaction(async (tx) => {
      await keyRows.lock(tx);
      const waiting = toMessages(await keyRows.all(tx), Date.now()).find(
        (one) => one.use === kind.use && one.alg === kind.alg && one.state === 'next',
      );
      if (waiting !== undefined)
        throw inUse(`${waiting.key_id} is the next key already; it signs from ${new Date(waiting.activate_time_ms).toISOString()}`);
      const { key_id } = await keyRows.make(tx, wrapping, kind.use, kind.alg, delaySeconds);
      await appendAudit(tx, { action: 'key.rotate', actor, target: `key:${key_id}`, details: kind });
      return found(toMessages(await keyRows.all(tx), Date.now()), key_id);
    });
    await this.stores.poll.refresh();
    return key;
  }

  async delete(key_id: string, actor: string): Promise<void> {
    await this.stores.database.transaction(async (tx) => {
      await keyRows.lock(tx);
      const key = found(toMessages(await keyRows.all(tx), Date.now()), key_id);
      if (key.state === 'current') throw inUse('the current key cannot be deleted; rotate first');
      // A refresh token under a deleted key only asks its person to sign in again; a client would be locked out.
      if ((await tx.query(secretsUnder, [key_id])).length > 0) throw inUse('client secrets are kept under this key; rotate them first');
      await keyRows.remove(tx, key_id);
      await appendAudit(tx, { action: 'key.delete', actor, target: `key:${key_id}`, details: { use: key.use, alg: key.alg } });
    });
    await this.stores.poll.refresh();
  }
}

function inUse(why: string): StatusError {
  return new StatusError('FAILED_PRECONDITION', 'key_in_use', { message: `key: ${why}` });
}

function found(keys: readonly KeyMessage[], key_id: string): KeyMessage {
  const key = keys.find((one) => one.key_id === key_id);
  if (key !== undefined) return key;
  throw new StatusError('NOT_FOUND', 'resource_not_found', { message: `there is no key ${key_id.slice(0, 80)}` });
}

/** The state is no column: it follows from the time, so that every replica changes over at once. */
function toMessages(rows: readonly KeyRow[], now: number): KeyMessage[] {
  return rows.map((row) => {
    const kind = rows.filter(({ use, alg, activate_at }) => use === row.use && alg === row.alg && activate_at.getTime() <= now);
    const current = kind.reduce<KeyRow | undefined>((a, b) => (a === undefined || b.activate_at >= a.activate_at ? b : a), undefined);
    const isNext = row.activate_at.getTime() > now;
    const { key_id, use, alg, public_jwk, created_at, activate_at } = row;
    return KeyMessage.fromPartial({
      ...{ key_id, use, alg },
      state: isNext ? 'next' : current?.key_id === key_id ? 'current' : 'previous',
      public_jwk: public_jwk === null ? '' : JSON.stringify(public_jwk),
      create_time_ms: created_at.getTime(),
      activate_time_ms: activate_at.getTime(),
    });
  });
}

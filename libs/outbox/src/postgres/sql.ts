import { type Database, type Queryable, statement } from '@authority/postgres';

/** What pg-boss asks of a connection. */
export interface Sql {
  executeSql(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
}

/** Statements in a transaction of ours. */
export function sqlOf(tx: Queryable): Sql {
  return { executeSql: async (text, values = []) => ({ rows: await tx.query(statement('', text), values) }) };
}

/**
 * Statements of its own, over our connections. It writes `BEGIN; … COMMIT;` around some; such a text becomes a
 * transaction of ours, because one that failed half-way would leave its connection inside of it.
 */
export function sqlOver(database: Database, schemaVersion: number): Sql & Listening {
  return {
    async executeSql(text, values = []) {
      const inside = transactionText(text);
      if (inside !== undefined) return database.transaction((tx) => sqlOf(tx).executeSql(inside, values));
      const { rows } = await sqlOf(database).executeSql(text, values);
      return { rows: asksVersion(text) ? rows.map((row) => atMost(row, schemaVersion)) : rows };
    },
    // Notifications are a hint; '' comes after each connect, when some may have been missed.
    async listen(channel, onNotification, onReconnect) {
      const end = database.listen(channel, (payload) => (payload === '' ? onReconnect() : onNotification(payload)));
      return { close: async () => end() };
    },
  };
}

interface Listening {
  listen(channel: string, onNotification: (payload: string) => void, onReconnect: () => void): Promise<{ close(): Promise<void> }>;
}

/** The text between BEGIN and COMMIT. */
export function transactionText(text: string): string | undefined {
  return /^\s*BEGIN;([\s\S]*?);?\s*COMMIT;?\s*$/.exec(text)?.[1];
}

const asksVersion = (text: string): boolean => /^\s*SELECT version from \S+\.version\s*$/i.test(text);

/**
 * It refuses a schema that is not exactly its own. Ours only expand, and the release before must run on today's schema
 * (style.md 21), so a later schema counts as the one that this release knows.
 */
function atMost(row: Record<string, unknown>, known: number): Record<string, unknown> {
  return Number(row['version']) > known ? { ...row, version: known } : row;
}

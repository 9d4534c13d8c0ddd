import { type Database, statement } from '@authority/postgres';
import { log } from '@authority/telemetry';
import { type Definitions, parseValue, type ValueOf } from './define.ts';

/** The settings of an owner, from memory. */
export interface Settings<D extends Definitions = Definitions> {
  readonly owner: string;
  readonly definitions: D;
  readonly database: Database;
  get<N extends keyof D & string>(name: N): ValueOf<D, N>;
  /** All rows have been read at least once: before that the defaults hold, and a service is not ready. */
  isReady(): boolean;
  /** Reads the rows now: after a change by this process. */
  reload(): Promise<void>;
  close(): void;
}

const loadAll = statement('settings_load', 'SELECT name, value FROM settings');
const schemaName = statement('settings_schema', 'SELECT current_schema() AS schema');

const pollMs = 500;

/** Reads the rows of `settings`, and again every 500 ms (the truth) or as NOTIFY hints. */
export async function openSettings<const D extends Definitions>(database: Database, owner: string, definitions: D): Promise<Settings<D>> {
  let values = new Map<string, unknown>();
  let ready = false;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let stopListening: (() => void) | undefined;

  const told = new Set<string>();
  const reload = async () => {
    values = parsed(definitions, told, await database.query<{ name: string; value: unknown }>(loadAll));
    ready = true;
  };
  const listenOnce = async () => {
    if (stopListening) return;
    const [row] = await database.query<{ schema: string }>(schemaName);
    stopListening ??= database.listen(`settings_${row?.schema}`, () => void reload().catch(() => undefined));
  };
  const poll = async () => {
    // A store that is away is its readiness' concern; what was read last holds until it is back.
    await reload()
      .then(listenOnce, () => undefined)
      .catch(() => undefined);
    if (!closed) timer = setTimeout(poll, pollMs).unref();
    else stopListening?.();
  };

  await poll();
  return {
    owner,
    definitions,
    database,
    // `parsed` holds only values that the setting's own parse has returned.
    get: (name) => (values.has(name) ? values.get(name) : definitions[name]?.default) as ValueOf<D, typeof name>,
    isReady: () => ready,
    reload,
    close: () => {
      closed = true;
      clearTimeout(timer);
      stopListening?.();
    },
  };
}

/** Settings without a store, for tests of what reads them. */
export function fixedSettings<const D extends Definitions>(
  definitions: D,
  values: Partial<{ [N in keyof D]: ValueOf<D, N> }> = {},
): Pick<Settings<D>, 'get'> {
  return { get: (name) => (values[name] ?? definitions[name]?.default) as ValueOf<D, typeof name> };
}

/** A value that this release cannot read (written by a later one) counts as not set; that is told once. */
function parsed(definitions: Definitions, told: Set<string>, rows: readonly { name: string; value: unknown }[]): Map<string, unknown> {
  const values = new Map<string, unknown>();
  for (const { name, value } of rows) {
    const definition = Object.hasOwn(definitions, name) ? definitions[name] : undefined;
    if (!definition) continue;
    try {
      values.set(name, parseValue(definition, value));
    } catch (error) {
      if (!told.has(name)) log.warn('setting.unreadable', { setting: name, error: String(error) });
      told.add(name);
    }
  }
  return values;
}

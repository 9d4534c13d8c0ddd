import { appendAudit } from '@authority/audit';
import { Setting, type SettingsServiceService } from '@authority/contracts/admin';
import { StatusError } from '@authority/errors';
import { assertEtag, etagOf, fieldInvalid, maskedPaths, page, pageOf, parseFilter, prefix } from '@authority/listing';
import type { Queryable } from '@authority/postgres';
import { statement } from '@authority/postgres';
import type { Call, Handlers } from '@authority/rpc';
import { type Definition, type Definitions, parseValue } from './define.ts';
import type { Settings } from './settings.ts';

interface SettingRow {
  name: string;
  value: unknown;
  changed: string;
}

const findAll = statement('settings_all', 'SELECT name, value, xmin::text AS changed FROM settings');
const lockAll = statement('settings_lock', 'LOCK TABLE settings IN SHARE ROW EXCLUSIVE MODE');
const store = statement(
  'settings_store',
  `INSERT INTO settings (name, value) VALUES ($1, $2::jsonb)
   ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value, updated_at = clock_timestamp()`,
);
const remove = statement('settings_remove', 'DELETE FROM settings WHERE name = $1');
const hint = statement('settings_hint', "SELECT pg_notify('settings_' || current_schema(), '')");

const order = { columns: [{ column: 'name', type: 'text' }] } as const;

/** SettingsService for the settings of one owner. `issuer` tells whether the server is public. */
export function settingsHandlers<D extends Definitions>(
  settings: Settings<D>,
  issuer: string | URL,
): Handlers<typeof SettingsServiceService> {
  const isPublic = String(issuer).startsWith('https:');
  const find = async (db: Queryable, name: string): Promise<Setting> => {
    const definition = definitionOf(settings, name);
    const row = (await db.query<SettingRow>(findAll)).find((one) => one.name === name);
    return resource(settings.owner, name, definition, row);
  };
  const change = async (name: string, etag: string, call: Call, act: Act): Promise<Setting> => {
    const changed = await settings.database.transaction(async (tx) => {
      await tx.query(lockAll);
      const before = await find(tx, name);
      assertEtag(etag, before.etag);
      await act.write(tx);
      const after = await find(tx, name);
      const details = { from: JSON.parse(before.value), to: JSON.parse(after.value) };
      await appendAudit(tx, { action: act.action, actor: actorOf(call), target: `setting:${name}`, details });
      await tx.query(hint);
      return after;
    });
    await settings.reload().catch(() => undefined);
    return changed;
  };

  return {
    listSettings: async (request) => {
      const terms = parseFilter(request.filter, { name: prefix() });
      const one = page(request, { list: 'settings', order });
      const rows = await settings.database.query<SettingRow>(findAll);
      const all = Object.entries(settings.definitions)
        .filter(([name]) => terms.every((term) => (term.match === 'prefix' ? name.startsWith(term.value) : name === term.value)))
        .map(([name, definition]) =>
          resource(
            settings.owner,
            name,
            definition,
            rows.find((row) => row.name === name),
          ),
        );
      const cut = pageOf(all, one, (setting) => [setting.name]);
      return { settings: cut.rows, next_page_token: cut.next_page_token };
    },
    getSetting: async ({ name }) => ({ setting: await find(settings.database, name) }),
    updateSetting: async ({ setting, update_mask, force }, call) => {
      const { name, value, etag } = setting ?? Setting.create();
      if (update_mask !== undefined && update_mask.length > 0) maskedPaths(update_mask, ['value']);
      const definition = definitionOf(settings, name);
      const parsed = readValue(definition, value);
      if (isPublic && !force && definition.weakens?.(parsed)) throw weakening(name);
      const write = (tx: Queryable) => tx.query(store, [name, JSON.stringify(parsed)]);
      return { setting: await change(name, etag, call, { action: 'setting.update', write }) };
    },
    deleteSetting: async ({ name }, call) => {
      definitionOf(settings, name);
      await change(name, '', call, { action: 'setting.delete', write: (tx) => tx.query(remove, [name]) });
      return {};
    },
  };
}

interface Act {
  readonly action: string;
  readonly write: (tx: Queryable) => Promise<unknown>;
}

const actorOf = (call: Call): string => (call.operator ? `operator:${call.operator}` : 'system');

function definitionOf(settings: Settings, name: string): Definition<unknown> {
  const definition = Object.hasOwn(settings.definitions, name) ? settings.definitions[name] : undefined;
  if (definition) return definition;
  throw new StatusError('NOT_FOUND', 'resource_not_found', { message: `there is no setting ${name.slice(0, 80)}` });
}

function readValue(definition: Definition<unknown>, json: string): unknown {
  try {
    return parseValue(definition, JSON.parse(json));
  } catch (error) {
    const description = error instanceof SyntaxError ? 'must be JSON' : String((error as Error).message);
    throw fieldInvalid('setting.value', description);
  }
}

function weakening(name: string): StatusError {
  return new StatusError('FAILED_PRECONDITION', 'field_invalid', {
    message: `setting.value: this value of ${name} weakens a server whose issuer is https; repeat with force to do it all the same`,
  });
}

function resource(owner: string, name: string, definition: Definition<unknown>, row: SettingRow | undefined): Setting {
  const value = JSON.stringify(row ? row.value : definition.default);
  const default_value = JSON.stringify(definition.default);
  const etag = etagOf({ name, value, changed: row?.changed ?? '' });
  return { name, value, default_value, description: definition.description, owner, etag };
}

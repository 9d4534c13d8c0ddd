import { auditTables, listAudit } from '@authority/audit';
import { ListAuditEventsRequest, ListSettingsRequest, UpdateSettingRequest } from '@authority/contracts/admin';
import { type Database, migrate, migration, open, statement } from '@authority/postgres';
import type { Call } from '@authority/rpc';
import { testPostgres, type TestPostgres } from '@authority/testing';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { defineSettings, durationSetting, flagSetting, openSettings, type Settings, settingsHandlers, settingsTables } from './index.ts';

const definitions = defineSettings({
  'throttle.enabled': flagSetting(true, 'Whether attempts are limited.', false),
  'throttle.window': durationSetting(600, 'The window.', { min: 10, max: 3600 }),
});

const call: Call = { peer: 'admin', operator: 'c_op', deadline: 0, signal: new AbortController().signal };

let postgres: TestPostgres;
let database: Database;
let settings: Settings<typeof definitions>;

const handlers = (issuer = 'http://localhost:8080') => settingsHandlers(settings, issuer);
const update = (name: string, value: string, more: { etag?: string; force?: boolean; issuer?: string } = {}) =>
  handlers(more.issuer).updateSetting(
    UpdateSettingRequest.fromPartial({ setting: { name, value, etag: more.etag ?? '' }, force: more.force ?? false }),
    call,
  );

beforeAll(async () => {
  postgres = await testPostgres();
  const ownerUrl = await postgres.newDatabase();
  const serviceUrl = postgres.serviceUrl(ownerUrl, 'identity');
  const migrations = [migration('Settings1700000000000', [...settingsTables(), ...auditTables()])];
  await migrate({ ownerUrl, serviceUrl, service: 'identity', migrations });
  database = await open({ url: serviceUrl, service: 'identity' });
});

afterAll(async () => {
  await database.close();
  await postgres.stop();
});

beforeEach(async () => {
  await database.query(statement('', 'DELETE FROM settings'));
  settings = await openSettings(database, 'identity', definitions);
});

afterEach(() => settings.close());

test('a change is in memory when it is answered, and reaches another replica within a second', async () => {
  const replica = await openSettings(database, 'identity', definitions);
  expect(replica.get('throttle.window')).toBe(600);
  const { setting } = await update('throttle.window', '60');
  expect(setting).toMatchObject({ value: '60', default_value: '600', owner: 'identity' });
  expect(settings.get('throttle.window')).toBe(60);
  await vi.waitFor(() => expect(replica.get('throttle.window')).toBe(60), { timeout: 1000 });
  replica.close();
});

test('a value that is wrong, unknown or of another version is refused', async () => {
  await expect(update('throttle.window', '5')).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    violations: [{ field: 'setting.value' }],
  });
  await expect(update('throttle.window', 'x')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  await expect(update('toString', '1')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  const { setting } = await handlers().getSetting({ name: 'throttle.window' }, call);
  await update('throttle.window', '60', { etag: setting?.etag ?? '' });
  await expect(update('throttle.window', '61', { etag: setting?.etag ?? '' })).rejects.toMatchObject({ code: 'ABORTED' });
});

test('contract.md: what weakens a server is refused when the issuer is https, unless forced', async () => {
  const issuer = 'https://id.example.com';
  await expect(update('throttle.enabled', 'false', { issuer })).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
  await update('throttle.enabled', 'false', { issuer, force: true });
  expect(settings.get('throttle.enabled')).toBe(false);
  await update('throttle.enabled', 'true', { issuer });
  await update('throttle.enabled', 'false');
});

test('the audit row of a change has both values and the operator', async () => {
  await update('throttle.window', '60');
  await handlers().deleteSetting({ name: 'throttle.window' }, call);
  const { audit_events } = await listAudit(database, 'identity', ListAuditEventsRequest.create({ page_size: 2 }));
  expect(audit_events.map(({ action, actor, target, details }) => [action, actor, target, JSON.parse(details)])).toEqual([
    ['setting.delete', 'operator:c_op', 'setting:throttle.window', { from: 60, to: 600 }],
    ['setting.update', 'operator:c_op', 'setting:throttle.window', { from: 600, to: 60 }],
  ]);
});

test('SettingsService.ListSettings: all settings by name, or those with a prefix', async () => {
  const all = await handlers().listSettings(ListSettingsRequest.create(), call);
  expect(all.settings.map(({ name }) => name)).toEqual(['throttle.enabled', 'throttle.window']);
  const some = await handlers().listSettings(ListSettingsRequest.create({ filter: 'name = "throttle.w*"' }), call);
  expect(some.settings.map(({ name }) => name)).toEqual(['throttle.window']);
});

test('a row that this release cannot read counts as not set', async () => {
  await database.query(statement('', `INSERT INTO settings (name, value) VALUES ('throttle.window', '"later"'), ('of.later', '1')`));
  await settings.reload();
  expect(settings.get('throttle.window')).toBe(600);
});

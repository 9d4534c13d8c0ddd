import { type Setting, SettingsServiceService } from '@authority/contracts/admin';
import type { Command } from 'commander';
import type { Commands } from '../command.ts';
import { filterOf, limitOption, listAll, type ListOptions } from '../listing.ts';
import { json, type View } from '../output/print.ts';

const rpc = SettingsServiceService;

const view: View<Setting> = {
  columns: [
    { title: 'name', of: (one) => one.name, whole: true },
    { title: 'value', of: (one) => one.value },
    { title: 'default', of: (one) => (one.default_value === one.value ? '' : one.default_value) },
    { title: 'what it does', of: (one) => one.description },
  ],
  data: (setting) => ({ ...setting, value: json(setting.value), default_value: json(setting.default_value) }),
  // As it is written in `settings set`: true, not yes.
  people: (setting) => ({ ...setting }),
};

export function settings(program: Command, commands: Commands): void {
  const group = commands.define(program, 'settings', 'Behaviour: lifetimes, policies, throttles', [
    'settings list',
    'settings set token.access_token_lifetime 600',
  ]);
  list(group, commands);
  get(group, commands);
  set(group, commands);
  remove(group, commands);
}

function list(group: Command, commands: Commands): void {
  const command = limitOption(
    commands.define(group, 'list', 'Lists settings by name', ['settings list', 'settings list --name "throttle.*"']),
  );
  command.option('--name <name>', 'only this one; throttle.* for all that begin so');
  commands.does<ListOptions & { name?: string }>(command, async ({ connection, options, print }) => {
    const found = await listAll(
      options,
      async (page) => {
        const answer = await connection.call(rpc.listSettings, { ...page, filter: filterOf({ name: options.name }) });
        return { things: answer.settings, next_page_token: answer.next_page_token };
      },
      print,
    );
    print.list(found, view, 'There are no such settings.');
  });
}

function get(group: Command, commands: Commands): void {
  const command = commands.define(group, 'get <name>', 'Shows one setting', ['settings get throttle.enabled']);
  commands.does(command, async ({ connection, print, operands: [name = ''] }) => {
    const { setting } = await connection.call(rpc.getSetting, { name });
    if (setting) print.one(setting, view);
  });
}

function set(group: Command, commands: Commands): void {
  const command = commands
    .define(group, 'set <name> <value>', 'Sets a value: true, false, a number or text', [
      'settings set token.access_token_lifetime 600',
      'settings set throttle.enabled false',
    ])
    .option('--force', 'do it although it weakens a server whose issuer is https')
    .option('--etag <etag>', 'refuse when it has changed since');
  commands.does<{ force?: boolean; etag?: string }>(command, async ({ connection, print, options, operands: [name = '', text = ''] }) => {
    const answer = await connection.call(rpc.updateSetting, {
      setting: { name, value: asJson(text), etag: options.etag ?? '', default_value: '', description: '', owner: '' },
      update_mask: ['value'],
      force: options.force ?? false,
    });
    if (answer.setting) print.one(answer.setting, view);
  });
}

/** JSON as it is; any other word is text. */
function asJson(text: string): string {
  return JSON.stringify(json(text) ?? text);
}

function remove(group: Command, commands: Commands): void {
  const command = commands.define(group, 'delete <name>', 'Goes back to the default', ['settings delete token.access_token_lifetime']);
  commands.does(command, async ({ connection, print, operands: [name = ''] }) => {
    await connection.call(rpc.deleteSetting, { name });
    print.done(`The setting ${name} has its default again.`, { name, deleted: true });
  });
}

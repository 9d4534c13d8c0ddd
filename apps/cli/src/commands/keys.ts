import { type Key, KeyServiceService } from '@authority/contracts/admin';
import { type Command, Option } from 'commander';
import type { Commands } from '../command.ts';
import { filterOf, limitOption, listAll, type ListOptions } from '../listing.ts';
import { json, type View } from '../output/print.ts';
import { time } from '../output/time.ts';

const rpc = KeyServiceService;

const view: View<Key> = {
  columns: [
    { title: 'key id', of: (one) => one.key_id, whole: true },
    { title: 'use', of: (one) => one.use },
    { title: 'alg', of: (one) => one.alg },
    { title: 'state', of: (one) => one.state },
    { title: 'created', of: (one) => time(one.create_time_ms) },
    { title: 'active from', of: (one) => time(one.activate_time_ms) },
  ],
  data: (key) => ({ ...key, public_jwk: json(key.public_jwk) }),
};

const uses = ['signing', 'mac', 'sealing', 'encryption', 'access_token'] as const;

export function keys(program: Command, commands: Commands): void {
  const group = commands.define(program, 'keys', 'Keys that sign, authenticate and seal', [
    'keys list',
    'keys rotate --use signing --alg ES256',
  ]);
  list(group, commands);
  get(group, commands);
  rotate(group, commands);
  remove(group, commands);
}

function list(group: Command, commands: Commands): void {
  const command = limitOption(commands.define(group, 'list', 'Lists keys', ['keys list', 'keys list --use signing --state current']))
    .addOption(new Option('--use <use>', 'only of this use').choices(uses))
    .option('--alg <alg>', 'only of this algorithm')
    .addOption(new Option('--state <state>', 'only in this state').choices(['next', 'current', 'previous']));
  commands.does<ListOptions & { use?: string; alg?: string; state?: string }>(command, async ({ connection, options, print }) => {
    const filter = filterOf({ use: options.use, alg: options.alg, state: options.state });
    const found = await listAll(
      options,
      async (page) => {
        const answer = await connection.call(rpc.listKeys, { ...page, filter });
        return { things: answer.keys, next_page_token: answer.next_page_token };
      },
      print,
    );
    print.list(found, view, 'There are no such keys.');
  });
}

function get(group: Command, commands: Commands): void {
  const command = commands.define(group, 'get <key-id>', 'Shows one key; private parts never leave the server', ['keys get k1']);
  commands.does(command, async ({ connection, print, operands: [key_id = ''] }) => {
    const { key } = await connection.call(rpc.getKey, { key_id });
    if (key) print.one(key, view);
  });
}

function rotate(group: Command, commands: Commands): void {
  const command = commands
    .define(group, 'rotate', 'Makes a new key that takes over when everybody has seen it', [
      'keys rotate --use signing --alg ES256',
      'keys rotate --use mac',
    ])
    .addOption(new Option('--use <use>', 'which kind').choices(uses).makeOptionMandatory())
    .option('--alg <alg>', 'for signing keys: ES256, RS256 or EdDSA');
  commands.does<{ use: string; alg?: string }>(command, async ({ connection, print, options }) => {
    const { key } = await connection.call(rpc.rotateKey, { use: options.use, alg: options.alg ?? '' });
    if (key) print.one(key, view);
  });
}

function remove(group: Command, commands: Commands): void {
  const command = commands.define(group, 'delete <key-id>', 'Retires a key: it verifies nothing more', ['keys delete k1']);
  commands.does(command, async ({ connection, print, operands: [key_id = ''] }) => {
    await connection.call(rpc.deleteKey, { key_id });
    print.done(`Retired key ${key_id}.`, { key_id, deleted: true });
  });
}

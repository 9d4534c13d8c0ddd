import { type Grant, GrantServiceService } from '@authority/contracts/admin';
import type { Command } from 'commander';
import type { Commands } from '../command.ts';
import { usage } from '../fault.ts';
import { filterOf, limitOption, listAll, type ListOptions } from '../listing.ts';
import type { View } from '../output/print.ts';
import { time } from '../output/time.ts';

const rpc = GrantServiceService;

/** The list is of one person or of one client, so the other is the column. */
function viewBy(other: 'sub' | 'client_id'): View<Grant> {
  return {
    columns: [
      { title: 'grant id', of: (one) => one.grant_id, whole: true },
      { title: other === 'sub' ? 'sub' : 'client id', of: (one) => one[other], whole: true },
      { title: 'scope', of: (one) => one.scope },
      { title: 'expires', of: (one) => time(one.expire_time_ms) },
    ],
    data: (grant) => ({ ...grant }),
  };
}

export function grants(program: Command, commands: Commands): void {
  const group = commands.define(program, 'grants', 'What people have allowed applications to do', [
    'grants list --sub 01890000-0000-7000-8000-000000000000',
  ]);
  list(group, commands);
  get(group, commands);
  remove(group, commands);
}

function list(group: Command, commands: Commands): void {
  const command = limitOption(
    commands.define(group, 'list', 'Lists live grants of one person or one client, newest first', [
      'grants list --sub 01890000-0000-7000-8000-000000000000',
      'grants list --client c_kWcWwWvL1o0mDkNqXoYp0Q',
    ]),
  )
    .option('--sub <sub>', 'of this person')
    .option('--client <client-id>', 'of this client');
  commands.does<ListOptions & { sub?: string; client?: string }>(command, async ({ connection, options, print }) => {
    const { sub, client } = options;
    if (sub === undefined && client === undefined) throw usage('grants list', 'it is not said whose', 'give --sub, --client or both');
    const filter = filterOf({ sub, client_id: client });
    const found = await listAll(
      options,
      async (page) => {
        const answer = await connection.call(rpc.listGrants, { ...page, filter });
        return { things: answer.grants, next_page_token: answer.next_page_token };
      },
      print,
    );
    print.list(found, viewBy(sub === undefined ? 'sub' : 'client_id'), 'There are no live grants.');
  });
}

function get(group: Command, commands: Commands): void {
  const command = commands.define(group, 'get <grant-id>', 'Shows one grant', ['grants get g_1']);
  commands.does(command, async ({ connection, print, operands: [grant_id = ''] }) => {
    const { grant } = await connection.call(rpc.getGrant, { grant_id });
    if (grant) print.one(grant, viewBy('sub'));
  });
}

function remove(group: Command, commands: Commands): void {
  const command = commands.define(group, 'delete <grant-id>', 'Revokes a grant with all its tokens', ['grants delete g_1']);
  commands.does(command, async ({ connection, print, operands: [grant_id = ''] }) => {
    await connection.call(rpc.deleteGrant, { grant_id });
    print.done(`Revoked grant ${grant_id}.`, { grant_id, deleted: true });
  });
}

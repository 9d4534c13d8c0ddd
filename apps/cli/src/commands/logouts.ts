import { type LogoutDelivery, LogoutDeliveryServiceService } from '@authority/contracts/admin';
import { type Command, Option } from 'commander';
import type { Commands } from '../command.ts';
import { filterOf, limitOption, listAll, type ListOptions } from '../listing.ts';
import type { View } from '../output/print.ts';
import { time } from '../output/time.ts';

const rpc = LogoutDeliveryServiceService;

const view: View<LogoutDelivery> = {
  columns: [
    { title: 'id', of: (one) => one.logout_delivery_id, whole: true },
    { title: 'client', of: (one) => one.client_id },
    { title: 'state', of: (one) => one.state },
    { title: 'attempts', of: (one) => `${one.attempts}` },
    { title: 'since', of: (one) => time(one.create_time_ms) },
    { title: 'next', of: (one) => (one.due_time_ms === 0 ? '' : time(one.due_time_ms)) },
  ],
  data: (delivery) => ({ ...delivery }),
};

export function logouts(program: Command, commands: Commands): void {
  const group = commands.define(program, 'logouts', 'What applications were told of sign-outs (back-channel logout), for two days', [
    'logouts list --state given_up',
  ]);
  list(group, commands);
  retry(group, commands);
}

function list(group: Command, commands: Commands): void {
  const command = limitOption(
    commands.define(group, 'list', 'Lists deliveries, newest first', ['logouts list --state pending', 'logouts list --client c_shop']),
  )
    .addOption(new Option('--state <state>', 'only those that are so').choices(['pending', 'delivered', 'given_up', 'client_gone']))
    .option('--client <client-id>', 'only to this client')
    .option('--sub <sub>', 'only of this person');
  commands.does<ListOptions & { state?: string; client?: string; sub?: string }>(command, async ({ connection, options, print }) => {
    const filter = filterOf({ state: options.state, client_id: options.client, sub: options.sub });
    const found = await listAll(
      options,
      async (page) => {
        const answer = await connection.call(rpc.listLogoutDeliveries, { ...page, filter });
        return { things: answer.logout_deliveries, next_page_token: answer.next_page_token };
      },
      print,
    );
    print.list(found, view, 'There are no deliveries.');
  });
}

function retry(group: Command, commands: Commands): void {
  const command = commands.define(group, 'retry <id>', 'Tells the application once more, at once', ['logouts retry 20780.s_1.c_shop']);
  commands.does(command, async ({ connection, print, operands: [logout_delivery_id = ''] }) => {
    const { logout_delivery } = await connection.call(rpc.retryLogoutDelivery, { logout_delivery_id });
    if (logout_delivery) print.one(logout_delivery, view);
  });
}

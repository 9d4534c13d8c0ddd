import { type Session, SessionServiceService } from '@authority/contracts/admin';
import type { Command } from 'commander';
import type { Commands } from '../command.ts';
import { limitOption, listAll, type ListOptions } from '../listing.ts';
import type { View } from '../output/print.ts';
import { time } from '../output/time.ts';

const rpc = SessionServiceService;

const view: View<Session> = {
  columns: [
    { title: 'sid', of: (one) => one.sid, whole: true },
    { title: 'signed in', of: (one) => time(one.auth_time_ms) },
    { title: 'expires', of: (one) => time(one.expire_time_ms) },
    { title: 'address', of: (one) => one.peer_address },
    { title: 'browser', of: (one) => one.user_agent },
  ],
  data: (session) => ({ ...session }),
};

export function sessions(program: Command, commands: Commands): void {
  const group = commands.define(program, 'sessions', 'Browsers in which people are signed in', [
    'sessions list --sub 01890000-0000-7000-8000-000000000000',
  ]);
  list(group, commands);
  get(group, commands);
  remove(group, commands);
}

function list(group: Command, commands: Commands): void {
  const command = limitOption(
    commands.define(group, 'list', 'Lists the live sessions of one person', ['sessions list --sub 01890000-0000-7000-8000-000000000000']),
  ).requiredOption('--sub <sub>', 'whose sessions');
  commands.does<ListOptions & { sub: string }>(command, async ({ connection, options, print }) => {
    const found = await listAll(
      options,
      async (page) => {
        const answer = await connection.call(rpc.listSessions, { ...page, sub: options.sub, filter: '' });
        return { things: answer.sessions, next_page_token: answer.next_page_token };
      },
      print,
    );
    print.list(found, view, 'There are no live sessions.');
  });
}

function get(group: Command, commands: Commands): void {
  const command = commands.define(group, 'get <sid>', 'Shows one session', ['sessions get s_1']);
  commands.does(command, async ({ connection, print, operands: [sid = ''] }) => {
    const { session } = await connection.call(rpc.getSession, { sid });
    if (session) print.one(session, view);
  });
}

function remove(group: Command, commands: Commands): void {
  const command = commands.define(group, 'delete <sid>', 'Ends a session and what is bound to it', ['sessions delete s_1']);
  commands.does(command, async ({ connection, print, operands: [sid = ''] }) => {
    const { propagating } = await connection.call(rpc.deleteSession, { sid });
    print.done(`Ended session ${sid}.`, { sid, deleted: true, propagating });
    if (propagating) print.note('Some replicas have not confirmed it yet; they will within seconds.');
  });
}

import { type AuditEvent, AuditServiceService } from '@authority/contracts/admin';
import type { Command } from 'commander';
import type { Commands } from '../command.ts';
import { filterOf, limitOption, listAll, type ListOptions } from '../listing.ts';
import { json, type View } from '../output/print.ts';
import { second } from '../output/time.ts';

const view: View<AuditEvent> = {
  columns: [
    { title: 'time (utc)', of: (one) => second(one.at_ms), whole: true },
    { title: 'action', of: (one) => one.action },
    { title: 'actor', of: (one) => one.actor },
    { title: 'target', of: (one) => one.target },
  ],
  data: (event) => ({ ...event, details: json(event.details) }),
};

export function audit(program: Command, commands: Commands): void {
  const group = commands.define(program, 'audit', 'Who changed what', ['audit list']);
  const command = limitOption(
    commands.define(group, 'list', 'Lists what was done, newest first', [
      'audit list',
      'audit list --action "client.*" -o json',
      'audit list --owner admin',
    ]),
  )
    .option('--action <action>', 'only this act; client.* for all that begin so')
    .option('--actor <actor>', 'only by operator:<client-id>, user:<sub>, client:<client-id> or system')
    .option('--target <target>', 'only on client:<client-id>, identity:<sub>, …')
    .option('--owner <service>', 'only of token, session, identity or admin (refused calls)');
  commands.does<ListOptions & { action?: string; actor?: string; target?: string; owner?: string }>(
    command,
    async ({ connection, options, print }) => {
      const { action, actor, target, owner } = options;
      const filter = filterOf({ action, actor, target, owner });
      const found = await listAll(
        options,
        async (page) => {
          const answer = await connection.call(AuditServiceService.listAuditEvents, { ...page, filter });
          return { things: answer.audit_events, next_page_token: answer.next_page_token };
        },
        print,
      );
      print.list(found, view, 'Nothing was done yet.');
    },
  );
}

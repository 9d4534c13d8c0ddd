import { type DeadLetter, DeadLetterServiceService } from '@authority/contracts/admin';
import type { Command } from 'commander';
import type { Commands } from '../command.ts';
import { filterOf, limitOption, listAll, type ListOptions } from '../listing.ts';
import { json, type View } from '../output/print.ts';
import { time } from '../output/time.ts';

const rpc = DeadLetterServiceService;

const view: View<DeadLetter> = {
  columns: [
    { title: 'id', of: (one) => one.dead_letter_id, whole: true },
    { title: 'queue', of: (one) => one.queue },
    { title: 'attempts', of: (one) => String(one.attempts) },
    { title: 'failed', of: (one) => time(one.fail_time_ms) },
    { title: 'error', of: (one) => one.error },
  ],
  data: (letter) => ({ ...letter, payload: json(letter.payload) }),
};

export function deadLetters(program: Command, commands: Commands): void {
  const group = commands.define(program, 'dead-letters', 'What could not be delivered: mails', [
    'dead-letters list',
    'dead-letters replay 0b54…',
  ]);
  list(group, commands);
  replay(group, commands);
  remove(group, commands);
}

function list(group: Command, commands: Commands): void {
  const command = commands.define(group, 'list', 'Lists dead letters, oldest first; they are kept for two weeks', ['dead-letters list']);
  limitOption(command).option('--queue <queue>', 'only those of this queue');
  commands.does<ListOptions & { queue?: string }>(command, async ({ connection, options, print }) => {
    const found = await listAll(
      options,
      async (page) => {
        const answer = await connection.call(rpc.listDeadLetters, { ...page, filter: filterOf({ queue: options.queue }) });
        return { things: answer.dead_letters, next_page_token: answer.next_page_token };
      },
      print,
    );
    print.list(found, view, 'There are no dead letters.');
  });
}

function replay(group: Command, commands: Commands): void {
  const command = commands.define(group, 'replay <id...>', 'Tries dead letters again, with all their attempts', [
    'dead-letters replay 0b54a6f0-2c1d-4b7e-9f54-6f0a2c1d4b7e',
  ]);
  commands.does(command, async ({ connection, print, operands }) => {
    const { replayed } = await connection.call(rpc.replayDeadLetters, { dead_letter_ids: [...operands] });
    print.done(`${replayed} of ${operands.length} wait again.`, { replayed });
  });
}

function remove(group: Command, commands: Commands): void {
  const command = commands.define(group, 'delete <id...>', 'Forgets dead letters', [
    'dead-letters delete 0b54a6f0-2c1d-4b7e-9f54-6f0a2c1d4b7e',
  ]);
  commands.does(command, async ({ connection, print, operands }) => {
    const { deleted } = await connection.call(rpc.deleteDeadLetters, { dead_letter_ids: [...operands] });
    print.done(`${deleted} of ${operands.length} are forgotten.`, { deleted });
  });
}

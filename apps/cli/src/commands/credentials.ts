import { type Credential, CredentialServiceService } from '@authority/contracts/admin';
import type { Command } from 'commander';
import type { Commands } from '../command.ts';
import { filterOf, limitOption, listAll, type ListOptions } from '../listing.ts';
import type { View } from '../output/print.ts';
import { time } from '../output/time.ts';

const rpc = CredentialServiceService;

const view: View<Credential> = {
  columns: [
    { title: 'kind', of: (one) => one.kind },
    { title: 'id', of: (one) => one.id, whole: true },
    { title: 'name', of: (one) => one.name },
    { title: 'created', of: (one) => time(one.create_time_ms) },
    { title: 'last used', of: (one) => (one.last_use_time_ms === 0 ? '' : time(one.last_use_time_ms)) },
  ],
  data: (credential) => ({ ...credential }),
};

export function credentials(program: Command, commands: Commands): void {
  const group = commands.define(program, 'credentials', 'What people prove with who they are: passwords, passkeys and other factors', [
    'credentials list --sub 01890000-0000-7000-8000-000000000000',
  ]);
  list(group, commands);
  remove(group, commands);
}

function list(group: Command, commands: Commands): void {
  const command = limitOption(
    commands.define(group, 'list', 'Lists the credentials of one person', [
      'credentials list --sub 01890000-0000-7000-8000-000000000000 --kind passkey',
    ]),
  )
    .requiredOption('--sub <sub>', 'whose credentials')
    .option('--kind <kind>', 'only those of this kind: password, passkey, totp, recovery_codes, upstream');
  commands.does<ListOptions & { sub: string; kind?: string }>(command, async ({ connection, options, print }) => {
    const filter = filterOf({ kind: options.kind });
    const found = await listAll(
      options,
      async (page) => {
        const answer = await connection.call(rpc.listCredentials, { ...page, sub: options.sub, filter });
        return { things: answer.credentials, next_page_token: answer.next_page_token };
      },
      print,
    );
    print.list(found, view, 'There are no such credentials.');
  });
}

function remove(group: Command, commands: Commands): void {
  const command = commands
    .define(group, 'delete <sub> <kind> [id]', 'Takes a credential away from a person, even the last one', [
      'credentials delete 01890000-0000-7000-8000-000000000000 totp',
      'credentials delete 01890000-0000-7000-8000-000000000000 passkey cGFzc2tleQ --end-sessions',
    ])
    .option('--end-sessions', "end the person's sessions, grants and tokens too");
  commands.does<{ endSessions?: boolean }>(command, async ({ connection, options, print, operands: [sub = '', kind = '', id = ''] }) => {
    const end_sessions = options.endSessions ?? false;
    const { propagating } = await connection.call(rpc.deleteCredential, { sub, kind, id, end_sessions });
    print.done(`Took ${kind}${id === '' ? '' : ` ${id}`} away from ${sub}.`, { sub, kind, id, deleted: true, propagating });
    if (propagating) print.note('Some replicas have not confirmed it yet; they will within seconds.');
  });
}

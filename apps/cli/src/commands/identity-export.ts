import { type Identity, IdentityServiceService } from '@authority/contracts/admin';
import type { Command } from 'commander';
import type { Commands } from '../command.ts';
import { json } from '../output/print.ts';

export function exporting(command: Command, commands: Commands): void {
  commands.does(command, async ({ connection, surroundings }) => {
    let page_token = '';
    do {
      const page = await connection.call(IdentityServiceService.listIdentities, { page_size: 500, page_token, filter: '', search: '' });
      for (const one of page.identities) surroundings.stdout.write(`${JSON.stringify(recordOf(one))}\n`);
      page_token = page.next_page_token;
    } while (page_token !== '');
  });
}

const recordOf = ({ sub, schema_id, traits, addresses, disabled, create_time_ms }: Identity) => ({
  external_id: sub,
  sub,
  schema_id,
  traits: json(traits),
  verified_addresses: addresses.filter(({ verified }) => verified).map(({ value }) => value),
  ...(disabled ? { disabled } : {}),
  created_at: new Date(create_time_ms).toISOString(),
});

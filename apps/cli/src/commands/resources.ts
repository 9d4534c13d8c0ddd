import { Resource, ResourceServiceService } from '@authority/contracts/admin';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Commands, count, several, truth } from '../command.ts';
import { usage } from '../fault.ts';
import { filterOf, limitOption, listAll, type ListOptions } from '../listing.ts';
import type { View } from '../output/print.ts';
import { time } from '../output/time.ts';

const rpc = ResourceServiceService;

const view: View<Resource> = {
  columns: [
    { title: 'resource', of: (one) => one.resource, whole: true },
    { title: 'name', of: (one) => one.resource_name },
    { title: 'scopes', of: (one) => one.scopes.map(({ name }) => name).join(' ') },
    { title: 'tokens', of: (one) => [one.access_token_format, one.access_token_signing_alg].filter(Boolean).join(' ') },
    { title: 'clients', of: (one) => one.allowed_clients.join(' ') },
    { title: 'created', of: (one) => time(one.create_time_ms) },
  ],
  data: (resource) => ({ ...resource }),
};

export function resources(program: Command, commands: Commands): void {
  const group = commands.define(program, 'resources', 'APIs that access tokens are for (RFC 8707)', [
    'resources list',
    'resources create --help',
  ]);
  list(group, commands);
  get(group, commands);
  create(group, commands);
  update(group, commands);
  remove(group, commands);
}

function list(group: Command, commands: Commands): void {
  const command = commands.define(group, 'list', 'Lists resources, oldest first', [
    'resources list',
    'resources list --resource "https://api.example/*" -o json',
  ]);
  limitOption(command)
    .option('--resource <uri>', 'only this one; https://api.example/* for all that begin so')
    .option('--name <name>', 'only those of this name; Shop* for all that begin so')
    .option('--shared <true|false>', 'only those that are, or are not, shared');
  commands.does<ListOptions & { resource?: string; name?: string; shared?: string }>(command, async ({ connection, options, print }) => {
    const filter = filterOf({ resource: options.resource, resource_name: options.name, shared: options.shared });
    const found = await listAll(
      options,
      async (page) => {
        const answer = await connection.call(rpc.listResources, { ...page, filter });
        return { things: answer.resources, next_page_token: answer.next_page_token };
      },
      print,
    );
    print.list(found, view, 'There are no resources.');
  });
}

function get(group: Command, commands: Commands): void {
  const command = commands.define(group, 'get <resource>', 'Shows one resource', ['resources get https://api.example']);
  commands.does(command, async ({ connection, print, operands: [resource = ''] }) => {
    const answer = await connection.call(rpc.getResource, { resource });
    if (answer.resource) print.one(answer.resource, view);
  });
}

interface Fields {
  readonly name?: string;
  readonly scope?: Resource['scopes'];
  readonly format?: string;
  readonly lifetime?: number;
  readonly signingAlg?: string;
  readonly shared?: boolean;
  readonly allowedClient?: string[];
}

function fieldOptions(command: Command): Command {
  return command
    .option('--name <name>', 'display name')
    .addOption(
      new Option('--scope <scope=words>', 'a scope of it, with its words for the consent page; repeat for several').argParser(scopes),
    )
    .option('--format <format>', 'jwt or opaque; as the client’s when nothing is said')
    .addOption(new Option('--lifetime <seconds>', 'how long its tokens live; 0: as the client’s').argParser(count))
    .option('--signing-alg <alg>', 'what signs its JWTs; ES256 when nothing is said')
    .addOption(new Option('--shared [true|false]', 'may stand beside other shared ones in one token').argParser(truth))
    .addOption(
      new Option('--allowed-client <client-id>', 'a client that may ask for it, or * for all; repeat for several').argParser(several),
    );
}

/** `orders.read=See your orders`; the words may be left out. */
function scopes(text: string, before: Resource['scopes'] | undefined): Resource['scopes'] {
  const at = text.indexOf('=');
  const [name, description] = at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
  if (name === '') throw new InvalidArgumentError('write it like orders.read="See your orders".');
  return [...(before ?? []), { name, description }];
}

/** The fields that were given, and their names for the update mask. */
function resourceOf(resource: string, options: Fields): { resource: Resource; mask: string[] } {
  const all = {
    resource_name: options.name,
    scopes: options.scope,
    access_token_format: options.format,
    access_token_lifetime: options.lifetime,
    access_token_signing_alg: options.signingAlg,
    shared: options.shared,
    allowed_clients: options.allowedClient,
  };
  const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return { resource: Resource.fromPartial({ ...given, resource }), mask: Object.keys(given) };
}

function create(group: Command, commands: Commands): void {
  const command = commands.define(group, 'create <resource>', 'Describes a resource', [
    'resources create https://api.example --name Orders --scope "orders.read=See your orders" --allowed-client "*"',
    'resources create https://api.example/v2 --format opaque --lifetime 900',
  ]);
  commands.does<Fields>(fieldOptions(command), async ({ connection, print, options, operands: [identifier = ''] }) => {
    const answer = await connection.call(rpc.createResource, { resource: resourceOf(identifier, options).resource });
    if (answer.resource) print.one(answer.resource, view);
  });
}

function update(group: Command, commands: Commands): void {
  const command = commands
    .define(group, 'update <resource>', 'Changes the fields that are given, and no others; lists as a whole', [
      'resources update https://api.example --lifetime 600',
      'resources update https://api.example --shared false',
    ])
    .option('--etag <etag>', 'refuse when it has changed since');
  commands.does<Fields & { etag?: string }>(fieldOptions(command), async ({ connection, print, options, operands: [identifier = ''] }) => {
    const { resource, mask } = resourceOf(identifier, options);
    if (mask.length === 0) throw usage('resources update', 'nothing is to change', 'give an option for each field; see --help');
    const answer = await connection.call(rpc.updateResource, {
      resource: { ...resource, etag: options.etag ?? '' },
      update_mask: mask,
    });
    if (answer.resource) print.one(answer.resource, view);
  });
}

function remove(group: Command, commands: Commands): void {
  const command = commands
    .define(group, 'delete <resource>', 'Deletes a resource; tokens that are out live to their end', [
      'resources delete https://api.example',
    ])
    .option('--etag <etag>', 'refuse when it has changed since');
  commands.does<{ etag?: string }>(command, async ({ connection, print, options, operands: [resource = ''] }) => {
    await connection.call(rpc.deleteResource, { resource, etag: options.etag ?? '' });
    print.done(`Deleted resource ${resource}.`, { resource, deleted: true });
  });
}

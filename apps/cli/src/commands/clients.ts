import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Client, ClientServiceService } from '@authority/contracts/admin';
import type { Command } from 'commander';
import type { Commands } from '../command.ts';
import { usage } from '../fault.ts';
import { filterOf, limitOption, listAll, type ListOptions } from '../listing.ts';
import { json, type View } from '../output/print.ts';
import { time } from '../output/time.ts';
import { clientOf, clientOptions } from './client-fields.ts';

const rpc = ClientServiceService;

const view: View<Client> = {
  columns: [
    { title: 'client id', of: (one) => one.client_id, whole: true },
    { title: 'name', of: (one) => one.client_name },
    { title: 'grant types', of: (one) => one.grant_types.join(' ') },
    { title: 'auth method', of: (one) => one.token_endpoint_auth_method },
    { title: 'state', of: (one) => (one.disabled ? 'disabled' : 'enabled') },
    { title: 'created', of: (one) => time(one.create_time_ms) },
  ],
  data: (client) => ({ ...client, jwks: json(client.jwks) }),
};

export function clients(program: Command, commands: Commands): void {
  const group = commands.define(program, 'clients', 'Applications that get tokens here', ['clients list', 'clients create --help']);
  list(group, commands);
  get(group, commands);
  create(group, commands);
  update(group, commands);
  remove(group, commands);
  rotateSecret(group, commands);
}

function list(group: Command, commands: Commands): void {
  const command = commands.define(group, 'list', 'Lists clients, oldest first', ['clients list', 'clients list --name "Shop*" -o json']);
  limitOption(command)
    .option('--name <name>', 'only those of this name; Shop* for all that begin so')
    .option('--grant-type <type>', 'only those with this grant type')
    .option('--origin <origin>', 'only those registered by operator, dynamic or first_start')
    .option('--disabled <true|false>', 'only those that are, or are not, disabled');
  commands.does<ListOptions & { name?: string; grantType?: string; origin?: string; disabled?: string }>(command, async (work) => {
    const { name, grantType, origin, disabled } = work.options;
    const filter = filterOf({ client_name: name, grant_types: grantType, origin, disabled });
    const found = await listAll(
      work.options,
      async (page) => {
        const { clients, next_page_token } = await work.connection.call(rpc.listClients, { ...page, filter });
        return { things: clients, next_page_token };
      },
      work.print,
    );
    work.print.list(found, view, 'There are no clients.');
  });
}

function get(group: Command, commands: Commands): void {
  const command = commands.define(group, 'get <client-id>', 'Shows one client', ['clients get c_kWcWwWvL1o0mDkNqXoYp0Q']);
  commands.does(command, async ({ connection, print, operands: [client_id = ''] }) => {
    const { client } = await connection.call(rpc.getClient, { client_id });
    if (client) print.one(client, view);
  });
}

function create(group: Command, commands: Commands): void {
  const command = commands.define(group, 'create', 'Creates a client; a secret is shown once', [
    'clients create --name Shop --redirect-uri https://shop.example/cb --scope "openid profile"',
    'clients create --name Reports --grant-type client_credentials --scope reports -o json',
    'clients create --name App --auth-method none --redirect-uri http://127.0.0.1/cb',
  ]);
  clientOptions(command)
    .option('--client-id <id>', 'choose its id; made by the server when nothing is said')
    .option('--jwks-file <path>', 'its public keys, a JWK Set');
  commands.does<{ clientId?: string; jwksFile?: string }>(command, async ({ connection, print, options, surroundings }) => {
    const { client } = clientOf(command);
    if (!client.client_name) throw usage('clients create', 'the client has no name', 'give one with --name');
    const jwks = options.jwksFile === undefined ? '' : readJwks(resolve(surroundings.cwd, options.jwksFile));
    const answer = await connection.call(rpc.createClient, { client: { ...client, client_id: options.clientId ?? '', jwks } });
    if (!answer.client) return;
    const { client_secret } = answer;
    print.one(answer.client, view, client_secret ? { client_secret } : {});
    if (client_secret) print.note('The secret is shown only now; keep it somewhere safe.');
  });
}

function update(group: Command, commands: Commands): void {
  const command = commands.define(group, 'update <client-id>', 'Changes the fields that are given, and no others', [
    'clients update c_kWcWwWvL1o0mDkNqXoYp0Q --name "New shop"',
    'clients update c_kWcWwWvL1o0mDkNqXoYp0Q --disabled',
    'clients update c_kWcWwWvL1o0mDkNqXoYp0Q --disabled false',
  ]);
  clientOptions(command)
    .option('--etag <etag>', 'refuse when it has changed since')
    .option('--jwks-file <path>', 'its public keys, a JWK Set');
  commands.does<{ etag?: string; jwksFile?: string }>(
    command,
    async ({ connection, print, options, operands: [client_id = ''], surroundings }) => {
      const { client, mask } = clientOf(command);
      const jwks = options.jwksFile === undefined ? '' : readJwks(resolve(surroundings.cwd, options.jwksFile));
      if (options.jwksFile !== undefined) mask.push('jwks');
      if (mask.length === 0) throw usage('clients update', 'nothing is to change', 'give an option for each field; see --help');
      const answer = await connection.call(rpc.updateClient, {
        client: { ...client, client_id, jwks, etag: options.etag ?? '' },
        update_mask: mask,
      });
      if (answer.client) print.one(answer.client, view);
      if (answer.propagating) print.note('Some replicas have not confirmed it yet; they will within seconds.');
    },
  );
}

function remove(group: Command, commands: Commands): void {
  const command = commands
    .define(group, 'delete <client-id>', 'Deletes a client and ends its grants and tokens', ['clients delete c_kWcWwWvL1o0mDkNqXoYp0Q'])
    .option('--etag <etag>', 'refuse when it has changed since');
  commands.does<{ etag?: string }>(command, async ({ connection, print, options, operands: [client_id = ''] }) => {
    await connection.call(rpc.deleteClient, { client_id, etag: options.etag ?? '' });
    print.done(`Deleted client ${client_id}.`, { client_id, deleted: true });
  });
}

function rotateSecret(group: Command, commands: Commands): void {
  const command = commands
    .define(group, 'rotate-secret <client-id>', 'Makes a new secret; the one before works until the next rotation', [
      'clients rotate-secret c_kWcWwWvL1o0mDkNqXoYp0Q',
      'clients rotate-secret c_kWcWwWvL1o0mDkNqXoYp0Q --drop-previous',
    ])
    .option('--drop-previous', 'the secrets before stop at once');
  commands.does<{ dropPrevious?: boolean }>(command, async ({ connection, print, options, operands: [client_id = ''] }) => {
    const { client_secret } = await connection.call(rpc.rotateClientSecret, { client_id, drop_previous: options.dropPrevious ?? false });
    print.record({ client_id, client_secret });
    print.note('The secret is shown only now; keep it somewhere safe.');
  });
}

/** A JWK Set from a file, as its text. */
export function readJwks(path: string): string {
  try {
    const text = readFileSync(path, 'utf8');
    const keys: unknown = JSON.parse(text);
    if (typeof keys === 'object' && keys !== null && 'keys' in keys) return text;
  } catch {
    // Told below: it cannot be read, or is no JSON.
  }
  throw usage('--jwks-file', `${path} holds no JWK Set`, 'give a file with {"keys": […]} and public keys only');
}

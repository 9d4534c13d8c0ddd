import { resolve } from 'node:path';
import { TrustedIssuer, TrustedIssuerServiceService } from '@authority/contracts/admin';
import { type Command, Option } from 'commander';
import { type Commands, count, several, truth } from '../command.ts';
import { usage } from '../fault.ts';
import { filterOf, limitOption, listAll, type ListOptions } from '../listing.ts';
import type { View } from '../output/print.ts';
import { time } from '../output/time.ts';
import { readJwks } from './clients.ts';

const rpc = TrustedIssuerServiceService;

const view: View<TrustedIssuer> = {
  columns: [
    { title: 'id', of: (one) => one.trusted_issuer_id, whole: true },
    { title: 'issuer', of: (one) => one.issuer },
    { title: 'name', of: (one) => one.display_name },
    { title: 'subjects', of: (one) => one.subjects },
    { title: 'scope', of: (one) => one.scope },
    { title: 'disabled', of: (one) => (one.disabled ? 'yes' : '') },
    { title: 'created', of: (one) => time(one.create_time_ms) },
  ],
  data: (issuer) => ({ ...issuer }),
};

export function trustedIssuers(program: Command, commands: Commands): void {
  const group = commands.define(program, 'trusted-issuers', 'Issuers whose JWTs are taken as grants (RFC 7523)', [
    'trusted-issuers list',
    'trusted-issuers create --help',
  ]);
  list(group, commands);
  get(group, commands);
  create(group, commands);
  update(group, commands);
  remove(group, commands);
}

function list(group: Command, commands: Commands): void {
  const command = commands.define(group, 'list', 'Lists trusted issuers, oldest first', ['trusted-issuers list']);
  limitOption(command)
    .option('--issuer <iss>', 'only this one; https://idp.example/* for all that begin so')
    .option('--name <name>', 'only those of this name; Work* for all that begin so');
  commands.does<ListOptions & { issuer?: string; name?: string }>(command, async ({ connection, options, print }) => {
    const filter = filterOf({ issuer: options.issuer, display_name: options.name });
    const found = await listAll(
      options,
      async (page) => {
        const answer = await connection.call(rpc.listTrustedIssuers, { ...page, filter });
        return { things: answer.trusted_issuers, next_page_token: answer.next_page_token };
      },
      print,
    );
    print.list(found, view, 'There are no trusted issuers.');
  });
}

function get(group: Command, commands: Commands): void {
  const command = commands.define(group, 'get <id>', 'Shows one trusted issuer', ['trusted-issuers get ti_1']);
  commands.does(command, async ({ connection, print, operands: [trusted_issuer_id = ''] }) => {
    const answer = await connection.call(rpc.getTrustedIssuer, { trusted_issuer_id });
    if (answer.trusted_issuer) print.one(answer.trusted_issuer, view);
  });
}

interface Fields {
  readonly name?: string;
  readonly jwksFile?: string;
  readonly jwksUri?: string;
  readonly subjects?: string;
  readonly allowedSubject?: string[];
  readonly scope?: string;
  readonly assertionLifetime?: number;
  readonly disabled?: boolean;
}

function fieldOptions(command: Command): Command {
  return command
    .option('--name <name>', 'display name')
    .option('--jwks-file <path>', 'its public keys, a JWK Set')
    .option('--jwks-uri <uri>', 'where it publishes its keys, https')
    .option('--subjects <external|local>', 'whom its sub names: somebody of its own, or a person here; external when nothing is said')
    .addOption(new Option('--allowed-subject <sub>', 'the only ones that it may speak for; repeat for several').argParser(several))
    .option('--scope <scopes>', 'the most that its assertions can get')
    .addOption(new Option('--assertion-lifetime <seconds>', 'the longest life of an assertion; 300 when nothing is said').argParser(count))
    .addOption(new Option('--disabled [true|false]', 'its assertions are refused, and what they got ends').argParser(truth));
}

/** The fields that were given, and their names for the update mask. */
function fieldsOf(options: Fields, cwd: string): { given: Partial<TrustedIssuer>; mask: string[] } {
  const all = {
    display_name: options.name,
    jwks: options.jwksFile === undefined ? undefined : readJwks(resolve(cwd, options.jwksFile)),
    jwks_uri: options.jwksUri,
    subjects: options.subjects,
    allowed_subjects: options.allowedSubject,
    scope: options.scope,
    assertion_lifetime: options.assertionLifetime,
    disabled: options.disabled,
  };
  const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return { given, mask: Object.keys(given) };
}

function create(group: Command, commands: Commands): void {
  const command = commands.define(
    group,
    'create <issuer>',
    'Trusts an issuer; a client may bring its assertions when its own list names it',
    [
      'trusted-issuers create https://idp.example --jwks-uri https://idp.example/jwks --scope "orders.read"',
      'trusted-issuers create https://ci.example --jwks-file keys.json --allowed-subject repo:shop --scope deploy',
    ],
  );
  commands.does<Fields>(fieldOptions(command), async ({ connection, print, options, surroundings, operands: [issuer = ''] }) => {
    const { given } = fieldsOf(options, surroundings.cwd);
    const answer = await connection.call(rpc.createTrustedIssuer, { trusted_issuer: TrustedIssuer.fromPartial({ ...given, issuer }) });
    if (answer.trusted_issuer) print.one(answer.trusted_issuer, view);
  });
}

function update(group: Command, commands: Commands): void {
  const command = commands
    .define(group, 'update <id>', 'Changes the fields that are given, and no others; lists as a whole', [
      'trusted-issuers update ti_1 --scope "orders.read orders.write"',
      'trusted-issuers update ti_1 --disabled',
    ])
    .option('--etag <etag>', 'refuse when it has changed since');
  commands.does<Fields & { etag?: string }>(
    fieldOptions(command),
    async ({ connection, print, options, surroundings, operands: [trusted_issuer_id = ''] }) => {
      const { given, mask } = fieldsOf(options, surroundings.cwd);
      if (mask.length === 0) throw usage('trusted-issuers update', 'nothing is to change', 'give an option for each field; see --help');
      const trusted_issuer = TrustedIssuer.fromPartial({ ...given, trusted_issuer_id, etag: options.etag ?? '' });
      const answer = await connection.call(rpc.updateTrustedIssuer, { trusted_issuer, update_mask: mask });
      if (answer.trusted_issuer) print.one(answer.trusted_issuer, view);
    },
  );
}

function remove(group: Command, commands: Commands): void {
  const command = commands
    .define(group, 'delete <id>', 'Trusts an issuer no more; the tokens that its assertions got end', ['trusted-issuers delete ti_1'])
    .option('--etag <etag>', 'refuse when it has changed since');
  commands.does<{ etag?: string }>(command, async ({ connection, print, options, operands: [trusted_issuer_id = ''] }) => {
    await connection.call(rpc.deleteTrustedIssuer, { trusted_issuer_id, etag: options.etag ?? '' });
    print.done(`Deleted trusted issuer ${trusted_issuer_id}.`, { trusted_issuer_id, deleted: true });
  });
}

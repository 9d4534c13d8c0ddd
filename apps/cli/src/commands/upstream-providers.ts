import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { UpstreamProvider, UpstreamProviderServiceService } from '@authority/contracts/admin';
import { type Command, Option } from 'commander';
import { type Commands, several, truth } from '../command.ts';
import { usage } from '../fault.ts';
import { limitOption, listAll, type ListOptions } from '../listing.ts';
import type { View } from '../output/print.ts';
import { time } from '../output/time.ts';
import type { Surroundings } from '../surroundings.ts';

const rpc = UpstreamProviderServiceService;

const view: View<UpstreamProvider> = {
  columns: [
    { title: 'id', of: (one) => one.provider_id, whole: true },
    { title: 'name', of: (one) => one.display_name },
    { title: 'issuer', of: (one) => one.issuer || one.authorization_endpoint },
    { title: 'client', of: (one) => one.client_id },
    { title: 'new people', of: (one) => (one.registration ? 'yes' : '') },
    { title: 'disabled', of: (one) => (one.disabled ? 'yes' : '') },
    { title: 'created', of: (one) => time(one.create_time_ms) },
  ],
  data: (provider) => ({ ...provider }),
};

export function upstreamProviders(program: Command, commands: Commands): void {
  const group = commands.define(program, 'upstream-providers', 'Other providers that people may sign in with', [
    'upstream-providers create --preset google --client-id 1234.apps.googleusercontent.com --client-secret-file secret.txt --registration',
    'upstream-providers list',
  ]);
  list(group, commands);
  get(group, commands);
  create(group, commands);
  update(group, commands);
  remove(group, commands);
}

interface Fields {
  readonly name?: string;
  readonly kind?: string;
  readonly issuer?: string;
  readonly clientId?: string;
  readonly scope?: string;
  readonly authorizationEndpoint?: string;
  readonly tokenEndpoint?: string;
  readonly userinfoEndpoint?: string;
  readonly emailsEndpoint?: string;
  readonly authentication?: string;
  readonly appleTeamId?: string;
  readonly appleKeyId?: string;
  readonly responseMode?: string;
  readonly subjectClaim?: string;
  readonly trait?: string[];
  readonly trustsEmail?: boolean;
  readonly registration?: boolean;
  readonly disabled?: boolean;
}

interface SecretOptions {
  readonly clientSecretFile?: string;
  readonly clientSecretStdin?: boolean;
}

function fieldOptions(command: Command): Command {
  return command
    .option('--name <name>', 'what people read on the button')
    .addOption(new Option('--kind <kind>', 'oidc when nothing is said').choices(['oidc', 'oauth2']))
    .option('--issuer <iss>', 'issuer identifier (oidc)')
    .option('--client-id <id>', 'our client_id there')
    .option('--scope <scopes>', 'what to ask for; "openid email profile" when nothing is said')
    .option('--authorization-endpoint <url>', 'oauth2 only')
    .option('--token-endpoint <url>', 'oauth2 only')
    .option('--userinfo-endpoint <url>', 'oauth2; also oidc, when claims are only there')
    .option('--emails-endpoint <url>', 'a list of addresses that says which are verified, as GitHub has it')
    .addOption(
      new Option('--authentication <method>', 'at its token endpoint').choices(['client_secret_basic', 'client_secret_post', 'apple']),
    )
    .option('--apple-team-id <id>', "with --authentication apple, whose secret is the key's PEM")
    .option('--apple-key-id <id>', 'the id of that key')
    .addOption(new Option('--response-mode <mode>', 'how it answers').choices(['query', 'form_post']))
    .option('--subject-claim <claim>', 'which claim names the person there; sub when nothing is said')
    .addOption(new Option('--trait <trait=claim>', 'what a new account takes over; repeat for several').argParser(several))
    .addOption(new Option('--trusts-email [true|false]', 'take every address of it as verified').argParser(truth))
    .addOption(new Option('--registration [true|false]', 'who is not known here gets an account').argParser(truth))
    .addOption(new Option('--disabled [true|false]', 'nobody signs in with it').argParser(truth))
    .option('--client-secret-file <path>', 'a file with the client secret; with apple the key, PKCS #8 PEM')
    .option('--client-secret-stdin', 'the client secret comes on standard input');
}

/** The fields that were given, and their names for the update mask. */
function fieldsOf(options: Fields): { given: Partial<UpstreamProvider>; mask: string[] } {
  const all = {
    display_name: options.name,
    kind: options.kind,
    issuer: options.issuer,
    client_id: options.clientId,
    scopes: options.scope?.split(/\s+/).filter((scope) => scope !== ''),
    authorization_endpoint: options.authorizationEndpoint,
    token_endpoint: options.tokenEndpoint,
    userinfo_endpoint: options.userinfoEndpoint,
    emails_endpoint: options.emailsEndpoint,
    client_authentication: options.authentication,
    apple_team_id: options.appleTeamId,
    apple_key_id: options.appleKeyId,
    response_mode: options.responseMode === 'query' ? '' : options.responseMode,
    subject_claim: options.subjectClaim,
    trait_claims: options.trait && Object.fromEntries(options.trait.map(traitClaim)),
    trusts_email: options.trustsEmail,
    registration: options.registration,
    disabled: options.disabled,
  };
  const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return { given, mask: Object.keys(given) };
}

function traitClaim(text: string): [string, string] {
  const [trait = '', claim = ''] = text.split('=');
  if (trait === '' || claim === '') throw usage('--trait', `${text} names no trait and claim`, 'write --trait given_name=given_name');
  return [trait, claim];
}

async function secretOf(options: SecretOptions, { cwd, stdin }: Surroundings): Promise<string> {
  const { clientSecretFile: path, clientSecretStdin } = options;
  if (path !== undefined && clientSecretStdin) throw usage('client secret', 'it comes from two places', 'give one of the two options');
  if (path === undefined) return clientSecretStdin ? (await text(stdin)).trim() : '';
  try {
    return readFileSync(resolve(cwd, path), 'utf8').trim();
  } catch {
    throw usage('client secret', `the file cannot be read (${path})`, 'give the path of a file that holds it');
  }
}

function list(group: Command, commands: Commands): void {
  const command = commands.define(group, 'list', 'Lists providers', ['upstream-providers list']);
  limitOption(command);
  commands.does<ListOptions>(command, async ({ connection, options, print }) => {
    const found = await listAll(
      options,
      async (page) => {
        const answer = await connection.call(rpc.listUpstreamProviders, page);
        return { things: answer.upstream_providers, next_page_token: answer.next_page_token };
      },
      print,
    );
    print.list(found, view, 'There are no upstream providers.');
  });
}

function get(group: Command, commands: Commands): void {
  const command = commands.define(group, 'get <id>', 'Shows one provider, with the redirect URI to register there', [
    'upstream-providers get google',
  ]);
  commands.does(command, async ({ connection, print, operands: [provider_id = ''] }) => {
    const answer = await connection.call(rpc.getUpstreamProvider, { provider_id });
    if (answer.upstream_provider) print.one(answer.upstream_provider, view);
  });
}

function create(group: Command, commands: Commands): void {
  const command = commands
    .define(group, 'create [id]', 'Adds a provider; the id is part of the redirect URI to register there', [
      'upstream-providers create --preset github --client-id Iv1.1 --client-secret-stdin --registration < secret.txt',
      'upstream-providers create work --name Work --issuer https://sso.example --client-id authority --client-secret-file secret.txt',
    ])
    .addOption(new Option('--preset <name>', 'what is known of a big one').choices(['google', 'github', 'microsoft', 'apple']));
  commands.does<Fields & SecretOptions & { preset?: string }>(
    fieldOptions(command),
    async ({ connection, print, options, surroundings, operands: [provider_id = ''] }) => {
      const client_secret = await secretOf(options, surroundings);
      const upstream_provider = UpstreamProvider.fromPartial({ ...fieldsOf(options).given, provider_id });
      const request = { upstream_provider, client_secret, preset: options.preset ?? '' };
      const answer = await connection.call(rpc.createUpstreamProvider, request);
      if (answer.upstream_provider) print.one(answer.upstream_provider, view);
    },
  );
}

function update(group: Command, commands: Commands): void {
  const command = commands
    .define(group, 'update <id>', 'Changes the fields that are given, and no others; lists as a whole', [
      'upstream-providers update google --disabled',
      'upstream-providers update google --client-secret-stdin < secret.txt',
    ])
    .option('--etag <etag>', 'refuse when it has changed since');
  commands.does<Fields & SecretOptions & { etag?: string }>(
    fieldOptions(command),
    async ({ connection, print, options, surroundings, operands: [provider_id = ''] }) => {
      const { given, mask } = fieldsOf(options);
      const client_secret = await secretOf(options, surroundings);
      if (mask.length === 0 && client_secret === '') {
        throw usage('upstream-providers update', 'nothing is to change', 'give an option for each field; see --help');
      }
      const upstream_provider = UpstreamProvider.fromPartial({ ...given, provider_id, etag: options.etag ?? '' });
      const answer = await connection.call(rpc.updateUpstreamProvider, { upstream_provider, update_mask: mask, client_secret });
      if (answer.upstream_provider) print.one(answer.upstream_provider, view);
    },
  );
}

function remove(group: Command, commands: Commands): void {
  const command = commands
    .define(group, 'delete <id>', 'Removes a provider and every link to it', ['upstream-providers delete google'])
    .option('--etag <etag>', 'refuse when it has changed since');
  commands.does<{ etag?: string }>(command, async ({ connection, print, options, operands: [provider_id = ''] }) => {
    await connection.call(rpc.deleteUpstreamProvider, { provider_id, etag: options.etag ?? '' });
    print.done(`Deleted upstream provider ${provider_id}.`, { provider_id, deleted: true });
  });
}

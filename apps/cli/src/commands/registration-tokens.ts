import { RegistrationToken, RegistrationTokenServiceService } from '@authority/contracts/admin';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Commands, count, duration, several } from '../command.ts';
import { limitOption, listAll, type ListOptions } from '../listing.ts';
import type { View } from '../output/print.ts';
import { time } from '../output/time.ts';

const rpc = RegistrationTokenServiceService;

const view: View<RegistrationToken> = {
  columns: [
    { title: 'id', of: (one) => one.registration_token_id, whole: true },
    { title: 'description', of: (one) => one.description },
    { title: 'allows', of: allowed },
    { title: 'uses', of: (one) => (one.uses_limit === 0 ? `${one.uses}` : `${one.uses}/${one.uses_limit}`) },
    { title: 'expires', of: (one) => time(one.expire_time_ms) },
  ],
  data: (token) => ({ ...token }),
};

function allowed(token: RegistrationToken): string {
  const words = {
    'no-pkce': token.allow_no_pkce,
    implicit: token.allow_implicit,
    hybrid: token.allow_hybrid,
    password: token.allow_password,
    device: token.allow_device,
  };
  return Object.entries(words)
    .flatMap(([word, yes]) => (yes ? [word] : []))
    .join(' ');
}

export function registrationTokens(program: Command, commands: Commands): void {
  const group = commands.define(program, 'registration-tokens', 'Initial access tokens for dynamic registration (RFC 7591)', [
    'registration-tokens create --uses 1 --expires 1h',
  ]);
  list(group, commands);
  get(group, commands);
  create(group, commands);
  remove(group, commands);
}

function list(group: Command, commands: Commands): void {
  const command = limitOption(
    commands.define(group, 'list', 'Lists tokens without their values, oldest first', ['registration-tokens list']),
  );
  commands.does<ListOptions>(command, async ({ connection, options, print }) => {
    const found = await listAll(
      options,
      async (page) => {
        const answer = await connection.call(rpc.listRegistrationTokens, { ...page, filter: '' });
        return { things: answer.registration_tokens, next_page_token: answer.next_page_token };
      },
      print,
    );
    print.list(found, view, 'There are no registration tokens.');
  });
}

function get(group: Command, commands: Commands): void {
  const command = commands.define(group, 'get <id>', 'Shows one token, without its value', ['registration-tokens get rt_1']);
  commands.does(command, async ({ connection, print, operands: [registration_token_id = ''] }) => {
    const { registration_token } = await connection.call(rpc.getRegistrationToken, { registration_token_id });
    if (registration_token) print.one(registration_token, view);
  });
}

interface CreateOptions {
  readonly description?: string;
  readonly allowNoPkce?: boolean;
  readonly allowImplicit?: boolean;
  readonly allowHybrid?: boolean;
  readonly allowPassword?: boolean;
  readonly allowDevice?: boolean;
  readonly profile?: string;
  readonly scope?: string;
  readonly authMethod?: string[];
  readonly uses?: number;
  readonly expires?: number;
}

function create(group: Command, commands: Commands): void {
  const command = commands
    .define(group, 'create', 'Creates a token with a policy for its clients; its value is shown once', [
      'registration-tokens create --uses 1 --expires 1h',
      'registration-tokens create --description "conformance suite" --allow-no-pkce --allow-implicit --allow-hybrid',
    ])
    .option('--description <text>', 'a note for yourself')
    .option('--allow-no-pkce', 'its clients may leave PKCE out (metadata require_pkce: false)')
    .option('--allow-implicit', 'its clients may use implicit response types')
    .option('--allow-hybrid', 'its clients may use hybrid response types')
    .option('--allow-password', 'its clients may use the password grant')
    .option('--allow-device', 'its clients may use the device grant')
    .option('--profile <name>', 'a profile that its clients must follow')
    .option('--scope <scopes>', 'scopes that its clients may ask for; the standard OpenID ones when nothing is said')
    .addOption(new Option('--auth-method <method>', 'client authentication that they may use; repeat for several').argParser(several))
    .addOption(new Option('--uses <n>', 'how many clients it may register; without a limit when nothing is said').argParser(count))
    .addOption(new Option('--expires <when>', 'after so long (1h, 30d) or at a time (2027-01-31T00:00:00Z)').argParser(expiry));
  commands.does<CreateOptions>(command, async ({ connection, print, options }) => {
    const registration_token = RegistrationToken.fromPartial({
      description: options.description ?? '',
      allow_no_pkce: options.allowNoPkce ?? false,
      allow_implicit: options.allowImplicit ?? false,
      allow_hybrid: options.allowHybrid ?? false,
      allow_password: options.allowPassword ?? false,
      allow_device: options.allowDevice ?? false,
      profile: options.profile ?? '',
      scope: options.scope ?? '',
      token_endpoint_auth_methods: options.authMethod ?? [],
      uses_limit: options.uses ?? 0,
      expire_time_ms: options.expires ?? 0,
    });
    const answer = await connection.call(rpc.createRegistrationToken, { registration_token });
    if (answer.registration_token) print.one(answer.registration_token, view, { value: answer.value });
    print.note('The value is shown only now; keep it somewhere safe.');
  });
}

/** Unix milliseconds. */
function expiry(text: string): number {
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Date.now() + duration(text);
  if (Number.isNaN(at) || at <= Date.now()) throw new InvalidArgumentError('it must be a time to come.');
  return at;
}

function remove(group: Command, commands: Commands): void {
  const command = commands.define(group, 'delete <id>', 'Deletes a token; clients registered with it stay', [
    'registration-tokens delete rt_1',
  ]);
  commands.does(command, async ({ connection, print, operands: [registration_token_id = ''] }) => {
    await connection.call(rpc.deleteRegistrationToken, { registration_token_id });
    print.done(`Deleted registration token ${registration_token_id}.`, { registration_token_id, deleted: true });
  });
}

import { Identity, IdentityServiceService } from '@authority/contracts/admin';
import { type Command, Option } from 'commander';
import { type Commands, several, type Work } from '../command.ts';
import { failure, usage } from '../fault.ts';
import { filterOf, limitOption, listAll, type ListOptions } from '../listing.ts';
import { json, type View } from '../output/print.ts';
import { time } from '../output/time.ts';
import { exporting } from './identity-export.ts';
import { importing } from './identity-import.ts';
import { readSecret, type SecretOptions } from '../secret-input.ts';

const rpc = IdentityServiceService;

const view: View<Identity> = {
  columns: [
    { title: 'sub', of: (one) => one.sub, whole: true },
    { title: 'email', of: (one) => trait(one, 'email') },
    { title: 'name', of: (one) => trait(one, 'name') },
    { title: 'state', of: (one) => (one.disabled ? 'disabled' : 'enabled') },
    { title: 'created', of: (one) => time(one.create_time_ms) },
  ],
  data: (identity) => ({ ...identity, traits: json(identity.traits) }),
};

function traitsOf({ traits }: Identity): Readonly<Record<string, unknown>> {
  const value = json(traits);
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function trait(identity: Identity, name: string): string {
  const value = traitsOf(identity)[name];
  return typeof value === 'string' ? value : '';
}

export function identities(program: Command, commands: Commands): void {
  const group = commands.define(program, 'identities', 'People', [
    'identities list',
    'identities create --email a@example.com --password-stdin',
  ]);
  list(group, commands);
  get(group, commands);
  create(group, commands);
  update(group, commands);
  enabling(group, commands);
  setPassword(group, commands);
  remove(group, commands);
  moving(group, commands);
}

function moving(group: Command, commands: Commands): void {
  importing(
    commands.define(group, 'import <file>', 'Imports people of another system, a JSON object a line (docs/how-to/import.md)', [
      'identities import people.ndjson --dry-run',
      'identities import people.ndjson',
      'identities import people.ndjson --resume',
    ]),
    commands,
  );
  exporting(
    commands.define(group, 'export', 'Writes all people as lines that `import` takes, without passwords and other credentials', [
      'identities export > people.ndjson',
    ]),
    commands,
  );
}

function list(group: Command, commands: Commands): void {
  const command = limitOption(
    commands.define(group, 'list', 'Lists people, oldest first', ['identities list', 'identities list --search mortlake']),
  )
    .option('--search <text>', 'only people who have it somewhere in what is known of them')
    .option('--email <address>', 'only the person with this address')
    .option('--disabled <true|false>', 'only those who are, or are not, disabled');
  commands.does<ListOptions & { search?: string; email?: string; disabled?: string }>(command, async ({ connection, options, print }) => {
    const filter = filterOf({ email: options.email, disabled: options.disabled });
    const found = await listAll(
      options,
      async (page) => {
        const answer = await connection.call(rpc.listIdentities, { ...page, filter, search: options.search ?? '' });
        return { things: answer.identities, next_page_token: answer.next_page_token };
      },
      print,
    );
    print.list(found, view, 'There are no such people.');
  });
}

function get(group: Command, commands: Commands): void {
  const command = commands.define(group, 'get <sub-or-email>', 'Shows one person', ['identities get a@example.com']);
  commands.does(command, async (work) => work.print.one(await find(work), view));
}

/** The person whom the operand names, by subject or by address. */
async function find({ connection, operands: [who = ''] }: Pick<Work<unknown>, 'connection' | 'operands'>): Promise<Identity> {
  const identity = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(who)
    ? (await connection.call(rpc.getIdentity, { sub: who })).identity
    : (
        await connection.call(rpc.listIdentities, {
          page_size: 1,
          page_token: '',
          search: '',
          filter: filterOf(who.includes('@') ? { email: who } : { identifier: who }),
        })
      ).identities[0];
  if (identity) return identity;
  throw failure('identity', `there is nobody with the name ${who}`, 'authorityctl identities list shows all');
}

function create(group: Command, commands: Commands): void {
  const command = secretOptions(
    commands
      .define(group, 'create', 'Creates a person', [
        'identities create --email a@example.com --name "Ada Example" --password-stdin < password.txt',
        'identities create --email a@example.com --password-file password.txt --email-verified',
        'identities create --schema username --trait username=ada --password-stdin < password.txt',
      ])
      .option('--email <address>', 'address, also the name to sign in with')
      .option('--name <name>', 'display name')
      .option('--schema <id>', 'schema of the traits; the one of registration when nothing is said')
      .addOption(traitOption())
      .option('--email-verified', 'the address is known to be theirs'),
  );
  commands.does<SecretOptions & TraitOptions & { schema?: string; emailVerified?: boolean }>(
    command,
    async ({ connection, options, print, surroundings }) => {
      const password = (await readSecret(options, surroundings)) ?? '';
      const given = givenTraits(options);
      if (options.email === undefined && options.trait === undefined)
        throw usage('identities create', 'there is nothing to sign in with', 'give --email, or --trait');
      const traits = JSON.stringify(given);
      const identity = Identity.fromPartial({ traits, email_verified: options.emailVerified ?? false, schema_id: options.schema ?? '' });
      const answer = await connection.call(rpc.createIdentity, { identity, password });
      if (answer.identity) print.one(answer.identity, view);
    },
  );
}

interface TraitOptions {
  readonly email?: string;
  readonly name?: string;
  readonly trait?: readonly string[];
}

const traitOption = (): Option =>
  new Option('--trait <name=value>', 'any trait of the schema; repeat for several; JSON after := (size:=42)').argParser(several);

/** `name=text`, or `name:=JSON` for what is no text. */
function givenTraits({ email, name, trait = [] }: TraitOptions): Record<string, unknown> {
  const others = trait.map((one): [string, unknown] => {
    const [, key, isJson, value = ''] = /^([a-z][a-z0-9_]*)(:?)=(.*)$/s.exec(one) ?? [];
    if (key === undefined) throw usage('--trait', `${one} is not name=value`, 'write it so');
    // What is no JSON is a text, and the schema says whether that will do.
    return [key, isJson === '' ? value : json(value)];
  });
  return { ...(email === undefined ? {} : { email }), ...(name === undefined ? {} : { name }), ...Object.fromEntries(others) };
}

function update(group: Command, commands: Commands): void {
  const command = commands
    .define(group, 'update <sub-or-email>', 'Changes the fields that are given, and no others', [
      'identities update a@example.com --name "Ada E."',
    ])
    .option('--email <address>', 'new address')
    .option('--name <name>', 'new display name')
    .option('--schema <id>', 'another schema')
    .addOption(traitOption())
    .option('--email-verified <true|false>', 'whether the address is known to be theirs');
  commands.does<TraitOptions & { schema?: string; emailVerified?: string }>(command, async (work) => {
    const { emailVerified, schema } = work.options;
    if (emailVerified !== undefined && !/^(?:true|false)$/.test(emailVerified))
      throw usage('--email-verified', 'it must be true or false', 'give one of them');
    const changed = givenTraits(work.options);
    const update_mask = [
      ...(schema === undefined ? [] : ['schema_id']),
      ...(Object.keys(changed).length > 0 ? ['traits'] : []),
      ...(emailVerified === undefined ? [] : ['email_verified']),
    ];
    if (update_mask.length === 0) throw usage('identities update', 'nothing is to change', 'give an option for each field; see --help');
    const current = await find(work);
    // The etag of what was read: traits are one field, and somebody else's change to another trait must not be lost.
    const identity: Identity = {
      ...current,
      schema_id: schema ?? current.schema_id,
      traits: JSON.stringify(Object.fromEntries(Object.entries({ ...traitsOf(current), ...changed }).filter(([, value]) => value !== ''))),
      email_verified: emailVerified === 'true',
    };
    await change(work, identity, update_mask);
  });
}

function enabling(group: Command, commands: Commands): void {
  const words = { disable: "Ends a person's sessions, grants and tokens; they cannot sign in", enable: 'Lets a person sign in again' };
  for (const [verb, description] of Object.entries(words)) {
    const command = commands.define(group, `${verb} <sub-or-email>`, description, [`identities ${verb} a@example.com`]);
    commands.does(command, async (work) => {
      const current = await find(work);
      await change(work, { ...current, etag: '', disabled: verb === 'disable' }, ['disabled']);
    });
  }
}

async function change(
  { connection, print }: Pick<Work<unknown>, 'connection' | 'print'>,
  identity: Identity,
  update_mask: string[],
): Promise<void> {
  const answer = await connection.call(rpc.updateIdentity, { identity, update_mask });
  if (answer.identity) print.one(answer.identity, view);
  if (answer.propagating) print.note(stillSpreading);
}

function setPassword(group: Command, commands: Commands): void {
  const command = secretOptions(
    commands.define(group, 'set-password <sub-or-email>', 'Sets a new password; all sessions, grants and tokens of the person end', [
      'identities set-password a@example.com --password-stdin < password.txt',
    ]),
  );
  commands.does<SecretOptions>(command, async (work) => {
    const password = await readSecret(work.options, work.surroundings);
    if (password === undefined) throw usage('identities set-password', 'there is no password', 'give --password-stdin or --password-file');
    const { sub } = await find(work);
    const { propagating } = await work.connection.call(rpc.setPassword, { sub, password });
    work.print.done(`Set a new password for ${sub}.`, { sub, propagating });
    if (propagating) work.print.note(stillSpreading);
  });
}

function remove(group: Command, commands: Commands): void {
  const command = commands.define(group, 'delete <sub-or-email>', 'Deletes a person and ends all that they have', [
    'identities delete a@example.com',
  ]);
  commands.does(command, async (work) => {
    const { sub } = await find(work);
    const { propagating } = await work.connection.call(rpc.deleteIdentity, { sub, etag: '' });
    work.print.done(`Deleted ${sub}.`, { sub, deleted: true, propagating });
    if (propagating) work.print.note(stillSpreading);
  });
}

const stillSpreading = 'Some replicas have not confirmed it yet; they will within seconds.';

function secretOptions(command: Command): Command {
  return command
    .option('--password-stdin', 'read the password from standard input')
    .option('--password-file <path>', 'read the password from a file');
}

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Schema, SchemaServiceService, type UnfitIdentity } from '@authority/contracts/admin';
import { type Command, Option } from 'commander';
import { type Commands, count } from '../command.ts';
import { failure } from '../fault.ts';
import { limitOption, listAll, type ListOptions } from '../listing.ts';
import { json, type View } from '../output/print.ts';
import { time } from '../output/time.ts';

const rpc = SchemaServiceService;

const view: View<Schema> = {
  columns: [
    { title: 'id', of: (one) => one.schema_id, whole: true },
    { title: 'version', of: (one) => String(one.version) },
    { title: 'title', of: (one) => one.title },
    { title: 'made', of: (one) => (one.create_time_ms === 0 ? 'ships with the server' : time(one.create_time_ms)) },
  ],
  data: (schema) => ({ ...schema, document: json(schema.document) }),
};

const unfitView: View<UnfitIdentity> = {
  columns: [
    { title: 'sub', of: (one) => one.sub, whole: true },
    { title: 'version', of: (one) => String(one.schema_version) },
    { title: 'what does not fit', of: (one) => one.traits.map(({ trait, description }) => `${trait} ${description}`.trim()).join('; ') },
  ],
  data: (one) => ({ ...one }),
};

export function schemas(program: Command, commands: Commands): void {
  const group = commands.define(program, 'schemas', 'What is known of people: JSON Schemas of their traits', [
    'schemas list',
    'schemas get employee --document > employee.json',
  ]);
  list(group, commands);
  get(group, commands);
  versions(group, commands);
  create(group, commands);
  update(group, commands);
  check(group, commands);
  remove(group, commands);
}

function list(group: Command, commands: Commands): void {
  const command = limitOption(commands.define(group, 'list', 'Lists schemas in their newest versions', ['schemas list']));
  commands.does<ListOptions>(command, async ({ connection, options, print }) => {
    const found = await listAll(
      options,
      async (page) => {
        const answer = await connection.call(rpc.listSchemas, page);
        return { things: answer.schemas, next_page_token: answer.next_page_token };
      },
      print,
    );
    print.list(found, view, 'There are no schemas.');
  });
}

function versions(group: Command, commands: Commands): void {
  const command = limitOption(
    commands.define(group, 'versions <id>', 'Lists the versions of a schema, oldest first', ['schemas versions employee']),
  );
  commands.does<ListOptions>(command, async ({ connection, options, print, operands: [schema_id = ''] }) => {
    const found = await listAll(
      options,
      async (page) => {
        const answer = await connection.call(rpc.listSchemaVersions, { ...page, schema_id });
        return { things: answer.schemas, next_page_token: answer.next_page_token };
      },
      print,
    );
    print.list(found, view, 'There is no such schema.');
  });
}

function get(group: Command, commands: Commands): void {
  const command = commands
    .define(group, 'get <id>', 'Shows a schema', ['schemas get default', 'schemas get employee --version 2 -o json'])
    .addOption(new Option('--version <number>', 'this version; the newest when nothing is said').argParser(count))
    .option('--document', 'its document alone, as it was sent');
  commands.does<{ version?: number; document?: boolean }>(
    command,
    async ({ connection, options, print, surroundings, operands: [schema_id = ''] }) => {
      const { schema } = await connection.call(rpc.getSchema, { schema_id, version: options.version ?? 0 });
      if (!schema) return;
      if (options.document === true) surroundings.stdout.write(`${schema.document}\n`);
      else print.one(schema, view);
    },
  );
}

function create(group: Command, commands: Commands): void {
  const command = commands
    .define(group, 'create <id>', 'Creates a schema', ['schemas create customer --file customer.json'])
    .requiredOption('--file <path>', 'its document: JSON Schema 2020-12 with the keyword `authority`');
  commands.does<{ file: string }>(command, async ({ connection, options, print, surroundings, operands: [schema_id = ''] }) => {
    const schema = Schema.fromPartial({ schema_id, document: readDocument(resolve(surroundings.cwd, options.file)) });
    const answer = await connection.call(rpc.createSchema, { schema });
    if (answer.schema) print.one(answer.schema, view);
  });
}

function update(group: Command, commands: Commands): void {
  const command = commands
    .define(group, 'update <id>', 'Makes a new version; whoever has an older one keeps it until their traits change', [
      'schemas check customer --file customer.json',
      'schemas update customer --file customer.json',
    ])
    .requiredOption('--file <path>', 'the new document')
    .option('--etag <etag>', 'refuse when there has been a version since');
  commands.does<{ file: string; etag?: string }>(
    command,
    async ({ connection, options, print, surroundings, operands: [schema_id = ''] }) => {
      const document = readDocument(resolve(surroundings.cwd, options.file));
      const schema = Schema.fromPartial({ schema_id, document, etag: options.etag ?? '' });
      const answer = await connection.call(rpc.updateSchema, { schema });
      if (answer.schema) print.one(answer.schema, view);
    },
  );
}

function check(group: Command, commands: Commands): void {
  const command = limitOption(
    commands.define(group, 'check <id>', 'Lists people whose traits do not fit the newest version, or a document that is none yet', [
      'schemas check customer',
      'schemas check customer --file customer.json',
    ]),
  ).option('--file <path>', 'check against this document');
  commands.does<ListOptions & { file?: string }>(
    command,
    async ({ connection, options, print, surroundings, operands: [schema_id = ''] }) => {
      const document = options.file === undefined ? '' : readDocument(resolve(surroundings.cwd, options.file));
      const found = await listAll(
        options,
        async (page) => {
          const answer = await connection.call(rpc.checkSchema, { ...page, page_size: 500, schema_id, document });
          return { things: answer.unfit, next_page_token: answer.next_page_token };
        },
        print,
      );
      print.list(found, unfitView, 'Everybody who has it fits.');
    },
  );
}

function remove(group: Command, commands: Commands): void {
  const command = commands
    .define(group, 'delete <id>', 'Deletes a schema that nobody has', ['schemas delete customer'])
    .option('--etag <etag>', 'refuse when there has been a version since');
  commands.does<{ etag?: string }>(command, async ({ connection, options, print, operands: [schema_id = ''] }) => {
    await connection.call(rpc.deleteSchema, { schema_id, etag: options.etag ?? '' });
    print.done(`Deleted schema ${schema_id}.`, { schema_id, deleted: true });
  });
}

function readDocument(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw failure('--file', `${path} cannot be read`, 'name a file with a JSON Schema');
  }
}

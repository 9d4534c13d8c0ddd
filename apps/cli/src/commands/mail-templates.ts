import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { MailTemplate, MailTemplateServiceService } from '@authority/contracts/admin';
import type { Command } from 'commander';
import type { Commands } from '../command.ts';
import { usage } from '../fault.ts';
import { filterOf, limitOption, listAll, type ListOptions } from '../listing.ts';
import type { View } from '../output/print.ts';
import { time } from '../output/time.ts';

const rpc = MailTemplateServiceService;

const view: View<MailTemplate> = {
  columns: [
    { title: 'kind', of: (one) => one.kind, whole: true },
    { title: 'locale', of: (one) => one.locale },
    { title: 'replaced', of: (one) => one.replaced.join(', ') },
    { title: 'subject', of: (one) => one.subject },
    { title: 'changed', of: (one) => time(one.update_time_ms) },
  ],
  data: (template) => ({ ...template }),
};

export function mailTemplates(program: Command, commands: Commands): void {
  const group = commands.define(program, 'mail-templates', 'The texts of the mails that people get', [
    'mail-templates list --kind recovery',
    'mail-templates update recovery en --subject "Your account at {{product}}"',
  ]);
  list(group, commands);
  get(group, commands);
  update(group, commands);
  preview(group, commands);
  remove(group, commands);
}

function list(group: Command, commands: Commands): void {
  const command = commands.define(group, 'list', 'Lists templates by kind and language', ['mail-templates list --locale en']);
  limitOption(command).option('--kind <kind>', 'only this kind of mail').option('--locale <locale>', 'only this language');
  commands.does<ListOptions & { kind?: string; locale?: string }>(command, async ({ connection, options, print }) => {
    const filter = filterOf({ kind: options.kind, locale: options.locale });
    const found = await listAll(
      options,
      async (page) => {
        const answer = await connection.call(rpc.listMailTemplates, { ...page, filter });
        return { things: answer.mail_templates, next_page_token: answer.next_page_token };
      },
      print,
    );
    print.list(found, view, 'There are no such templates.');
  });
}

function get(group: Command, commands: Commands): void {
  const command = commands.define(group, 'get <kind> [locale]', 'Shows one template; English when no language is named', [
    'mail-templates get recovery',
    'mail-templates get recovery de -o json',
  ]);
  commands.does(command, async ({ connection, print, operands: [kind = '', locale = 'en'] }) => {
    const { mail_template } = await connection.call(rpc.getMailTemplate, { kind, locale });
    if (mail_template) print.one(mail_template, view);
  });
}

interface Parts {
  readonly subject?: string;
  readonly textFile?: string;
  readonly htmlFile?: string;
}

function partOptions(command: Command): Command {
  return command
    .option('--subject <template>', 'the subject; empty for the built-in one')
    .option('--text-file <path>', 'a file with the text part; empty for the built-in one')
    .option('--html-file <path>', 'a file with the HTML part; empty for the built-in one');
}

/** The parts that were given, and their names for the update mask. */
function partsOf({ subject, textFile, htmlFile }: Parts, cwd: string): { given: Partial<MailTemplate>; mask: string[] } {
  const all = {
    subject,
    text: textFile === undefined ? undefined : read('--text-file', resolve(cwd, textFile)),
    html: htmlFile === undefined ? undefined : read('--html-file', resolve(cwd, htmlFile)),
  };
  const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return { given, mask: Object.keys(given) };
}

function read(option: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw usage(option, `${path} cannot be read`, 'name a file that is there');
  }
}

function update(group: Command, commands: Commands): void {
  const command = commands
    .define(group, 'update <kind> <locale>', 'Replaces the parts that are given, for mails that leave from then on', [
      'mail-templates update recovery en --subject "Your account at {{product}}"',
      'mail-templates update verification nl --subject "Uw adres" --text-file nl.txt --html-file nl.html',
    ])
    .option('--etag <etag>', 'refuse when it has changed since');
  commands.does<Parts & { etag?: string }>(
    partOptions(command),
    async ({ connection, print, options, surroundings, operands: [kind = '', locale = ''] }) => {
      const { given, mask } = partsOf(options, surroundings.cwd);
      if (mask.length === 0) throw usage('mail-templates update', 'nothing is to change', 'give a subject or a file; see --help');
      const mail_template = MailTemplate.fromPartial({ ...given, kind, locale, etag: options.etag ?? '' });
      const answer = await connection.call(rpc.updateMailTemplate, { mail_template, update_mask: mask });
      if (answer.mail_template) print.one(answer.mail_template, view);
    },
  );
}

function preview(group: Command, commands: Commands): void {
  const command = commands.define(group, 'preview <kind> [locale]', 'Fills a template in with values of nobody; changes nothing', [
    'mail-templates preview recovery',
    'mail-templates preview recovery en --html-file draft.html -o json',
  ]);
  commands.does<Parts>(partOptions(command), async ({ connection, print, options, surroundings, operands: [kind = '', locale = 'en'] }) => {
    const mail_template = MailTemplate.fromPartial({ ...partsOf(options, surroundings.cwd).given, kind, locale });
    print.record({ ...(await connection.call(rpc.previewMailTemplate, { mail_template })) });
  });
}

function remove(group: Command, commands: Commands): void {
  const command = commands
    .define(group, 'delete <kind> <locale>', 'Puts the built-in template back', ['mail-templates delete recovery en'])
    .option('--etag <etag>', 'refuse when it has changed since');
  commands.does<{ etag?: string }>(command, async ({ connection, print, options, operands: [kind = '', locale = ''] }) => {
    await connection.call(rpc.deleteMailTemplate, { kind, locale, etag: options.etag ?? '' });
    print.done(`The template of ${kind} in ${locale} is the built-in one.`, { kind, locale, deleted: true });
  });
}

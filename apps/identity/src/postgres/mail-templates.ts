import { type Migration, migration, type Queryable, statement } from '@authority/postgres';
import type { ReplacedTemplates } from '../mails/deliver.ts';
import { builtInTemplate } from '../mails/templates/built-in.ts';

/** Templates that operators have replaced. An empty part is the built-in one. */
export const mailTemplateTables: Migration = migration('MailTemplates1764000210000', [
  `CREATE TABLE mail_templates (
     kind text NOT NULL,
     locale text NOT NULL,
     subject text NOT NULL DEFAULT '',
     body text NOT NULL DEFAULT '',
     html text NOT NULL DEFAULT '',
     version bigint NOT NULL DEFAULT 1,
     updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     PRIMARY KEY (kind, locale)
   )`,
]);

interface TemplateRow {
  kind: string;
  locale: string;
  subject: string;
  body: string;
  html: string;
  version: number;
  updated_at: Date;
}

const columns = 'kind, locale, subject, body, html, version, updated_at';
const find = statement(
  'mail_template_find',
  `SELECT ${columns} FROM mail_templates WHERE kind = $1 AND locale = ANY ($2::text[]) ORDER BY array_position($2::text[], locale) LIMIT 1`,
);

/** What deliveries ask, one look-up for each. */
export const replacedTemplates = (db: Queryable): ReplacedTemplates => ({
  async find(kind, locales) {
    const [row] = await db.query<TemplateRow>(find, [kind, locales]);
    if (!row) return undefined;
    const builtIn = builtInTemplate(kind, row.locale);
    const { locale, subject, body, html } = row;
    return { locale, subject: subject || builtIn.subject, text: body || builtIn.text, html: html || builtIn.html };
  },
});

import { type Migration, migration, type Queryable, statement } from '@authority/postgres';
import type { ReplacedTemplates } from '../mails/deliver.ts';
import { type MailKind, isMailKind } from '../mails/kinds.ts';
import { builtInTemplate, type Template } from '../mails/templates/built-in.ts';

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

/** A row: what was replaced, and since when. */
export interface ReplacedTemplate extends Template {
  readonly kind: MailKind;
  readonly locale: string;
  readonly version: number;
  readonly updatedAt: Date;
}

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
const all = statement('mail_templates_all', `SELECT ${columns} FROM mail_templates`);
// Also where there is no row yet: two operators change a template one after the other.
const lockAll = statement('mail_templates_lock', 'LOCK TABLE mail_templates IN SHARE ROW EXCLUSIVE MODE');
const findOne = statement('mail_template_one', `SELECT ${columns} FROM mail_templates WHERE kind = $1 AND locale = $2`);
const store = statement(
  'mail_template_store',
  `INSERT INTO mail_templates (kind, locale, subject, body, html) VALUES ($1, $2, $3, $4, $5)
   ON CONFLICT (kind, locale) DO UPDATE SET subject = EXCLUDED.subject, body = EXCLUDED.body, html = EXCLUDED.html,
     version = mail_templates.version + 1, updated_at = clock_timestamp()`,
);
const remove = statement('mail_template_remove', 'DELETE FROM mail_templates WHERE kind = $1 AND locale = $2');

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

export async function listReplaced(db: Queryable): Promise<ReplacedTemplate[]> {
  return (await db.query<TemplateRow>(all)).flatMap(fromRow);
}

/** What was replaced, if anything; nobody else changes it until the transaction ends. */
export async function lockReplaced(tx: Queryable, kind: MailKind, locale: string): Promise<ReplacedTemplate | undefined> {
  await tx.query(lockAll);
  const [row] = await tx.query<TemplateRow>(findOne, [kind, locale]);
  return row && fromRow(row)[0];
}

export async function storeReplaced(tx: Queryable, kind: MailKind, locale: string, { subject, text, html }: Template): Promise<void> {
  await tx.query(store, [kind, locale, subject, text, html]);
}

export async function removeReplaced(tx: Queryable, kind: MailKind, locale: string): Promise<void> {
  await tx.query(remove, [kind, locale]);
}

/** A kind that a later release knows is not shown. */
function fromRow({ kind, body, updated_at, ...row }: TemplateRow): ReplacedTemplate[] {
  return isMailKind(kind) ? [{ ...row, kind, text: body, updatedAt: updated_at }] : [];
}

import { MailTemplate } from '@authority/contracts/admin';
import { type Database, migrate, open, statement } from '@authority/postgres';
import type { Call } from '@authority/rpc';
import { type TestPostgres, testPostgres } from '@authority/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { replacedTemplates } from '../../postgres/mail-templates.ts';
import { identityMigrations } from '../../postgres/migrations.ts';
import { mailTemplateHandlers } from './mail-templates.ts';

const service = 'identity';
const call: Call = { peer: 'admin', operator: 'c_operator', deadline: Date.now() + 60_000, signal: new AbortController().signal };

let postgres: TestPostgres;
let database: Database;
let templates: ReturnType<typeof mailTemplateHandlers>;

beforeAll(async () => {
  postgres = await testPostgres();
  const ownerUrl = await postgres.newDatabase();
  const url = postgres.serviceUrl(ownerUrl, service);
  await migrate({ ownerUrl, serviceUrl: url, service, migrations: identityMigrations });
  database = await open({ url, service });
  templates = mailTemplateHandlers(database, () => ({ product: 'Example', issuer: 'https://id.example.com', replyTo: '' }));
});
beforeEach(() => database.query(statement('', 'DELETE FROM mail_templates')));
afterAll(async () => {
  await database.close();
  await postgres.stop();
});

const update = (template: Partial<MailTemplate>, ...update_mask: string[]) =>
  templates.updateMailTemplate(
    { mail_template: MailTemplate.fromPartial({ kind: 'recovery', locale: 'en', ...template }), update_mask },
    call,
  );
const get = async (locale = 'en') => (await templates.getMailTemplate({ kind: 'recovery', locale }, call)).mail_template;
const audit = () =>
  database.query(
    statement('', "SELECT action, actor, target, details FROM audit WHERE action LIKE 'mail_template.%' ORDER BY id DESC LIMIT 1"),
  );

describe('MailTemplateService', () => {
  test('lists every kind in every built-in language, by page and filter', async () => {
    const first = await templates.listMailTemplates({ page_size: 5, page_token: '', filter: '' }, call);
    expect(first.mail_templates).toHaveLength(5);
    const second = await templates.listMailTemplates({ page_size: 5, page_token: first.next_page_token, filter: '' }, call);
    const named = [first, second].flatMap((one) => one.mail_templates.map(({ kind, locale }) => `${kind} ${locale}`));
    expect(new Set(named).size).toBe(10);
    const one = await templates.listMailTemplates({ page_size: 0, page_token: '', filter: 'kind = "recovery" AND locale = "en"' }, call);
    expect(one.mail_templates).toMatchObject([{ kind: 'recovery', locale: 'en', replaced: [], update_time_ms: 0 }]);
    expect(one.mail_templates[0]?.values).toContain('code');
  });

  test('a part is replaced, the others stay built in, and it is in the audit log', async () => {
    const before = await get();
    const { mail_template } = await update({ subject: 'Recover {{product}}' }, 'subject');
    expect(mail_template).toMatchObject({ subject: 'Recover {{product}}', text: before?.text, replaced: ['subject'] });
    expect(mail_template?.etag).not.toBe(before?.etag);
    expect(await get()).toEqual(mail_template);
    expect(await audit()).toMatchObject([
      {
        action: 'mail_template.update',
        actor: 'operator:c_operator',
        target: 'mail_template:recovery/en',
        details: { fields: ['subject'] },
      },
    ]);
    expect(await replacedTemplates(database).find('recovery', ['de', 'en'])).toMatchObject({
      locale: 'en',
      subject: 'Recover {{product}}',
    });
  });

  test('an empty part is the built-in one again', async () => {
    const before = await get();
    await update({ subject: 'Recover {{product}}' }, 'subject');
    const { mail_template } = await update({ subject: '' }, 'subject');
    expect(mail_template).toEqual(before);
  });

  test('AIP-154: with an older etag nothing changes', async () => {
    const before = await get();
    await update({ subject: 'One', etag: before?.etag ?? '' }, 'subject');
    await expect(update({ subject: 'Two', etag: before?.etag ?? '' }, 'subject')).rejects.toMatchObject({
      code: 'ABORTED',
      reason: 'etag_mismatch',
    });
    expect((await get())?.subject).toBe('One');
    const stale = { kind: 'recovery', locale: 'en', etag: before?.etag ?? '' };
    await expect(templates.deleteMailTemplate(stale, call)).rejects.toMatchObject({ code: 'ABORTED' });
  });

  test('what a template may not hold is refused with its part', async () => {
    await expect(update({ html: '{{{code}}}' }, 'html')).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      reason: 'field_invalid',
      violations: [{ field: 'mail_template.html' }],
    });
    await expect(update({ kind: 'newsletter' }, 'html')).rejects.toMatchObject({ violations: [{ field: 'mail_template.kind' }] });
    await expect(update({ locale: 'not a language' }, 'html')).rejects.toMatchObject({ violations: [{ field: 'mail_template.locale' }] });
    expect((await get())?.replaced).toEqual([]);
  });

  test('a language of one’s own is added, and its parts that are missing are English', async () => {
    await update({ locale: 'nl', subject: 'Uw account bij {{product}}', text: 'Uw code: {{code}}' }, 'subject', 'text');
    const found = await replacedTemplates(database).find('recovery', ['nl-BE', 'nl', 'en']);
    expect(found).toMatchObject({ locale: 'nl', text: 'Uw code: {{code}}' });
    expect(found?.html).toContain('lang="en"');
    const all = await templates.listMailTemplates({ page_size: 0, page_token: '', filter: 'locale = "nl"' }, call);
    expect(all.mail_templates).toHaveLength(1);
  });

  test('deleted, the built-in one is in place', async () => {
    const before = await get();
    await update({ subject: 'One' }, 'subject');
    await templates.deleteMailTemplate({ kind: 'recovery', locale: 'en', etag: '' }, call);
    expect(await get()).toEqual(before);
    expect(await audit()).toMatchObject([{ action: 'mail_template.delete', target: 'mail_template:recovery/en' }]);
  });

  test('a preview has values of nobody, tries what is given, and changes nothing', async () => {
    const draft = MailTemplate.fromPartial({ kind: 'recovery', locale: 'en', subject: 'Draft for {{product}}' });
    const shown = await templates.previewMailTemplate({ mail_template: draft }, call);
    expect(shown.subject).toBe('Draft for Example');
    expect(shown.text).toContain('https://id.example.com/recovery?flow=example&code=482915');
    expect((await get())?.replaced).toEqual([]);
    const wrong = templates.previewMailTemplate({ mail_template: { ...draft, html: '{{> x}}' } }, call);
    await expect(wrong).rejects.toMatchObject({ violations: [{ field: 'mail_template.html' }] });
  });

  test('two operators at once: both changes are there, one after the other', async () => {
    await Promise.all([update({ subject: 'One' }, 'subject'), update({ text: 'Code {{code}}' }, 'text')]);
    expect((await get())?.replaced).toEqual(['subject', 'text']);
  });
});

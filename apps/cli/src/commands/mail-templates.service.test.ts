import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeadLetter, MailTemplate } from '@authority/contracts/admin';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FakeServer, runLine } from '../fake-server.ts';

const server = new FakeServer();
let folder: string;

beforeAll(async () => {
  await server.start();
  folder = mkdtempSync(join(tmpdir(), 'authorityctl-mails-'));
  mkdirSync(join(folder, '.authority'));
  writeFileSync(join(folder, '.authority/operator.json'), server.operator, { mode: 0o600 });
  writeFileSync(join(folder, 'recovery.html'), '<p>{{code}}</p>');
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

const go = (...words: string[]) => runLine(words, { cwd: folder });
const template = MailTemplate.fromPartial({
  kind: 'recovery',
  locale: 'en',
  subject: 'Recover',
  html: '<p>{{code}}</p>',
  replaced: ['html'],
});

test('mail-templates update names the parts that are given, and no others', async () => {
  server.answers.set('MailTemplateService/UpdateMailTemplate', () => ({ mail_template: template }));
  const { code, out } = await go('mail-templates', 'update', 'recovery', 'en', '--html-file', 'recovery.html', '-o', 'json');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ kind: 'recovery', replaced: ['html'] });
  expect(server.received.at(-1)?.request).toMatchObject({
    mail_template: { kind: 'recovery', locale: 'en', html: '<p>{{code}}</p>' },
    update_mask: ['html'],
  });
});

test('mail-templates update with nothing, or with a file that is not there, is wrong usage', async () => {
  expect((await go('mail-templates', 'update', 'recovery', 'en')).code).toBe(2);
  expect((await go('mail-templates', 'update', 'recovery', 'en', '--text-file', 'none.txt')).code).toBe(2);
});

test('mail-templates list, get, preview and delete', async () => {
  server.answers.set('MailTemplateService/ListMailTemplates', () => ({ mail_templates: [template], next_page_token: '' }));
  server.answers.set('MailTemplateService/GetMailTemplate', () => ({ mail_template: template }));
  server.answers.set('MailTemplateService/PreviewMailTemplate', () => ({ subject: 'Recover', text: '482915', html: '<p>482915</p>' }));
  server.answers.set('MailTemplateService/DeleteMailTemplate', () => ({}));
  expect((await go('mail-templates', 'list')).out).toMatch(/recovery\s+en\s+html\s+Recover/);
  expect((await go('mail-templates', 'get', 'recovery')).out).toContain('<p>{{code}}</p>');
  expect((await go('mail-templates', 'preview', 'recovery')).out).toContain('482915');
  expect((await go('mail-templates', 'delete', 'recovery', 'en')).out).toContain('built-in');
});

test('dead-letters list, replay and delete', async () => {
  const letter = DeadLetter.fromPartial({
    dead_letter_id: 'd1',
    queue: 'mails',
    payload: '{"to":"a@example.com"}',
    attempts: 15,
    error: '421 busy',
  });
  server.answers.set('DeadLetterService/ListDeadLetters', () => ({ dead_letters: [letter], next_page_token: '' }));
  server.answers.set('DeadLetterService/ReplayDeadLetters', () => ({ replayed: 1 }));
  server.answers.set('DeadLetterService/DeleteDeadLetters', () => ({ deleted: 1 }));
  expect((await go('dead-letters', 'list')).out).toMatch(/d1\s+mails\s+15\s+.*421 busy/);
  expect(JSON.parse((await go('dead-letters', 'list', '-o', 'json')).out)).toMatchObject([{ payload: { to: 'a@example.com' } }]);
  expect((await go('dead-letters', 'replay', 'd1', 'd2')).out).toBe('1 of 2 wait again.\n');
  expect((await go('dead-letters', 'delete', 'd1')).out).toBe('1 of 1 are forgotten.\n');
});

import { randomBytes } from 'node:crypto';
import { openOutbox, type Outbox } from '@authority/outbox';
import { type Database, migrate, open, statement } from '@authority/postgres';
import { ensureKeys, KeyTable, KeyWrapping, SealedValues } from '@authority/sealing';
import { fixedSettings } from '@authority/settings';
import { setLogSink } from '@authority/telemetry';
import { type TestPostgres, testPostgres } from '@authority/testing';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { replacedTemplates } from '../postgres/mail-templates.ts';
import { identityMigrations } from '../postgres/migrations.ts';
import { identitySettings } from '../settings.ts';
import { deliver } from './deliver.ts';
import type { Mail } from './kinds.ts';
import { mailQueue, OutboxMails } from './mails.ts';
import type { Message } from './message.ts';
import { SealedMailValues } from './queued-mail.ts';

const service = 'identity';
const asked = { at: Date.UTC(2026, 10, 24, 1, 30), address: '192.0.2.7', userAgent: 'Firefox/140.0' };
const now = asked.at + 1000;
const mailOf = (to: string, code: string, expiresAt = now + 60_000): Mail => ({
  kind: 'recovery',
  to,
  locale: 'en-GB',
  values: { code, link: { page: 'recovery', parameters: { code } }, expiresAt, asked },
});

let postgres: TestPostgres;
let database: Database;
let outbox: Outbox;
let mails: OutboxMails;
const sent: Message[] = [];

beforeAll(async () => {
  setLogSink(() => {});
  postgres = await testPostgres();
  const ownerUrl = await postgres.newDatabase();
  const url = postgres.serviceUrl(ownerUrl, service);
  const wrapping = new KeyWrapping(service, [randomBytes(32)]);
  await migrate({ ownerUrl, serviceUrl: url, service, migrations: identityMigrations, afterwards: (tx) => ensureKeys(tx, wrapping) });
  database = await open({ url, service });
  outbox = await openOutbox({ database, service, queues: [mailQueue] });
  const values = new SealedMailValues(new SealedValues(service, new KeyTable(database, wrapping)));
  mails = new OutboxMails(outbox, values);
  const settings = fixedSettings(identitySettings, { 'mail.product_name': 'Example' });
  const transport = { send: async (message: Message) => void sent.push(message), close: () => {} };
  const templates = replacedTemplates(database);
  await vi.waitFor(() => expect(outbox.isReady()).toBe(true), { timeout: 10_000 });
  outbox.work(mailQueue, deliver({ values, transport, templates, settings, issuer: 'https://id.example.com', now: () => now }));
});

afterAll(async () => {
  await outbox.close();
  await database.close();
  await postgres.stop();
});

const dead = () => database.query(statement('', "SELECT FROM job WHERE name = 'mails.dead'"));
const rows = () =>
  database.query<{ data: unknown; state: string }>(statement('', "SELECT data, state::text FROM job WHERE name = 'mails'"));

test('a mail is sent when its transaction commits, rendered for its reader', async () => {
  await database.transaction((tx) => mails.send(tx, mailOf('mira@example.com', '482915')));
  await expect.poll(() => sent.length).toBe(1);
  expect(sent[0]).toMatchObject({
    kind: 'recovery',
    lang: 'en',
    to: 'mira@example.com',
    from: { name: 'Example', address: 'no-reply@id.example.com' },
    subject: 'Recover your account at Example',
  });
  expect(sent[0]?.text).toContain('482915');
  expect(sent[0]?.text).toContain('https://id.example.com/recovery?code=482915');
});

test('and not when it does not', async () => {
  const before = sent.length;
  const failing = database.transaction(async (tx) => {
    await mails.send(tx, mailOf('mira@example.com', '111111'));
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  await database.transaction((tx) => mails.send(tx, mailOf('mira@example.com', '222222')));
  await expect.poll(() => sent.length).toBe(before + 1);
  expect(sent.at(-1)?.text).toContain('222222');
});

test('house.md, "Threat model": no code or link lies in the outbox in the clear', async () => {
  expect(JSON.stringify(await rows())).not.toMatch(/482915|222222|192\.0\.2\.7/);
});

test('a code that is dead before its mail could leave is not sent', async () => {
  const before = sent.length;
  await database.transaction((tx) => mails.send(tx, mailOf('late@example.com', '333333', now - 1)));
  await expect.poll(async () => (await rows()).every(({ state }) => state === 'completed')).toBe(true);
  expect(sent).toHaveLength(before);
});

test('who can write rows cannot send somebody the code of another', async () => {
  await database.transaction(async (tx) => {
    await mails.send(tx, mailOf('victim@example.com', '444444'));
    await tx.query(statement('', `UPDATE job SET data = jsonb_set(data, '{payload,to}', '"eve@example.com"') WHERE state = 'created'`));
  });
  await expect.poll(async () => (await dead()).length).toBe(1);
  expect(sent.some(({ to, text }) => to === 'eve@example.com' || text.includes('444444'))).toBe(false);
});

test('an address that is more than one is refused before anything is stored', async () => {
  const twice = mailOf('mira@example.com, eve@example.com', '555555');
  await expect(database.transaction((tx) => mails.send(tx, twice))).rejects.toThrow('not one address');
});

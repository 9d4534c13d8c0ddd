import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Undeliverable } from '@authority/outbox';
import { readMessage, type TestMailServer, testMailServer } from '@authority/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Message, Transport } from '../message.ts';
import { builtInTemplate } from '../templates/built-in.ts';
import { render } from '../templates/render.ts';
import { sampleOf } from '../templates/sample.ts';
import { viewOf } from '../templates/view.ts';
import { folderTransport } from './folder.ts';
import { parseMailUrl } from './mail-url.ts';
import { smtpTransport } from './smtp.ts';

const never = new AbortController().signal;
const messageOf = (changes: Partial<Message> = {}): Message => ({
  id: '0199f0aa',
  kind: 'verification',
  lang: 'en',
  from: { name: 'Example', address: 'no-reply@id.example.com' },
  replyTo: '',
  to: 'mira@example.com',
  at: new Date('2026-11-24T01:30:00Z'),
  subject: 'Verify your e-mail address',
  text: 'Hello\n',
  html: '<p>Hello</p>',
  ...changes,
});

let server: TestMailServer;
let transport: Transport;

beforeAll(async () => {
  server = await testMailServer();
  transport = smtpTransport(parseMailUrl(`smtp://127.0.0.1:${server.port}`), 'id.example.com');
});
afterEach(() => {
  server.answers.clear();
  server.received.length = 0;
  server.commands.length = 0;
});
afterAll(async () => {
  transport.close();
  await server.stop();
});

const arrived = () => {
  const [mail] = server.received;
  if (!mail) throw new Error('Nothing arrived.');
  return { ...mail, ...readMessage(mail.data) };
};

describe('SMTP', () => {
  test('RFC 5321: one message to one recipient, in text and HTML', async () => {
    await transport.send(messageOf(), never);
    const { from, recipients, headers, text, html } = arrived();
    expect({ from, recipients }).toEqual({ from: 'no-reply@id.example.com', recipients: ['mira@example.com'] });
    expect(Object.fromEntries(headers)).toMatchObject({
      from: 'Example <no-reply@id.example.com>',
      to: 'mira@example.com',
      subject: 'Verify your e-mail address',
      'message-id': '<0199f0aa@id.example.com>',
      'auto-submitted': 'auto-generated',
      'content-language': 'en',
      date: 'Tue, 24 Nov 2026 01:30:00 +0000',
    });
    expect(server.commands[0]).toBe('EHLO id.example.com');
    expect([...headers.keys()]).not.toContain('reply-to');
    expect([...headers.keys()]).not.toContain('x-mailer');
    expect(text.trim()).toBe('Hello');
    expect(html.trim()).toBe('<p>Hello</p>');
  });

  test('RFC 2047: Unicode in subject, names and text arrives as it was', async () => {
    const subject = 'Подтвердите адрес · 東京 · Zoë 😀';
    await transport.send(
      messageOf({ subject, text: `${subject}\n`, from: { name: 'Bücher, GmbH', address: 'no-reply@id.example.com' } }),
      never,
    );
    const { headers, text } = arrived();
    expect(headers.get('subject')).toBe(subject);
    expect(headers.get('from')).toMatch(/^"?Bücher, GmbH"? <no-reply@id\.example\.com>$/);
    expect(text.trim()).toBe(subject);
  });

  const breaks = ['\r\n', '\n', '\r', '\u2028', '%0d%0a', '\0'];
  test.each(breaks.map((text) => [JSON.stringify(text), text]))(
    'RFC 5322 §2.2: %s in any value makes no header and no recipient',
    async (_, text) => {
      const evil = `x${text}Bcc: eve@example.com${text}${text}<b>body</b>`;
      const places: Partial<Message>[] = [
        { subject: evil },
        { from: { name: evil, address: 'no-reply@id.example.com' } },
        { lang: evil },
        { id: evil },
        { replyTo: `help@example.com${text}Bcc: eve@example.com` },
        { to: `mira@example.com${text}RCPT TO:<eve@example.com>` },
        { from: { name: 'x', address: `no-reply@id.example.com${text}RCPT TO:<eve@example.com>` } },
      ];
      for (const place of places) await transport.send(messageOf(place), never).catch(() => undefined);
      for (const { recipients, data } of server.received) {
        expect(recipients).not.toContain('eve@example.com');
        expect(recipients).toHaveLength(1);
        expect([...readMessage(data).headers.keys()]).not.toContain('bcc');
        expect(readMessage(data).text.trim()).toBe('Hello');
      }
      expect(server.commands.filter((line) => /eve@example\.com>/.test(line) && /^RCPT/i.test(line))).toEqual([]);
    },
  );

  test('a recipient who is refused for good is no longer tried', async () => {
    server.answers.set('RCPT', '550 5.1.1 no such user');
    await expect(transport.send(messageOf(), never)).rejects.toBeInstanceOf(Undeliverable);
  });

  test.each([
    ['RCPT', '450 4.2.1 mailbox busy'],
    ['RCPT', '530 5.7.0 authentication required'],
    ['MAIL', '550 5.7.1 sender not allowed'],
    ['DATA', '554 5.7.1 no'],
    ['.', '451 4.3.0 try again'],
  ])('%s %s: an operator or time may mend that, so it is tried again', async (word, answer) => {
    server.answers.set(word, answer);
    const sending = transport.send(messageOf(), never);
    await expect(sending).rejects.toThrow();
    await expect(sending).rejects.not.toBeInstanceOf(Undeliverable);
  });

  test('RFC 3207: where STARTTLS is needed and not offered, nothing is sent', async () => {
    const strict = smtpTransport(
      { host: '127.0.0.1', port: server.port, tls: 'starttls', user: 'mira', password: 'secret' },
      'id.example.com',
    );
    await expect(strict.send(messageOf(), never)).rejects.toThrow();
    strict.close();
    expect(server.received).toEqual([]);
    expect(server.commands.filter((line) => /AUTH|MAIL/.test(line))).toEqual([]);
  });

  test('a message names a file or an address of the network, and gets neither', async () => {
    const names = { text: '', html: '<img src="/etc/passwd"><img src="http://127.0.0.1/">' };
    await transport.send(messageOf(names), never);
    expect(arrived().data).not.toContain('root:');
  });
});

describe('no server: .eml files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'authority-mail-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const files = () => readdirSync(folder).sort();

  test('contract.md, "Settings": messages are files in the folder, for its owner alone', async () => {
    const mail = sampleOf('recovery');
    const view = viewOf(mail, 'en', { product: 'Example', issuer: 'http://localhost:8080', replyTo: '' });
    await folderTransport(folder).send(messageOf({ ...render(builtInTemplate('recovery', 'en'), view), kind: 'recovery' }), never);
    expect(files()).toEqual(['2026-11-24T01-30-00.000Z-recovery-0199f0aa.eml']);
    const path = join(folder, files()[0] ?? '');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const { text, html } = readMessage(readFileSync(path, 'utf8'));
    expect(text).toContain('http://localhost:8080/recovery?flow=example&code=482915');
    expect(html).toContain('482915');
  });

  test('the newest 500 are kept', async () => {
    for (let number = 0; number < 510; number += 1) writeFileSync(join(folder, `2025-${String(number).padStart(4, '0')}.eml`), '');
    await folderTransport(folder).send(messageOf({ id: 'newest' }), never);
    expect(files()).toHaveLength(500);
    expect(files().at(-1)).toContain('newest');
  });
});

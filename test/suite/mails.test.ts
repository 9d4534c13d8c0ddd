import { MailTemplateServiceService } from '@authority/contracts/admin';
import { readMessage, type TestMailServer, testMailServer } from '@authority/testing';
import { authorityctl, Operator, screenshot, startBrowser, startOneProcess, type Suite } from '@authority/testing/suite';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const password = 'violet tractor hums 42 lullabies';
const everything = { page_size: 500, page_token: '', filter: 'locale = "en"' };

let server: TestMailServer;
let suite: Suite;
let browser: Browser;
let operator: Operator;

beforeAll(async () => {
  server = await testMailServer();
  [suite, browser] = await Promise.all([
    startOneProcess({ env: { AUTHORITY_MAIL_URL: `smtp://127.0.0.1:${server.port}` } }),
    startBrowser(),
  ]);
  operator = new Operator(suite);
});
afterAll(async () => {
  operator?.close();
  await browser?.close();
  await suite?.stop();
  await server?.stop();
});

async function ctl(...args: string[]): Promise<Record<string, unknown>> {
  const ran = await authorityctl(suite, [...args, '-o', 'json']);
  if (ran.code !== 0) throw new Error(`authorityctl ${args.join(' ')} ended with ${ran.code}: ${ran.stderr}`);
  return JSON.parse(ran.stdout) as Record<string, unknown>; // what the command printed
}

/** Registers and adds a passkey, in a browser whose authenticator (WebAuthn §11) agrees to everything. */
async function addPasskey(email: string): Promise<void> {
  const context = await browser.newContext({ locale: 'en-GB' });
  const page = await context.newPage();
  await page.addInitScript('PublicKeyCredential.isConditionalMediationAvailable = async () => false');
  const cdp = await context.newCDPSession(page);
  await cdp.send('WebAuthn.enable', { enableUI: false });
  const able = { hasResidentKey: true, hasUserVerification: true, isUserVerified: true };
  await cdp.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'internal', ...able } });
  await page.goto(`${suite.issuer}/registration`);
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Create account', exact: true }).click();
  await page.getByRole('heading', { name: 'Your account' }).waitFor();
  await page.getByRole('button', { name: 'Add a passkey', exact: true }).click();
  await page.getByText('is added').waitFor();
  await context.close();
}

const about = (address: string, subject: RegExp) =>
  server.received.filter(
    ({ recipients, data }) => recipients[0] === address && subject.test(readMessage(data).headers.get('subject') ?? ''),
  );

describe('docs/how-to/mail.md', () => {
  test('a change is told by SMTP, with the words and the sender that an operator has set', async () => {
    await ctl('settings', 'set', 'mail.product_name', 'Example');
    await ctl('settings', 'set', 'mail.reply_to', 'help@example.com');
    await ctl('mail-templates', 'update', 'passkey_added', 'en', '--subject', 'A new passkey at {{product}}');
    await addPasskey('mira@example.com');
    await expect.poll(() => about('mira@example.com', /A new passkey at Example/).length, { timeout: 10_000 }).toBe(1);
    const { headers, text, html } = readMessage(about('mira@example.com', /./).at(-1)?.data ?? '');
    expect(headers.get('from')).toBe('Example <no-reply@localhost>');
    expect(headers.get('reply-to')).toBe('help@example.com');
    expect(text).toContain(`${suite.issuer}/account`);
    expect(text).toMatch(/From: (127\.0\.0\.1|::1)\. With: Chrome, Linux\./);
    expect(html).not.toContain('Nobody reads answers');
    const metrics = await (await fetch(`${suite.metrics.get('standalone')}/metrics`)).text();
    expect(metrics).toMatch(/authority_mails_total\{[^}]*kind="passkey_added"[^}]*outcome="sent"[^}]*\} 1/);
    expect(metrics).toMatch(/authority_outbox_waiting\{[^}]*queue="mails"[^}]*\} \d/);
  });

  test('a mail server that is away delays, and one that comes back gets the mail', async () => {
    server.answers.set('RCPT', '451 4.3.0 try again');
    await addPasskey('noor@example.com');
    await expect.poll(() => server.commands.filter((line) => /^RCPT.*noor/.test(line)).length, { timeout: 10_000 }).toBeGreaterThan(0);
    expect(about('noor@example.com', /./)).toEqual([]);
    server.answers.clear();
    await expect.poll(() => about('noor@example.com', /passkey/).length, { timeout: 30_000 }).toBeGreaterThan(0);
  });

  test('a recipient who is refused for good is a dead letter that is replayed', async () => {
    server.answers.set('RCPT', '550 5.1.1 no such user');
    await addPasskey('gone@example.com');
    const dead = async () =>
      (await ctl('dead-letters', 'list')) as unknown as { dead_letter_id: string; error: string; payload: { to: string } }[];
    await expect.poll(async () => (await dead()).some(({ payload }) => payload.to === 'gone@example.com'), { timeout: 15_000 }).toBe(true);
    const letters = await dead();
    expect(letters[0]?.error).toContain('no such user');
    expect(JSON.stringify(letters)).not.toContain('127.0.0.1');
    server.answers.clear();
    expect(await ctl('dead-letters', 'replay', ...letters.map(({ dead_letter_id }) => dead_letter_id))).toEqual({
      replayed: letters.length,
    });
    await expect.poll(() => about('gone@example.com', /passkey/).length, { timeout: 15_000 }).toBe(1);
    expect((await operator.audit('action = "dead_letter.replay"')).length).toBe(1);
  });
});

const luminances = `(() => {
  const canvas = document.createElement('canvas').getContext('2d');
  const rgb = (color) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); return canvas.getImageData(0, 0, 1, 1).data; };
  const light = (color) => [...rgb(color)].slice(0, 3).map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, index) => sum + v * [0.2126, 0.7152, 0.0722][index], 0);
  const ground = (element) => { for (let one = element; one; one = one.parentElement) { const color = getComputedStyle(one).backgroundColor; if (!/, 0\\)$|transparent/.test(color)) return color; } return 'white'; };
  return [...document.querySelectorAll('h1, p, a, span')].filter((one) => one.textContent.trim()).map((one) => {
    const [a, b] = [light(getComputedStyle(one).color), light(ground(one))].sort((x, y) => y - x);
    return { text: one.textContent.trim().slice(0, 30), ratio: (a + 0.05) / (b + 0.05) };
  });
})()`;

describe('pages.md, "Mails": as they look', () => {
  const pictured = ['verification', 'recovery', 'login_code', 'new_sign_in', 'invitation', 'deletion_scheduled'];

  async function show(page: Page, html: string, name: string): Promise<void> {
    await page.setContent(html);
    const room = await page.evaluate('[document.documentElement.scrollWidth, document.documentElement.clientWidth]');
    expect(room, name).toEqual([expect.any(Number), (room as [number, number])[0]]); // nothing is wider than the window
    const pale = ((await page.evaluate(luminances)) as { text: string; ratio: number }[]).filter(({ ratio }) => ratio < 4.5);
    expect(pale, name).toEqual([]);
    const button = page.locator('a.button');
    if ((await button.count()) > 0) expect((await button.boundingBox())?.height, name).toBeGreaterThanOrEqual(44);
  }

  test.each([
    [360, 'light'],
    [360, 'dark'],
    [1440, 'light'],
    [1440, 'dark'],
  ] as const)('every mail fits %i px, %s: contrast, targets, and nothing is fetched', async (width, colorScheme) => {
    const context = await browser.newContext({ viewport: { width, height: 700 }, colorScheme, javaScriptEnabled: true });
    const page = await context.newPage();
    const asked: string[] = [];
    page.on('request', (one) => asked.push(one.url()));
    const { mail_templates } = await operator.call(MailTemplateServiceService.listMailTemplates, everything);
    expect(mail_templates.length).toBeGreaterThan(15);
    for (const mail_template of mail_templates) {
      const { kind } = mail_template;
      const { html } = await operator.call(MailTemplateServiceService.previewMailTemplate, { mail_template });
      await show(page, html, kind);
      if (pictured.includes(kind)) await screenshot(page, `mail-${kind.replaceAll('_', '-')}-${width}-${colorScheme}`);
    }
    expect(asked.filter((url) => !url.startsWith('about:'))).toEqual([]);
    await context.close();
  });
});

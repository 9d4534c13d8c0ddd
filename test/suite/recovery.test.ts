import { readdirSync, readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { complaintsOf, Person, type Suite, screenshot, startBrowser, startOneProcess } from '@authority/testing/suite';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const password = 'violet tractor hums 42 lullabies';
const other = 'seven quiet lanterns over basalt';

let suite: Suite;
let browser: Browser;

beforeAll(async () => {
  [suite, browser] = await Promise.all([startOneProcess(), startBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await suite?.stop();
});

interface MailSeen {
  readonly subject: string;
  readonly code: string;
  readonly link: string;
  readonly text: string;
}

type Kind = 'recovery' | 'recovery_unknown' | 'password_recovered' | 'verification' | 'registration_code' | 'registration_attempt';

/** Mails of a kind to an address, oldest first, as they lie in the folder of a server without a mail server. */
function mailsTo(address: string, kind: Kind): MailSeen[] {
  const folder = join(suite.dataDir, 'mail');
  const names = readdirSync(folder, { withFileTypes: true }).map(({ name }) => name);
  const all = names
    .filter((name) => name.endsWith('.eml') && name.includes(`-${kind}-`))
    .sort()
    .map((name) => readFileSync(join(folder, name), 'utf8'));
  return all.filter((mail) => mail.includes(`To: ${address}`)).map(seen);
}

function seen(mail: string): MailSeen {
  const text = mail.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  const [, subject = ''] = /^Subject: (.*)$/m.exec(text) ?? [];
  const [, code = ''] = /(?:^|\s)(\d{8})(?:\s|$)/m.exec(text) ?? [];
  const [link = ''] = /https?:\/\/\S+\/(?:recovery|verification)\?\S*link=[^\s"<&]+/.exec(text) ?? [];
  return { subject, code, link, text };
}

async function newestMail(address: string, kind: Kind, count = 1): Promise<MailSeen> {
  for (const end = Date.now() + 15_000; Date.now() < end; await sleep(50)) {
    const found = mailsTo(address, kind);
    const newest = found.at(-1);
    if (found.length >= count && newest) return newest;
  }
  throw new Error(`no mail number ${count} of the kind ${kind} to ${address}`);
}

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const newPage = async (javaScriptEnabled = false): Promise<Page> =>
  (await browser.newContext({ javaScriptEnabled, viewport: { width: 360, height: 640 } })).newPage();

async function registered(email: string): Promise<Person> {
  const person = new Person(suite.issuer, email, password);
  await person.register();
  return person;
}

async function askForCode(page: Page, email: string): Promise<void> {
  await page.goto(`${suite.issuer}/login`);
  await page.getByRole('link', { name: 'Forgot your password?' }).click();
  await page.getByLabel('Email').fill(email);
  await button(page, 'Send a code').click();
  await page.getByLabel('Code').waitFor();
}

async function chooseNew(page: Page): Promise<void> {
  await page.getByLabel('New password').fill(other);
  await button(page, 'Continue').click();
}

describe('recovery, without JavaScript', () => {
  test('by a code: a wrong one is told, the right one leads to a new password, and other sessions have ended', async () => {
    const email = 'recover-code@example.com';
    const person = await registered(email);
    expect((await person.visit(`${suite.issuer}/account`)).url.pathname).toMatch(/account$/);
    const page = await newPage();
    await askForCode(page, email);
    await screenshot(page, 'recovery-code-360');
    const { code, subject } = await newestMail(email, 'recovery');
    expect(subject).toContain('Recover your account');
    await page.getByLabel('Code').fill(code === '00000000' ? '11111111' : '00000000');
    await button(page, 'Continue').click();
    await page.getByText('This is not the code').first().waitFor();
    await button(page, 'Send another code').click();
    await page
      .getByText(/Wait \d+ seconds/)
      .first()
      .waitFor();
    await page.getByLabel('Code').fill(`${code.slice(0, 4)} ${code.slice(4)}`);
    await button(page, 'Continue').click();
    await page.getByRole('heading', { name: 'Choose a new password' }).waitFor();
    await screenshot(page, 'recovery-new-password-360');
    await chooseNew(page);
    await page.getByRole('heading', { name: 'Your account' }).waitFor();
    expect((await person.visit(`${suite.issuer}/account`)).url.pathname).toMatch(/login$/);
    expect((await newestMail(email, 'password_recovered')).subject).toContain('was recovered');
  });

  test('by a link, in the same browser; a look at it uses nothing up, and another browser is not let in (login swap)', async () => {
    const email = 'recover-link@example.com';
    await registered(email);
    const page = await newPage();
    await askForCode(page, email);
    const { link, text } = await newestMail(email, 'recovery');
    expect(link.startsWith(`${suite.issuer}/recovery?link=`)).toBe(true);
    expect(text).toContain(new URL(suite.issuer).host);

    const stranger = await newPage();
    await stranger.goto(link);
    await stranger.getByText('This link works only in the browser where you asked for it').first().waitFor();
    await screenshot(stranger, 'recovery-other-browser-360');
    expect(await button(stranger, 'Continue').count()).toBe(0);

    await page.goto(link);
    await page.goto(link);
    await button(page, 'Continue').click();
    await chooseNew(page);
    await page.getByRole('heading', { name: 'Your account' }).waitFor();
    await page.goto(link);
    await page.getByText('This link was used before').first().waitFor();
  });

  test('an address that nobody has is answered in the same words, and told by mail', async () => {
    const page = await newPage();
    await askForCode(page, 'nobody-here@example.com');
    await page.getByText('If there is an account for').waitFor();
    expect((await newestMail('nobody-here@example.com', 'recovery_unknown')).subject).toContain('There is no account');
  });
});

test('recovery with scripts: another code waits for its time, and nothing is complained about', async () => {
  const email = 'recover-script@example.com';
  await registered(email);
  const page = await newPage(true);
  const complaints = complaintsOf(page);
  await askForCode(page, email);
  const resend = page.getByRole('button', { name: /Send another code \(\d+\)/ });
  await resend.waitFor();
  expect(await resend.isDisabled()).toBe(true);
  const { code } = await newestMail(email, 'recovery');
  await page.getByLabel('Code').fill(code);
  await page.getByLabel('Code').press('Enter');
  await page.getByRole('heading', { name: 'Choose a new password' }).waitFor();
  expect(complaints).toEqual([]);
});

test('a poisoned Host leads no link elsewhere: links come from the issuer', async () => {
  const email = 'poisoned@example.com';
  await registered(email);
  const person = new Person(suite.issuer, email, password);
  const page = await person.visit(`${suite.issuer}/recovery`);
  const hidden = [...(page.page?.text ?? '').matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)];
  const form = new URLSearchParams(hidden.map(([, name = '', value = '']) => [name, value]));
  form.set('email', email);
  const { host, hostname, port } = new URL(suite.issuer);
  const status = await new Promise<number>((resolve, reject) => {
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      cookie: person.cookies,
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      forwarded: 'host=evil.example',
      origin: suite.issuer,
    };
    const sent = httpRequest(
      { hostname, port, path: `${new URL(suite.issuer).pathname.replace(/\/$/, '')}/recovery`, method: 'POST', headers },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      },
    );
    sent.on('error', reject);
    sent.end(form.toString());
  });
  if (status >= 400) {
    await sleep(500);
    expect(mailsTo(email, 'recovery')).toEqual([]);
    return;
  }
  const { link, text } = await newestMail(email, 'recovery');
  expect(new URL(link).host).toBe(host);
  expect(text).not.toContain('evil.example');
});

describe('verification, without JavaScript', () => {
  test('by a link, in any browser, after a button', async () => {
    const email = 'verify-link@example.com';
    const page = await newPage();
    await page.goto(`${suite.issuer}/registration`);
    await page.getByLabel('Email').fill(email);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await button(page, 'Create account').click();
    await page.goto(`${suite.issuer}/verification`);
    await screenshot(page, 'verification-360');
    await button(page, 'Send a code').click();
    await page.getByLabel('Code').waitFor();
    const { link } = await newestMail(email, 'verification', 2);

    const elsewhere = await newPage();
    await elsewhere.goto(link);
    await screenshot(elsewhere, 'verification-link-360');
    await button(elsewhere, 'Verify address').click();
    await elsewhere.getByText(`${email} is verified`).waitFor();
    await page.goto(`${suite.issuer}/verification`);
    await page.getByText('There is nothing left to verify').waitFor();
  });
});

import { describe, expect, test } from 'vitest';
import { type MailKind, mailKinds, type StoredMail } from '../kinds.ts';
import { builtInLanguages, directionOf, mailTexts } from '../messages.ts';
import { builtInTemplate } from './built-in.ts';
import { templateFaults } from './check.ts';
import { render } from './render.ts';
import { sampleOf } from './sample.ts';
import { addressOf, viewOf } from './view.ts';

const kinds = Object.keys(mailKinds) as MailKind[]; // of our own table
const sender = { product: 'Example', issuer: 'https://id.example.com/auth', replyTo: '' };
const rendered = (mail: StoredMail, from = sender, locale = 'en') => render(builtInTemplate(mail.kind, locale), viewOf(mail, locale, from));
const places = builtInLanguages.flatMap((locale) => kinds.map((kind) => [kind, locale] as const));
/** Mustache also escapes `/` and `=`. */
const unescaped = (html: string) =>
  html.replaceAll('&#x2F;', '/').replaceAll('&#x3D;', '=').replaceAll('&quot;', '"').replaceAll('&amp;', '&');
const asked = { at: Date.UTC(2026, 10, 24, 1, 30), address: '192.0.2.7', userAgent: 'Mozilla/5.0 (Windows NT 10.0) Firefox/140.0' };

describe.each(places)('pages.md, "Mails": %s in %s', (kind, locale) => {
  const mail = rendered(sampleOf(kind), sender, locale);

  test('has a subject that says it all, text and HTML, and nothing left to fill in', () => {
    expect(mail.subject).toMatch(/\bExample\b/);
    for (const part of Object.values(mail)) expect(part).not.toMatch(/\{\{|\}\}|undefined|NaN/);
  });

  test('names only what there is, in its language and direction', () => {
    expect(templateFaults(kind, builtInTemplate(kind, locale))).toEqual([]);
    expect(mail.html).toContain(`<html lang="${locale}" dir="${directionOf(locale)}">`);
  });

  test('has one link at most, built from the issuer', () => {
    const links = [...unescaped(mail.html).matchAll(/href="([^"]*)"/g)].map(([, link]) => link);
    expect(links.length).toBeLessThanOrEqual(1);
    for (const link of links) expect(link).toMatch(/^https:\/\/id\.example\.com\/auth\/[a-z]+/);
    expect([...mail.text.matchAll(/https?:/g)].length).toBe(links.length);
  });

  test('fetches nothing: no image, no script, no address but the link', () => {
    expect(mail.html).not.toMatch(/<(img|script|link|iframe|object)|url\(|src=|@import|\son[a-z]+=/i);
  });

  test('says what to do if it was not you', () => {
    const otherwise = mailTexts(kind, locale).texts.otherwise.split('{{')[0] ?? '';
    expect(otherwise.length).toBeGreaterThan(8);
    for (const part of [mail.text, unescaped(mail.html)]) expect(part).toContain(otherwise);
  });
});

describe('who asked', () => {
  const text = rendered({ kind: 'new_sign_in', to: 'mira@example.com', locale: 'en', values: { asked } }).text;

  test('is told with time, address and browser', () => {
    expect(text).toContain('When: November 24, 2026 at 1:30 AM UTC. From: 192.0.2.7. With: Firefox, Windows.');
  });

  test('a user agent is told in words of ours alone', () => {
    const userAgent = 'Visit http://evil.example now <b> Firefox/1';
    const { text } = rendered({ kind: 'new_sign_in', to: 'mira@example.com', locale: 'en', values: { asked: { ...asked, userAgent } } });
    expect(text).not.toContain('evil');
    expect(text).toContain('With: Firefox.');
  });
});

describe('names that somebody chose', () => {
  const invitation = (organization: string, inviter = '') =>
    rendered({
      kind: 'invitation',
      to: 'mira@example.com',
      locale: 'en',
      values: { organization, inviter, link: { page: 'invitation' }, expiresAt: 0 },
    });

  test('HTML is escaped, in every value', () => {
    const { html } = invitation('<script>alert(1)</script>', '"><img src=x onerror=alert(1)>');
    expect(html).not.toMatch(/<script>|<img/);
    expect(unescaped(html)).toContain('&lt;script&gt;alert(1)');
  });

  test('a line break makes no header', () => {
    const { subject, text } = invitation('Evil\r\nBcc: all@example.com\r\n\r\nbody\u2028x');
    expect(subject).not.toMatch(/[\r\n\u2028]/);
    expect(text).not.toMatch(/^Bcc:/m);
  });

  test('no program makes a link of them, and nothing turns the text around', () => {
    const { text } = invitation('Win at http://evil.example/now \u202egnp.exe', 'www.evil.example');
    expect(text).not.toMatch(/evil\.example|http:\/\/evil|\u202e/);
  });

  test('are 80 characters at most, and whole ones', () => {
    expect(invitation('😀'.repeat(100)).subject).toBe(`You are invited to join ${'😀'.repeat(80)} at Example`);
  });

  test('Mustache in a value is text', () => {
    expect(invitation('{{code}}{{{link}}}').subject).toBe('You are invited to join {{code}}{{{link}}} at Example');
  });

  test('Unicode stays as it is', () => {
    expect(invitation('Bücher & 東京').subject).toBe('You are invited to join Bücher & 東京 at Example');
  });
});

test('links are built from the issuer, its path included, and their parameters are encoded', () => {
  expect(addressOf({ page: 'verification', parameters: { code: 'a b&c', flow: 'ü' } }, sender.issuer)).toBe(
    'https://id.example.com/auth/verification?code=a+b%26c&flow=%C3%BC',
  );
  expect(addressOf({ page: 'account' }, 'http://localhost:8080')).toBe('http://localhost:8080/account');
});

test('with a reply address nobody is told that answers are not read', () => {
  const mail = sampleOf('verification');
  expect(rendered(mail).text).toContain('Nobody reads answers');
  expect(rendered(mail, { ...sender, replyTo: 'help@example.com' }).text).not.toContain('Nobody reads answers');
});

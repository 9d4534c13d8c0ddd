import { fixedSettings } from '@authority/settings';
import { setLogSink } from '@authority/telemetry';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeCounters } from '../fakes.ts';
import type { Link } from '../mails/kinds.ts';
import { MailLimits } from '../mails/limits.ts';
import { identitySettings } from '../settings.ts';
import { openLinkOf, typeCode } from './answer.ts';
import { digestOfDigits, hourOf, newCode, normalizeDigits, type Purpose, readLink } from './code.ts';
import { FakeCodes } from './fake-codes.ts';
import { SendLimits } from './limits.ts';
import { type AskedCode, type CodeRequest, sendCode } from './send.ts';

const [browser, otherBrowser] = ['b'.repeat(43), 'c'.repeat(43)];
const sub = '0195f2d0-0000-7000-8000-000000000001';
const now = Date.parse('2026-11-24T01:30:00Z');
const settings = fixedSettings(identitySettings);

let codes: FakeCodes;
let counters: FakeCounters;
let lines: string[];
let stopLogging: () => void;

beforeEach(() => {
  [codes, counters, lines] = [new FakeCodes(), new FakeCounters(), []];
  counters.now = now;
  stopLogging = setLogSink((line) => void lines.push(line));
});

afterEach(() => stopLogging());

const request = (more: Partial<CodeRequest> = {}): CodeRequest => ({
  purpose: 'recovery',
  address: 'a@example.com',
  sub,
  browser,
  network: '192.0.2.1',
  userAgent: 'Firefox',
  locale: 'en',
  now,
  ...more,
});
const send = (more: Partial<CodeRequest> = {}) =>
  sendCode(request(more), { codes, limits: new SendLimits(counters, new MailLimits(counters, settings), settings), settings });
const sent = async (more: Partial<CodeRequest> = {}): Promise<AskedCode> => {
  const outcome = await send(more);
  if (!outcome.sent) throw new Error(outcome.reason);
  return outcome.code;
};
const mailed = (at = -1): { code?: string; link?: Link } => {
  const mail = codes.mails.at(at);
  return mail?.kind === 'recovery' || mail?.kind === 'verification' ? mail.values : {};
};
const linkOf = (at = -1) => mailed(at).link?.parameters?.['link'] ?? '';
const type = ({ id, key }: Pick<AskedCode, 'id' | 'key'>, text = '', at = now) =>
  typeCode({ id, key, purpose: 'recovery', text, now: at }, { codes, settings });
const open = (link: string, from = browser, purpose: Purpose = 'recovery', at = now) =>
  openLinkOf({ purpose, link, browser: from, now: at }, { codes });

describe('a code', () => {
  test('has its digits and its link in no form that could be used, and an id that names its hour', () => {
    const made = newCode({
      purpose: 'login',
      address: 'a@example.com',
      to: 'a@example.com',
      sub,
      browser,
      digits: 6,
      lifetimeMs: 900_000,
      now,
    });
    expect(made.digits).toMatch(/^\d{6}$/);
    const kept = JSON.stringify(made.stored);
    expect(kept).not.toContain(made.digits);
    expect(kept).not.toContain(made.link.split('.')[1]);
    expect(kept).not.toContain(made.key);
    expect(hourOf(made.stored.id)).toBe(made.stored.hour);
    expect(made.stored.codeDigest).toBe(digestOfDigits(made.key, made.stored.id, made.digits));
    expect(readLink(made.link)).toMatchObject({ id: made.stored.id, digest: made.stored.linkDigest });
  });

  test.each([
    ['1234 5678', '12345678'],
    ['１２３４５６', '123456'],
    [' 123–456 ', '123456'],
    ['12345', undefined],
    ['123456789', undefined],
    ['12345a', undefined],
  ])('as people type it: %j is %j', (typed, digits) => expect(normalizeDigits(typed)).toBe(digits));

  test.each(['', 'x', '../x~aaaaaaaaaaaaaaaaaaaaaa', 'zzzzzzzz~aaaaaaaaaaaaaaaaaaaaaa', 'zzzzzz~aaaaaaaaaaaaaaaaaaaaa'])(
    '%j is no id',
    (id) => {
      expect(hourOf(id)).toBeUndefined();
      expect(readLink(`${id}.${'a'.repeat(22)}`)).toBeUndefined();
    },
  );

  test('works once', async () => {
    const code = await sent();
    expect(await type(code, mailed().code)).toMatchObject({ proven: { sub, purpose: 'recovery' } });
    expect(await type(code, mailed().code)).toEqual({ fault: 'code_used' });
    expect(await open(linkOf())).toEqual({ fault: 'code_used' });
  });

  test('of another flow is wrong: the key is not its own', async () => {
    const [mine, theirs] = [await sent(), await sent({ address: 'b@example.com', browser: otherBrowser })];
    expect(await type({ id: mine.id, key: theirs.key }, mailed(0).code)).toEqual({ fault: 'code_wrong' });
    expect(await type(theirs, mailed(0).code)).toEqual({ fault: 'code_wrong' });
  });

  test('is of no use after its attempts, also when it is right', async () => {
    const code = await sent();
    const wrong = mailed().code === '00000000' ? '11111111' : '00000000';
    for (let at = 0; at < 5; at += 1) expect(await type(code, wrong)).toEqual({ fault: 'code_wrong' });
    expect(await type(code, mailed().code)).toEqual({ fault: 'code_exhausted' });
    expect(lines.map((line) => JSON.parse(line).fault)).toContain('code_exhausted');
  });

  test('what cannot be a code is no attempt', async () => {
    const code = await sent();
    for (let at = 0; at < 10; at += 1) expect(await type(code, 'hello')).toEqual({ fault: 'code_wrong' });
    expect(await type(code, mailed().code)).toMatchObject({ proven: { sub } });
  });

  test('only the newest counts, and none after its time', async () => {
    const [older, newer] = [await sent(), await sent()];
    expect(await type(older, mailed(0).code)).toEqual({ fault: 'code_superseded' });
    expect(await open(linkOf(0))).toEqual({ fault: 'code_superseded' });
    expect(await type(newer, mailed().code, now + 900_000)).toEqual({ fault: 'code_expired' });
  });
});

describe('a link', () => {
  test('that lets somebody in works in the browser that asked for it, and nowhere else (login swap)', async () => {
    await sent();
    expect(await open(linkOf(), otherBrowser)).toEqual({ fault: 'code_of_other_browser' });
    expect(await open(linkOf())).toMatchObject({ proven: { sub } });
  });

  test('that verifies an address works in any browser, once', async () => {
    await sent({ purpose: 'verification' });
    expect(await open(linkOf(), otherBrowser, 'verification')).toMatchObject({ proven: { sub, address: 'a@example.com' } });
    expect(await open(linkOf(), browser, 'verification')).toEqual({ fault: 'code_used' });
  });

  test('with another secret, or none, is unknown', async () => {
    await sent();
    const [id] = linkOf().split('.');
    expect(await open(`${id}.${'A'.repeat(22)}`)).toEqual({ fault: 'code_unknown' });
    expect(await open('x')).toEqual({ fault: 'code_unknown' });
  });
});

describe('sending', () => {
  test('an unknown address has rows, keys and answers as a known one, and a mail once a day', async () => {
    const [known, unknown] = [await send(), await send({ address: 'nobody@example.com', sub: undefined })];
    expect(Object.keys(unknown)).toEqual(Object.keys(known));
    expect(JSON.stringify(unknown).length).toBe(JSON.stringify(known).length);
    await send({ address: 'nobody@example.com', sub: undefined });
    expect(codes.mails.map(({ kind, withheld }) => [kind, withheld])).toEqual([
      ['recovery', false],
      ['recovery_unknown', false],
      ['recovery_unknown', true],
    ]);
  });

  test('is limited by address, whether or not somebody has it, and by network', async () => {
    const hour = Math.floor(now / 3_600_000 + 1) * 3_600_000;
    for (const of of [{ sub }, { sub: undefined, address: 'nobody@example.com' }]) {
      for (let at = 0; at < 5; at += 1) await sent(of);
      expect(await send(of)).toEqual({ sent: false, reason: 'throttled_account', retryAt: hour });
    }
    for (let at = 0; at < 38; at += 1) await sent({ address: `${at}@example.com` });
    expect(await send({ address: 'x@example.com' })).toMatchObject({ sent: false, reason: 'throttled_address' });
    expect(await send({ address: 'x@example.com', network: '192.0.2.2' })).toMatchObject({ sent: true });
  });

  test('is limited by day where the counts of the short-lived store are lost', async () => {
    for (let at = 0; at < 20; at += 1) {
      counters = new FakeCounters();
      await sent();
    }
    counters = new FakeCounters();
    expect(await send()).toMatchObject({ sent: false, reason: 'throttled_account' });
    expect(codes.kept).toHaveLength(20);
  });

  test('an account that was sent too much through many addresses gets no more, and the page does not tell', async () => {
    for (let at = 0; at < 21; at += 1) await sent({ address: `${at}@example.com` });
    expect(codes.mails.filter(({ withheld }) => withheld)).toHaveLength(1);
  });

  test('the limits are of what was asked for: they do not tell that a name and an address are one person’s', async () => {
    for (let at = 0; at < 5; at += 1) await sent({ address: 'ada', to: 'a@example.com' });
    expect(codes.mails.at(-1)?.to).toBe('a@example.com');
    expect(await send({ address: 'ada', to: 'a@example.com' })).toMatchObject({ sent: false });
    expect(await send()).toMatchObject({ sent: true });
  });

  test('what no envelope can carry is answered as everything else, and sent to nobody', async () => {
    for (const address of ['ada', '"a b"@example.com', 'ä@example.com,b@example.com']) {
      expect(await send({ address, sub: undefined })).toMatchObject({ sent: true });
      expect(codes.mails.at(-1)).toMatchObject({ to: 'nobody@invalid.invalid', withheld: true });
    }
  });

  test('no line of the log has a code, a link or an address', async () => {
    await type(await sent(), '00000000');
    const all = lines.join('\n');
    for (const secret of [mailed().code ?? '', linkOf(), 'a@example.com']) expect(all).not.toContain(secret);
  });
});

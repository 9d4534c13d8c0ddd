import { fixedSettings } from '@authority/settings';
import { beforeEach, describe, expect, test } from 'vitest';
import { FakeAttempts, fakeSealed } from '../../attempts/fakes.ts';
import { FakeAccounts } from '../../fakes.ts';
import type { FlowState } from '../../flows/state.ts';
import type { Part, Result, View } from '../../flows/method.ts';
import { identitySettings } from '../../settings.ts';
import { seedOf, totpCode as codeAt } from '@authority/testing';
import { keyUri, newSeed, normalizeCode, shownSeed, stepOf, usualParameters } from './code.ts';
import { FakeTotps } from './fakes.ts';
import { totp } from './totp.ts';
import { totpPlace } from './totps.ts';

const person = { sub: '0195f2d0-0000-7000-8000-000000000001', security: 1 };
const now = Date.parse('2026-11-24T01:30:00Z');
const seed = Buffer.from('12345678901234567890');
const limit = identitySettings['login.second_factor_attempts'].default;

describe('a code', () => {
  // RFC 6238, appendix B; of eight digits.
  test.each([
    [59, '94287082', 'SHA1', '12345678901234567890'],
    [1111111109, '07081804', 'SHA1', '12345678901234567890'],
    [20000000000, '65353130', 'SHA1', '12345678901234567890'],
    [59, '46119246', 'SHA256', '12345678901234567890123456789012'],
    [2000000000, '38618901', 'SHA512', '1234567890123456789012345678901234567890123456789012345678901234'],
  ] as const)('RFC 6238 appendix B: at %d it is %s by %s', (time, code, algorithm, secret) => {
    expect(stepOf(code, Buffer.from(secret), { algorithm, digits: 8, period: 30 }, time * 1000)).toBe(Math.floor(time / 30));
  });

  test('RFC 6238 §5.2: of the step before, of this one and of the next, and of no other', () => {
    const step = Math.floor(now / 30_000);
    const steps = [-2, -1, 0, 1, 2].map((delta) => stepOf(codeAt(seed, now + delta * 30_000), seed, usualParameters, now));
    expect(steps).toEqual([undefined, step - 1, step, step + 1, undefined]);
  });

  test.each([
    ['123456', '123456'],
    ['123 456', '123456'],
    ['１２３４５６', '123456'],
    ['12345', undefined],
    ['1234567', undefined],
    ['12345a', undefined],
    ['', undefined],
  ])('as people type it: %j is %j', (typed, code) => expect(normalizeCode(typed, usualParameters)).toBe(code));

  test('RFC 4226 §4 R6: a seed has 160 random bits, and is shown as base32 in groups', () => {
    expect(newSeed()).toHaveLength(20);
    expect(newSeed().equals(newSeed())).toBe(false);
    expect(shownSeed(seed)).toBe('GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ');
  });

  test('what a QR code holds names issuer and account, and neither can smuggle in a parameter', () => {
    const uri = new URL(keyUri(seed, 'id.example', 'a:b&secret=X?y@example.com'));
    expect([uri.protocol, uri.host]).toEqual(['otpauth:', 'totp']);
    expect([...uri.searchParams.keys()].sort()).toEqual(['algorithm', 'digits', 'issuer', 'period', 'secret']);
    expect(uri.searchParams.get('secret')).toBe('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
    expect(uri.searchParams.get('issuer')).toBe('id.example');
    expect(decodeURIComponent(uri.pathname)).toBe('/id.example:a b&secret=X?y@example.com');
  });
});

let totps: FakeTotps;
let attempts: FakeAttempts;
let memory: View['memory'];
let method: ReturnType<typeof totp>;

beforeEach(() => {
  [totps, attempts, memory] = [new FakeTotps(), new FakeAttempts(), {}];
  const accounts = new FakeAccounts();
  accounts.byIdentifier.set('ann@example.com', { ...person, passwordHash: 'x', disabled: false, secondFactor: false, knownBrowser: false });
  const settings = fixedSettings(identitySettings);
  method = totp({ totps, attempts, seeds: fakeSealed, accounts, settings, issuer: 'https://id.example/tenant' });
});

const flowOf = (browser: string): FlowState => ({
  ...{ kind: 'login', browser, expiresAt: now + 1000, hint: '', locale: 'en', interaction: '' },
  ...{ acrValues: [], factors: [], memory: {}, person },
});
const view = (browser: string, at: number): View => ({ flow: flowOf(browser), memory, person, values: {}, messages: {}, now: at });
const offer = (part: Part | undefined, browser = 'b') => part?.offer(view(browser, now));
async function submit(part: Part | undefined, values: Record<string, string>, at = now, browser = 'b'): Promise<Result> {
  if (!part) throw new Error('there is no such part');
  const result = await part.submit({ ...view(browser, at), values, address: '192.0.2.1', userAgent: 'Firefox', handle: 'flow' });
  if ('memory' in result && result.memory) memory = result.memory;
  return result;
}
const has = async (): Promise<void> =>
  void totps.bySub.set(person.sub, {
    ...{ ...usualParameters, sealed: await fakeSealed.seal(seed, totpPlace(person.sub)), step: -1 },
    ...{ createdAt: 1, lastUsedAt: undefined },
  });
const idsOf = (result: Result, field: string) => ('messages' in result ? (result.messages?.[field] ?? []).map(({ id }) => id) : []);

describe('another factor of a sign-in', () => {
  test('is no offer for who has none', async () => expect(await offer(method.second)).toBeUndefined());

  test('RFC 8176 §2: a right code proves `otp`, for the person that is known, at the time of its use', async () => {
    await has();
    expect(await offer(method.second)).toMatchObject({ fields: [{ name: 'code', autocomplete: 'one-time-code' }] });
    const proved = await submit(method.second, { code: codeAt(seed, now) });
    expect(proved).toEqual({ kind: 'proved', person, factor: { amr: ['otp'], at: totps.at } });
  });

  test('RFC 6238 §5.2: a step is used once, and none before it', async () => {
    await has();
    await submit(method.second, { code: codeAt(seed, now) });
    expect(idsOf(await submit(method.second, { code: codeAt(seed, now) }), 'code')).toEqual(['totp_used']);
    expect(idsOf(await submit(method.second, { code: codeAt(seed, now - 30_000) }), 'code')).toEqual(['totp_used']);
    expect(await submit(method.second, { code: codeAt(seed, now + 30_000) })).toMatchObject({ kind: 'proved' });
  });

  test('an attempt is counted before the code is looked at: after the limit also the right one is not', async () => {
    await has();
    const wrong = codeAt(seed, now) === '000000' ? '111111' : '000000';
    for (let at = 0; at < limit; at += 1) expect(idsOf(await submit(method.second, { code: wrong }), 'code')).toEqual(['totp_wrong']);
    const late = await submit(method.second, { code: codeAt(seed, now) });
    expect([idsOf(late, ''), late]).toMatchObject([['throttled'], { kind: 'ask', retryAt: 3_600_000 }]);
  });

  test.each(['', '  ', '12345', 'abcdef'])('%j cannot be a code, and is no attempt', async (code) => {
    await has();
    expect(await submit(method.second, { code })).toMatchObject({ kind: 'ask' });
    expect(attempts.counted.size).toBe(0);
  });

  test('style.md 20: a seed that was moved from another row does not open', async () => {
    await has();
    const foreign = await fakeSealed.seal(seed, totpPlace('0195f2d0-0000-7000-8000-000000000002'));
    totps.bySub.set(person.sub, { ...usualParameters, sealed: foreign, step: -1, createdAt: 1, lastUsedAt: undefined });
    await expect(submit(method.second, { code: codeAt(seed, now) })).rejects.toThrow('does not open');
  });
});

describe('enrolment', () => {
  const begin = async (part: Part | undefined): Promise<Buffer> => {
    await submit(part, { action: 'start' });
    const { options } = (await offer(part)) ?? {};
    const { secret, uri } = options ?? {};
    expect(String(uri)).toContain(String(secret).replaceAll(' ', ''));
    return seedOf(String(secret));
  };

  test('shows a seed, and keeps it when its first code is right; that code is used up', async () => {
    expect(await offer(method.settings)).toMatchObject({ fields: [], actions: [{ value: 'start' }] });
    const made = await begin(method.settings);
    expect(await submit(method.settings, { action: 'confirm', code: codeAt(made, now) })).toMatchObject({ kind: 'changed', memory: {} });
    expect([totps.bySub.size, totps.actors]).toEqual([1, [`user:${person.sub}`]]);
    expect(idsOf(await submit(method.second, { code: codeAt(made, now) }), 'code')).toEqual(['totp_used']);
    expect(await offer(method.settings)).toMatchObject({ items: [{ id: 'totp', actions: [{ value: 'remove' }] }] });
  });

  test('a wrong first code keeps nothing, and the seed stays the same', async () => {
    const made = await begin(method.settings);
    const before = (await offer(method.settings))?.options;
    const wrong = codeAt(made, now) === '000000' ? '111111' : '000000';
    expect(idsOf(await submit(method.settings, { action: 'confirm', code: wrong }), 'code')).toEqual(['totp_wrong_at_first']);
    expect([totps.bySub.size, (await offer(method.settings))?.options]).toEqual([0, before]);
  });

  test('what waits to be confirmed opens in no other browser, and can be given up', async () => {
    const made = await begin(method.settings);
    expect(await offer(method.settings, 'c')).toMatchObject({ actions: [{ value: 'start' }] });
    expect(await submit(method.settings, { action: 'confirm', code: codeAt(made, now) }, now, 'c')).toMatchObject({ kind: 'ask' });
    await submit(method.settings, { action: 'cancel' });
    expect(await submit(method.settings, { action: 'confirm', code: codeAt(made, now) })).toMatchObject({ kind: 'ask' });
    expect(totps.bySub.size).toBe(0);
  });

  test('login.second_factor: within a sign-in it proves the factor at once, and is no offer for who has one', async () => {
    const made = await begin(method.enrol);
    expect(await submit(method.enrol, { action: 'confirm', code: codeAt(made, now) })).toMatchObject({
      kind: 'proved',
      factor: { amr: ['otp'] },
    });
    expect(await offer(method.enrol)).toBeUndefined();
  });

  test('a second app does not replace the first behind its back', async () => {
    const made = await begin(method.settings);
    await has();
    const result = await submit(method.settings, { action: 'confirm', code: codeAt(made, now) });
    expect(idsOf(result, '')).toEqual(['totp_there_already']);
    expect(totps.actors).toEqual([]);
  });

  test('removes it', async () => {
    await has();
    expect(idsOf(await submit(method.settings, { action: 'remove' }), '')).toEqual(['totp_removed']);
    expect(await offer(method.second)).toBeUndefined();
  });
});

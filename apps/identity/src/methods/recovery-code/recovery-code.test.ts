import { fixedSettings } from '@authority/settings';
import { beforeEach, describe, expect, test } from 'vitest';
import { FakeAttempts, fakeMacs, fakeSealed } from '../../attempts/fakes.ts';
import type { Part, Result, View } from '../../flows/method.ts';
import type { FlowState } from '../../flows/state.ts';
import { identitySettings } from '../../settings.ts';
import { newCodes, normalizeCode, numberOfCodes } from './code.ts';
import { FakeRecoveryCodes } from './fakes.ts';
import { recoveryCode } from './recovery-code.ts';

const person = { sub: '0195f2d0-0000-7000-8000-000000000001', security: 1 };
const now = Date.parse('2026-11-24T01:30:00Z');
const limit = identitySettings['login.second_factor_attempts'].default;

describe('a recovery code', () => {
  test('has 80 bits in letters that nobody takes for digits, in groups', () => {
    const codes = newCodes();
    expect([codes.length, new Set(codes).size]).toEqual([numberOfCodes, numberOfCodes]);
    for (const code of codes) expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}$/);
  });

  test.each([
    ['ABCD-EFGH-JKMN-PQRS', 'ABCDEFGHJKMNPQRS'],
    [' abcd efgh jkmn pqrs ', 'ABCDEFGHJKMNPQRS'],
    ['oOiI-lL00-1111-0000', '0011110011110000'],
    ['ABCD–EFGH–JKMN–PQRS', 'ABCDEFGHJKMNPQRS'],
    ['ABCDEFGHJKMNPQR', undefined],
    ['ABCDEFGHJKMNPQRU', undefined],
    ['A'.repeat(1000), undefined],
    ['', undefined],
  ])('as people type it: %j is %j', (typed, code) => expect(normalizeCode(typed)).toBe(code));
});

let codes: FakeRecoveryCodes;
let attempts: FakeAttempts;
let memory: View['memory'];
let method: ReturnType<typeof recoveryCode>;

beforeEach(() => {
  [codes, attempts, memory] = [new FakeRecoveryCodes(), new FakeAttempts(), {}];
  method = recoveryCode({ codes, attempts, macs: fakeMacs, sealed: fakeSealed, settings: fixedSettings(identitySettings) });
});

const flowOf = (browser: string): FlowState => ({
  ...{ kind: 'settings', browser, expiresAt: now + 1000, hint: '', locale: 'en', interaction: '' },
  ...{ acrValues: [], factors: [], memory: {}, person },
});
const view = (browser: string, at: number): View => ({ flow: flowOf(browser), memory, person, values: {}, messages: {}, now: at });
const offer = (part: Part | undefined, browser = 'b', at = now) => part?.offer(view(browser, at));
async function submit(part: Part | undefined, values: Record<string, string>): Promise<Result> {
  if (!part) throw new Error('there is no such part');
  const result = await part.submit({ ...view('b', now), values, address: '192.0.2.1', userAgent: 'Firefox', handle: 'flow' });
  if ('memory' in result && result.memory) memory = result.memory;
  return result;
}
async function make(): Promise<string[]> {
  await submit(method.settings, { action: 'make' });
  return ((await offer(method.settings))?.options?.['codes'] ?? []) as string[];
}
const idsOf = (result: Result, field: string) => ('messages' in result ? (result.messages?.[field] ?? []).map(({ id }) => id) : []);

describe('the section of the account', () => {
  test('is there only for who has another second factor', async () => {
    codes.backsUp = false;
    expect(await offer(method.settings)).toBeUndefined();
    expect(idsOf(await submit(method.settings, { action: 'make' }), '')).toEqual(['recovery_codes_of_nothing']);
    expect(codes.bySub.size).toBe(0);
  });

  test('shows new codes once: in the browser that made them, for ten minutes, until they are said to be kept', async () => {
    const made = await make();
    expect(made).toHaveLength(numberOfCodes);
    expect(codes.actors).toEqual([`user:${person.sub}`]);
    expect(await offer(method.settings)).toMatchObject({ items: [{ details: { left: '10' } }], actions: [{ value: 'kept' }] });
    expect((await offer(method.settings, 'c'))?.options).toBeUndefined();
    expect((await offer(method.settings, 'b', now + 601_000))?.options).toBeUndefined();
    await submit(method.settings, { action: 'kept' });
    expect((await offer(method.settings))?.options).toBeUndefined();
  });

  test('keeps no code that could be read', async () => {
    const made = await make();
    const kept = JSON.stringify([...codes.bySub.values()]);
    for (const code of made) expect(kept).not.toContain(code);
    for (const code of made) expect(JSON.stringify(memory)).not.toContain(code);
  });

  test('new ones end those of before', async () => {
    const [old = ''] = await make();
    const [fresh = ''] = await make();
    expect(idsOf(await submit(method.second, { code: old }), 'code')).toEqual(['recovery_code_wrong']);
    expect(await submit(method.second, { code: fresh })).toMatchObject({ kind: 'proved' });
  });
});

describe('another factor of a sign-in', () => {
  test('is a backup, and no offer for who has none left', async () => {
    expect(method.second?.isBackup).toBe(true);
    expect(await offer(method.second)).toBeUndefined();
    codes.bySub.set(person.sub, { key_id: 'k_1', macs: [] });
    expect(await offer(method.second)).toBeUndefined();
  });

  test('each works once, however it is typed', async () => {
    const [code = ''] = await make();
    expect(await submit(method.second, { code: code.toLowerCase().replaceAll('-', ' ') })).toEqual({
      ...{ kind: 'proved', person },
      factor: { amr: ['otp'], at: codes.at },
    });
    expect(idsOf(await submit(method.second, { code }), 'code')).toEqual(['recovery_code_wrong']);
    expect((await codes.find(person.sub))?.left).toBe(numberOfCodes - 1);
  });

  test('an attempt is counted before the code is looked at: after the limit also the right one is not', async () => {
    const [code = ''] = await make();
    for (let at = 0; at < limit; at += 1) {
      expect(idsOf(await submit(method.second, { code: '0000-0000-0000-0000' }), 'code')).toEqual(['recovery_code_wrong']);
    }
    expect(idsOf(await submit(method.second, { code }), '')).toEqual(['throttled']);
    expect((await codes.find(person.sub))?.left).toBe(numberOfCodes);
  });

  test.each(['', '123456'])('%j cannot be a code, and is no attempt', async (code) => {
    await make();
    expect(await submit(method.second, { code })).toMatchObject({ kind: 'ask' });
    expect(attempts.counted.size).toBe(0);
  });

  test('codes whose key is gone are wrong', async () => {
    const [code = ''] = await make();
    codes.bySub.set(person.sub, { key_id: 'k_gone', macs: codes.bySub.get(person.sub)?.macs ?? [] });
    expect(idsOf(await submit(method.second, { code }), 'code')).toEqual(['recovery_code_wrong']);
  });
});

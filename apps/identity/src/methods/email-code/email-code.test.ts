import { createHash } from 'node:crypto';
import { FlowKind, StartFlowRequest, type SubmitFlowResponse } from '@authority/contracts/identity';
import { fixedSettings } from '@authority/settings';
import { setLogSink } from '@authority/telemetry';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeCodes } from '../../codes/fake-codes.ts';
import { SendLimits } from '../../codes/limits.ts';
import { FakeAccounts, FakeAttestations, FakeCompletions, FakeCounters, FakeFlows, FakePasswords, FakeSchemas } from '../../fakes.ts';
import { FlowEndpoint } from '../../flows/flow-endpoint.ts';
import { ask, type Method } from '../../flows/method.ts';
import { errorMessage } from '../../flows/state.ts';
import { MailLimits } from '../../mails/limits.ts';
import { type IdentitySettings, identitySettings } from '../../settings.ts';
import { Throttle } from '../../throttle/throttle.ts';
import { password } from '../password/password.ts';
import { contact } from '../profile/profile.ts';
import { emailCode } from './email-code.ts';
import { RegistrationProof } from './registration-proof.ts';
import type { Addresses } from './ports.ts';

const browserOf = (name: string) => createHash('sha256').update(name).digest('base64url');
const [browser, other] = [browserOf('one'), browserOf('other')];
const start0 = Date.parse('2026-11-24T01:30:00Z');

let accounts: FakeAccounts;
let attestations: FakeAttestations;
let codes: FakeCodes;
let mode: 'none' | 'after' | 'before';
let counters: FakeCounters;
let endpoint: FlowEndpoint;
let hasSecond: boolean;
let verified: string[];
let lines: string[];
let stopLogging: () => void;

const totp: Method = {
  name: 'totp',
  second: {
    offer: async () => (hasSecond ? { fields: [] } : undefined),
    submit: async ({ values, person }) =>
      person && values['code'] === '123456'
        ? { kind: 'proved', person, factor: { amr: ['otp'], at: start0 } }
        : ask({ code: [errorMessage('code_wrong')] }),
  },
};

const addresses: Addresses = {
  async findRecipient(identifier) {
    const account = accounts.byIdentifier.get(identifier);
    return account && !account.disabled ? { sub: account.sub, address: identifier } : undefined;
  },
  findUnverified: async () => ['a@example.com'].filter((one) => !verified.includes(one)),
  async verify(sub, address) {
    if (accounts.byIdentifier.get(address)?.sub !== sub) return false;
    verified.push(address);
    return true;
  },
  async takeOver(sub, address) {
    const account = accounts.byIdentifier.get(address);
    if (account?.sub !== sub) return undefined;
    verified.push(address);
    return { security: account.security, at: start0 };
  },
};

beforeEach(async () => {
  [accounts, attestations, codes, counters, hasSecond, verified, lines] = [
    new FakeAccounts(),
    new FakeAttestations(),
    new FakeCodes(),
    new FakeCounters(),
    false,
    [],
    [],
  ];
  counters.now = start0;
  mode = 'none';
  stopLogging = setLogSink((line) => void lines.push(line));
  const fixed = fixedSettings(identitySettings, { 'login.email_code': true });
  const settings: IdentitySettings = { get: (name) => (name === 'registration.verify' ? mode : fixed.get(name)) as never }; // of its type
  const throttle = new Throttle(counters, settings);
  const limits = new SendLimits(counters, new MailLimits(counters, settings), settings);
  const schemas = new FakeSchemas();
  const sealed = {
    seal: async (text: string, from: string) => `${from} ${Buffer.from(text).toString('base64url')}`,
    open: async (text: string, from: string) =>
      text.startsWith(`${from} `) ? Buffer.from(text.slice(44), 'base64url').toString() : undefined,
  };
  const proof = new RegistrationProof({ codes, limits, settings, accounts, addresses, ...sealed });
  const rules = () => ({ minLength: 8, minStrength: 2 });
  endpoint = new FlowEndpoint({
    ...{ flows: new FakeFlows(), completions: new FakeCompletions(), attestations, accounts, settings, now: () => counters.now },
    methods: [
      password({ accounts, passwords: new FakePasswords(), throttle, rules, schemas, proof, ...schemas }),
      totp,
      emailCode({ codes, limits, settings, accounts, addresses }),
      contact({ accounts, schemas, throttle, proof }),
    ],
  });
  await submit(await start(FlowKind.REGISTRATION), { method: 'password', email: 'a@example.com', password: 'correct horse' });
});

afterEach(() => stopLogging());

const start = async (kind: FlowKind, more: Partial<StartFlowRequest> = {}) =>
  (await endpoint.start({ ...StartFlowRequest.create(), kind, browser, ...more })).flow?.handle ?? '';
const submit = (flow: string, values: Record<string, string>, from = browser) =>
  endpoint.submit({
    flow,
    browser: from,
    values: Object.entries({ method: 'email_code', ...values }).map(([name, value]) => ({ name, value })),
    evidence: undefined,
    attestation: '',
  });
const flowOf = ({ outcome }: SubmitFlowResponse) => (outcome?.$case === 'flow' ? outcome.value : undefined);
const stageOf = (answer: SubmitFlowResponse) => flowOf(answer)?.stage ?? answer.outcome?.$case;
const idsOf = (answer: SubmitFlowResponse) => {
  const flow = flowOf(answer);
  const ofForms = flow?.forms.flatMap(({ messages, fields }) => [...messages, ...fields.flatMap((field) => field.messages)]) ?? [];
  return [...(flow?.messages ?? []), ...ofForms].filter(({ severity }) => severity === 'error').map(({ id }) => id);
};
const factsOf = async ({ outcome }: SubmitFlowResponse) =>
  endpoint.redeem({ completion: outcome?.$case === 'completion' ? outcome.value : '', browser });
const mailed = (at = -1): { code: string; link: string } => {
  const mail = codes.mails.at(at);
  if (mail?.kind === 'login_code' || mail?.kind === 'registration_code') return { code: mail.values.code, link: '' };
  if (mail?.kind !== 'recovery' && mail?.kind !== 'verification') return { code: '', link: '' };
  return { code: mail.values.code, link: mail.values.link.parameters?.['link'] ?? '' };
};
const recovery = async (email = 'a@example.com') => {
  const flow = await start(FlowKind.RECOVERY);
  return { flow, asked: await submit(flow, { email }) };
};
const newPassword = { method: 'password', new_password: 'other horse' };

describe('recovery', () => {
  test('by a code: a new password, signed in by less than two factors, and the address is verified', async () => {
    const { flow, asked } = await recovery();
    expect(flowOf(asked)?.forms).toMatchObject([
      { method: 'email_code', fields: [{ name: 'code', autocomplete: 'one-time-code', inputmode: 'numeric' }] },
    ]);
    await expect(submit(flow, newPassword)).rejects.toMatchObject({ reason: 'method_not_offered' });
    expect(stageOf(await submit(flow, { code: mailed().code }))).toBe('new_password');
    expect(await factsOf(await submit(flow, newPassword))).toMatchObject({ acr: 'urn:authority:acr:password', amr: ['otp', 'pwd'] });
    expect(verified).toEqual(['a@example.com']);
    expect(codes.mails.at(-1)?.kind).toBe('recovery');
  });

  test('by a link, in the browser that asked, after a button', async () => {
    await recovery();
    const flow = await start(FlowKind.RECOVERY, { link: mailed().link });
    const { flow: shown } = await endpoint.get({ flow, browser, attestation: '' });
    expect(shown?.forms).toMatchObject([{ fields: [], actions: [{ value: 'open' }], messages: [{ id: 'link_ready' }] }]);
    expect(stageOf(await submit(flow, { action: 'open' }))).toBe('new_password');
    const again = await start(FlowKind.RECOVERY, { link: mailed().link });
    expect(idsOf(await submit(again, { action: 'open' }))).toEqual(['link_used']);
  });

  test('a link in another browser lets nobody in, and uses nothing up (login swap)', async () => {
    const { flow } = await recovery();
    const swapped = await start(FlowKind.RECOVERY, { link: mailed().link, browser: other });
    const opened = await submit(swapped, { action: 'open' }, other);
    expect([stageOf(opened), idsOf(opened)]).toEqual(['recovery', ['link_other_browser']]);
    expect(stageOf(await submit(flow, { code: mailed().code }))).toBe('new_password');
  });

  test('an older link is refused', async () => {
    await recovery();
    await recovery();
    const flow = await start(FlowKind.RECOVERY, { link: mailed(-2).link });
    expect(idsOf(await submit(flow, { action: 'open' }))).toEqual(['link_superseded']);
  });

  test('a second factor cannot be skipped', async () => {
    hasSecond = true;
    const { flow } = await recovery();
    expect(stageOf(await submit(flow, { code: mailed().code }))).toBe('second');
    await expect(submit(flow, newPassword)).rejects.toMatchObject({ reason: 'method_not_offered' });
    expect(stageOf(await submit(flow, { method: 'totp', code: '123456' }))).toBe('new_password');
    expect(await factsOf(await submit(flow, newPassword))).toMatchObject({ acr: 'urn:authority:acr:mfa' });
  });

  test('an unknown address and a disabled account are answered as a known one, to the end of the attempts', async () => {
    const account = accounts.byIdentifier.get('a@example.com');
    if (account) accounts.byIdentifier.set('d@example.com', { ...account, disabled: true });
    const answers = [];
    for (const email of ['a@example.com', 'x@example.com', 'd@example.com']) {
      const { flow, asked } = await recovery(email);
      const tried = [asked];
      for (let at = 0; at < 6; at += 1) tried.push(await submit(flow, { code: '1234 5678' }));
      tried.push(await submit(flow, { action: 'resend' }));
      answers.push(JSON.stringify(tried).replaceAll(flow, 'FLOW').replaceAll(email, 'ADDRESS'));
    }
    expect(new Set(answers).size).toBe(1);
    expect(codes.mails).toHaveLength(3);
    expect(lines.join('\n')).not.toContain('x@example.com');
  });

  test('a code for an address that has been replaced since proves nothing', async () => {
    const { flow } = await recovery();
    const account = accounts.byIdentifier.get('a@example.com');
    accounts.byIdentifier.delete('a@example.com');
    if (account) accounts.byIdentifier.set('b@example.com', account);
    expect(idsOf(await submit(flow, { code: mailed().code }))).toEqual(['code_wrong']);
  });

  test('another code is sent after a while, and another address can be chosen', async () => {
    const { flow } = await recovery();
    expect(idsOf(await submit(flow, { action: 'resend' }))).toEqual(['code_resend_wait']);
    counters.now += 30_000;
    expect(idsOf(await submit(flow, { action: 'resend' }))).toEqual([]);
    expect(idsOf(await submit(flow, { code: mailed(0).code }))).toEqual(['code_wrong']);
    expect(flowOf(await submit(flow, { action: 'restart' }))?.forms).toMatchObject([{ fields: [{ name: 'email' }] }]);
    expect(idsOf(await submit(flow, { email: '' }))).toEqual(['required']);
    expect(idsOf(await submit(flow, { email: 'a b' }))).toEqual(['email_invalid']);
  });

  test('a code of another flow is wrong', async () => {
    const [one, two] = [await recovery(), await recovery()];
    expect(idsOf(await submit(two.flow, { code: mailed(-2).code }))).toEqual(['code_wrong']);
    expect(idsOf(await submit(one.flow, { code: mailed().code }))).toEqual(['code_superseded']);
    await expect(submit(two.flow, { code: mailed().code }, other)).rejects.toMatchObject({ reason: 'flow_of_other_browser' });
  });

  test('too many messages to one address are told, with when to come back', async () => {
    for (let at = 0; at < 5; at += 1) await recovery('x@example.com');
    const { asked } = await recovery('x@example.com');
    expect(idsOf(asked)).toEqual(['throttled']);
    expect(flowOf(asked)?.retry_at_ms).toBe(Date.parse('2026-11-24T02:00:00Z'));
  });
});

describe('sign-in by a code', () => {
  test('stands beside the password, and is one factor', async () => {
    const flow = await start(FlowKind.LOGIN);
    const asked = flowOf(await submit(flow, { email: 'a@example.com' }));
    expect(asked?.forms.map(({ method }) => method)).toEqual(['email_code', 'password']);
    expect(codes.mails.at(-1)?.kind).toBe('login_code');
    expect(await factsOf(await submit(flow, { code: mailed().code }))).toMatchObject({ acr: 'urn:authority:acr:password', amr: ['otp'] });
  });

  test('a code for a recovery signs nobody in', async () => {
    await recovery();
    const { code } = mailed();
    const flow = await start(FlowKind.LOGIN);
    await submit(flow, { email: 'a@example.com' });
    expect(idsOf(await submit(flow, { code }))).toEqual(['code_wrong']);
  });
});

describe('verification', () => {
  const signedIn = async () => {
    const sub = accounts.byIdentifier.get('a@example.com')?.sub ?? '';
    const word = { sub, sid: 's', browser, amr: ['pwd'], acr: 'urn:authority:acr:password', authTime: counters.now };
    return start(FlowKind.VERIFICATION, { attestation: await attestations.put(word) });
  };

  test('by a code, for who is signed in; afterwards there is nothing left', async () => {
    const flow = await signedIn();
    await submit(flow, { action: 'send' });
    expect(stageOf(await submit(flow, { code: mailed().code }))).toBe('done');
    expect(verified).toEqual(['a@example.com']);
    expect(stageOf(await submit(await signedIn(), { action: 'send' }))).toBe('done');
  });

  test('by a link, in any browser, after a button; it signs nobody in', async () => {
    await submit(await signedIn(), { action: 'send' });
    const flow = await start(FlowKind.VERIFICATION, { link: mailed().link, browser: other });
    expect(verified).toEqual([]);
    expect(stageOf(await submit(flow, { action: 'verify' }, other))).toBe('done');
    expect(verified).toEqual(['a@example.com']);
    const again = await start(FlowKind.VERIFICATION, { link: mailed().link, browser: other });
    expect(idsOf(await submit(again, { action: 'verify' }, other))).toEqual(['link_used']);
  });

  test('who is not signed in can do nothing without a link', async () => {
    const flow = await start(FlowKind.VERIFICATION);
    expect(idsOf(await submit(flow, { action: 'send' }))).toEqual(['flow_expired']);
    expect(codes.mails).toEqual([]);
  });

  test('an address that was changed meanwhile is not verified', async () => {
    await submit(await signedIn(), { action: 'send' });
    const { link } = mailed();
    accounts.byIdentifier.delete('a@example.com');
    const flow = await start(FlowKind.VERIFICATION, { link });
    expect(idsOf(await submit(flow, { action: 'verify' }))).toContain('link_expired');
  });
});

describe('registration', () => {
  const register = async (email: string) => {
    const flow = await start(FlowKind.REGISTRATION);
    return { flow, answer: await submit(flow, { method: 'password', email, password: 'correct horse' }) };
  };
  const registered = (email: string) => accounts.byIdentifier.has(email);

  test('with the proof after it: signed in, and a mail is there; the account works before', async () => {
    mode = 'after';
    const { answer } = await register('new@example.com');
    expect(answer.outcome?.$case).toBe('completion');
    expect(codes.mails.map(({ kind, to }) => [kind, to])).toEqual([['verification', 'new@example.com']]);
    const flow = await start(FlowKind.VERIFICATION, { link: mailed().link, browser: other });
    expect(stageOf(await submit(flow, { action: 'verify' }, other))).toBe('done');
  });

  test('with the proof before it: no account until the code is typed, then a verified one that is signed in', async () => {
    mode = 'before';
    const { flow, answer } = await register('new@example.com');
    expect(flowOf(answer)?.forms).toMatchObject([
      { method: 'password', fields: [{ name: 'code' }], messages: [{ id: 'code_sent_registration' }] },
    ]);
    expect(registered('new@example.com')).toBe(false);
    expect(idsOf(await submit(flow, { method: 'password', code: '1' }))).toEqual(['code_wrong']);
    const facts = await factsOf(await submit(flow, { method: 'password', code: mailed().code }));
    expect(facts).toMatchObject({ amr: ['pwd'], acr: 'urn:authority:acr:password' });
    expect(verified).toEqual(['new@example.com']);
  });

  test('with the proof before it: a taken address is answered as a free one, and its owner is told once a day', async () => {
    mode = 'before';
    const answers = [];
    for (const email of ['free@example.com', 'a@example.com']) {
      const { flow, answer } = await register(email);
      const tried = [answer];
      for (let at = 0; at < 6; at += 1) tried.push(await submit(flow, { method: 'password', code: '1234 5678' }));
      answers.push(JSON.stringify(tried).replaceAll(flow, 'FLOW').replaceAll(email, 'ADDRESS'));
    }
    expect(answers[0]).toBe(answers[1]);
    await register('a@example.com');
    expect(codes.mails.map(({ kind, withheld }) => [kind, withheld])).toEqual([
      ['registration_code', false],
      ['registration_attempt', false],
      ['registration_attempt', true],
    ]);
  });

  test('with the proof before it: another code brings the same account, and another address begins anew', async () => {
    mode = 'before';
    const { flow } = await register('new@example.com');
    counters.now += 30_000;
    await submit(flow, { method: 'password', action: 'resend' });
    expect((await submit(flow, { method: 'password', code: mailed().code })).outcome?.$case).toBe('completion');
    const again = await register('other@example.com');
    const fields = flowOf(await submit(again.flow, { method: 'password', action: 'restart' }))?.forms[0]?.fields.map(({ name }) => name);
    expect(fields).toContain('password');
  });

  test('with the proof before it: who registers the address meanwhile has it', async () => {
    mode = 'before';
    const [one, two] = [await register('new@example.com'), await register('new@example.com')];
    expect(idsOf(await submit(one.flow, { method: 'password', code: mailed(-2).code }))).toEqual(['code_superseded']);
    expect((await submit(two.flow, { method: 'password', code: mailed().code })).outcome?.$case).toBe('completion');
  });
});

describe('a change of address', () => {
  const word = () => {
    const sub = accounts.byIdentifier.get('a@example.com')?.sub ?? '';
    return attestations.put({ sub, sid: 's', browser, amr: ['pwd'], acr: 'urn:authority:acr:password', authTime: counters.now });
  };
  const change = async (flow: string, values: Record<string, string>) =>
    endpoint.submit({
      ...{ flow, browser, evidence: undefined, attestation: await word() },
      values: Object.entries({ method: 'contact', ...values }).map(([name, value]) => ({ name, value })),
    });
  const settingsFlow = async () => start(FlowKind.SETTINGS, { attestation: await word() });

  test('the new address takes the place of the old one when it is proved, and not before', async () => {
    mode = 'after';
    const flow = await settingsFlow();
    await change(flow, { email: 'b@example.com' });
    expect(codes.mails.map(({ kind, to }) => [kind, to])).toEqual([['address_code', 'b@example.com']]);
    expect([...accounts.byIdentifier.keys()]).toEqual(['a@example.com']);
    expect(idsOf(await change(flow, { code: '1' }))).toContain('code_wrong');
    const mail = codes.mails.at(-1);
    await change(flow, { code: mail?.kind === 'address_code' ? mail.values.code : '' });
    expect([...accounts.byIdentifier.keys()]).toEqual(['b@example.com']);
    expect(verified).toEqual(['b@example.com']);
  });

  test('a taken address is answered as a free one, and its owner is told', async () => {
    const sub = accounts.byIdentifier.get('a@example.com');
    if (sub) accounts.byIdentifier.set('taken@example.com', { ...sub, sub: 'other' });
    mode = 'after';
    const [free, taken] = [await settingsFlow(), await settingsFlow()];
    const answers = [];
    for (const [flow, email] of [
      [free, 'freed@example.com'],
      [taken, 'taken@example.com'],
    ] as const) {
      answers.push(
        JSON.stringify(await change(flow, { email }))
          .replaceAll(flow, 'FLOW')
          .replaceAll(email, 'ADDRESS'),
      );
    }
    expect(answers[0]).toBe(answers[1]);
    expect(codes.mails.map(({ kind }) => kind)).toEqual(['address_code', 'registration_attempt']);
  });

  test('counts at once where nothing is verified', async () => {
    await change(await settingsFlow(), { email: 'b@example.com' });
    expect([...accounts.byIdentifier.keys()]).toEqual(['b@example.com']);
    expect(codes.mails).toEqual([]);
  });
});

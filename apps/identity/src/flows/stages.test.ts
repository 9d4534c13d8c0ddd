import { createHash } from 'node:crypto';
import { FlowKind, StartFlowRequest, type SubmitFlowResponse } from '@authority/contracts/identity';
import { fixedSettings } from '@authority/settings';
import { setLogSink } from '@authority/telemetry';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeAccounts, FakeAttestations, FakeCompletions, FakeCounters, FakeFlows, FakePasswords, FakeSchemas } from '../fakes.ts';
import { password } from '../methods/password/password.ts';
import { identitySettings } from '../settings.ts';
import { Throttle } from '../throttle/throttle.ts';
import { acrOf, amrOf } from './assurance.ts';
import { FlowEndpoint } from './flow-endpoint.ts';
import { ask, type Method } from './method.ts';
import { standingOf } from './stages.ts';
import { errorMessage } from './state.ts';

const browser = createHash('sha256').update('one').digest('base64url');
const minute = 60_000;

let accounts: FakeAccounts;
let attestations: FakeAttestations;
let endpoint: FlowEndpoint;
let now: number;
let hasSecond: boolean;
let stopLogging: () => void;

/** Something that a person has: the code is `123456`. */
const device: Method = {
  name: 'totp',
  second: {
    offer: async ({ person }) =>
      person && hasSecond ? { fields: [{ name: 'code', type: 'text', autocomplete: 'one-time-code', required: true }] } : undefined,
    async submit({ values, person }) {
      if (!person || values['code'] !== '123456') return ask({ code: [errorMessage('code_wrong')] });
      return { kind: 'proved', person, factor: { amr: ['otp'], at: 2000 } };
    },
  },
  settings: {
    offer: async () => ({ fields: [] }),
    submit: async () => ({ kind: 'changed', messages: {} }),
  },
};

/** A way out alone: it makes nobody need a second factor. */
const backup: Method = {
  name: 'recovery_code',
  second: { isBackup: true, offer: async ({ person }) => (person ? { fields: [] } : undefined), submit: async () => ask({}) },
};

/** Recovery without a mail. */
const address: Method = {
  name: 'address',
  recovery: {
    offer: async () => ({ fields: [] }),
    async submit() {
      const [account] = accounts.byIdentifier.values();
      if (!account) return ask({});
      return { kind: 'proved', person: { sub: account.sub, security: account.security }, factor: { amr: ['otp'], at: 1500 } };
    },
  },
};

beforeEach(async () => {
  [accounts, attestations, now, hasSecond] = [new FakeAccounts(), new FakeAttestations(), 0, false];
  stopLogging = setLogSink(() => {});
  const settings = fixedSettings(identitySettings);
  const throttle = new Throttle(new FakeCounters(), settings);
  const schemas = new FakeSchemas();
  const rules = () => ({ minLength: 8, minStrength: 2 });
  endpoint = new FlowEndpoint({
    ...{ flows: new FakeFlows(), completions: new FakeCompletions(), attestations, accounts, settings, now: () => now },
    methods: [password({ accounts, passwords: new FakePasswords(), throttle, rules, schemas, ...schemas }), device, backup, address],
  });
  await submit(await start(FlowKind.REGISTRATION), { email: 'a@example.com', password: 'correct horse' });
});

afterEach(() => stopLogging());

const credentials = { email: 'a@example.com', password: 'correct horse' };
const start = async (kind: FlowKind, more: Partial<StartFlowRequest> = {}) =>
  (await endpoint.start({ ...StartFlowRequest.create(), kind, browser, ...more })).flow?.handle ?? '';
const submit = (flow: string, values: Record<string, string>, attestation = '') =>
  endpoint.submit({
    flow,
    browser,
    values: Object.entries(values).map(([name, value]) => ({ name, value })),
    evidence: undefined,
    attestation,
  });
const stageOf = ({ outcome }: SubmitFlowResponse) => (outcome?.$case === 'flow' ? outcome.value.stage : outcome?.$case);
const methodsOf = ({ outcome }: SubmitFlowResponse) => (outcome?.$case === 'flow' ? outcome.value.forms.map(({ method }) => method) : []);
const factsOf = async ({ outcome }: SubmitFlowResponse) =>
  endpoint.redeem({ completion: outcome?.$case === 'completion' ? outcome.value : '', browser });
const sub = () => [...accounts.byIdentifier.values()][0]?.sub ?? '';
const attest = (acr = 'urn:authority:acr:password', authTime = now, of = browser) =>
  attestations.put({ sub: sub(), sid: 's_1', browser: of, amr: ['pwd'], acr, authTime });

describe('a second factor', () => {
  test('is asked of whoever has one, and not of others; a way out alone is none', async () => {
    expect(stageOf(await submit(await start(FlowKind.LOGIN), credentials))).toBe('completion');
    hasSecond = true;
    const asked = await submit(await start(FlowKind.LOGIN), credentials);
    expect([stageOf(asked), methodsOf(asked)]).toEqual(['second', ['totp', 'recovery_code']]);
  });

  test('makes the sign-in of a higher class, and says so (RFC 8176 §2)', async () => {
    hasSecond = true;
    const flow = await start(FlowKind.LOGIN);
    await submit(flow, credentials);
    expect(stageOf(await submit(flow, { method: 'totp', code: '000000' }))).toBe('second');
    const facts = await factsOf(await submit(flow, { method: 'totp', code: '123456' }));
    expect(facts).toMatchObject({ amr: ['pwd', 'otp', 'mfa'], acr: 'urn:authority:acr:mfa', auth_time_ms: 2000 });
  });

  test('cannot come first, and a first factor cannot stand for it', async () => {
    hasSecond = true;
    const flow = await start(FlowKind.LOGIN);
    await expect(submit(flow, { method: 'totp', code: '123456' })).rejects.toMatchObject({ reason: 'method_not_offered' });
    await submit(flow, credentials);
    await expect(submit(flow, { method: 'password', ...credentials })).rejects.toMatchObject({ reason: 'method_not_offered' });
    await expect(submit(flow, { method: 'session' })).rejects.toMatchObject({ reason: 'method_not_offered' });
  });

  test('a credential that changed between the factors ends the flow', async () => {
    hasSecond = true;
    const flow = await start(FlowKind.LOGIN);
    await submit(flow, credentials);
    await accounts.changePassword({
      sub: sub(),
      passwordHash: 'hash:x',
      action: 'identity.change_password',
      endsSessions: true,
      asked: { actor: '', at: 0, address: '', userAgent: '', locale: '' },
    });
    await expect(submit(flow, { method: 'totp', code: '123456' })).rejects.toMatchObject({ reason: 'flow_unknown' });
  });

  test('of ten at once with the right code one signs in', async () => {
    hasSecond = true;
    const flow = await start(FlowKind.LOGIN);
    await submit(flow, credentials);
    const all = await Promise.allSettled(Array.from({ length: 10 }, () => submit(flow, { method: 'totp', code: '123456' })));
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});

describe('a submission', () => {
  test('asks nothing about forms that it is not for; whether another factor is due is asked of all', async () => {
    let asked = 0;
    const offer = async (): Promise<undefined> => {
      asked += 1;
    };
    const first = { offer, submit: async () => ask({}) } as const;
    const counting: Method = { name: 'counting', first };
    const flow = { kind: 'login', factors: [], memory: {}, acrValues: [] } as never; // as far as the stage asks
    const view = () => ({}) as never;
    const rules = { requiresSecondFactor: false };
    expect((await standingOf(flow, [counting, { name: 'other', first }], rules, view, 'counting')).stage).toBe('first');
    expect(asked).toBe(1);
    await standingOf(flow, [counting, { name: 'other', first }], rules, view);
    expect(asked).toBe(3);
  });
});

describe('step-up (RFC 9470)', () => {
  const asked = { acr_values: ['urn:authority:acr:mfa'] };

  test('goes on from a session that is fresh: only what is missing is asked', async () => {
    hasSecond = true;
    const { flow } = await endpoint.start({
      ...StartFlowRequest.create(),
      kind: FlowKind.LOGIN,
      browser,
      ...asked,
      attestation: await attest(),
    });
    expect([flow?.stage, flow?.signed_in_as]).toEqual(['second', 'a@example.com']);
    const facts = await factsOf(await submit(flow?.handle ?? '', { method: 'totp', code: '123456' }));
    expect(facts).toMatchObject({ sub: sub(), amr: ['pwd', 'otp', 'mfa'], acr: 'urn:authority:acr:mfa' });
  });

  test('a session that is old, of another browser, or unknown counts for nothing', async () => {
    hasSecond = true;
    now = 60 * minute;
    const other = createHash('sha256').update('two').digest('base64url');
    for (const attestation of [await attest(undefined, 0), await attest(undefined, now, other), 'nothing']) {
      const { flow } = await endpoint.start({ ...StartFlowRequest.create(), kind: FlowKind.LOGIN, browser, ...asked, attestation });
      expect(flow?.stage).toBe('first');
    }
  });

  test('whoever has nothing more to prove signs in as always', async () => {
    const { flow } = await endpoint.start({
      ...StartFlowRequest.create(),
      kind: FlowKind.LOGIN,
      browser,
      ...asked,
      attestation: await attest(),
    });
    expect(flow?.stage).toBe('first');
  });
});

describe('recovery', () => {
  test('asks for the second factor, then for a new password, and signs in; nothing can be skipped', async () => {
    hasSecond = true;
    const flow = await start(FlowKind.RECOVERY);
    await expect(submit(flow, { method: 'password', new_password: 'other horse' })).rejects.toMatchObject({ reason: 'method_not_offered' });
    expect(stageOf(await submit(flow, { method: 'address' }))).toBe('second');
    await expect(submit(flow, { method: 'password', new_password: 'other horse' })).rejects.toMatchObject({ reason: 'method_not_offered' });
    expect(stageOf(await submit(flow, { method: 'totp', code: '123456' }))).toBe('new_password');
    const facts = await factsOf(await submit(flow, { method: 'password', new_password: 'other horse' }));
    expect(facts).toMatchObject({ sub: sub(), acr: 'urn:authority:acr:mfa' });
    expect(await accounts.findPassword(sub())).toBe('hash:other horse');
  });
});

describe('a recovery that has its new password', () => {
  test('is complete, also where the account has another factor from then on', async () => {
    const flow = await start(FlowKind.RECOVERY);
    expect(stageOf(await submit(flow, { method: 'address' }))).toBe('new_password');
    // What is no second factor while there is no password is one from then on.
    const { changePassword } = accounts;
    accounts.changePassword = (change) => {
      hasSecond = true;
      return changePassword(change);
    };
    expect(stageOf(await submit(flow, { method: 'password', new_password: 'other horse' }))).toBe('completion');
  });
});

describe('the account', () => {
  const account = async () => start(FlowKind.SETTINGS, { attestation: await attest() });
  const change = { method: 'password', current_password: 'correct horse', new_password: 'other horse' };

  test('is open to whoever is signed in in this browser, each time', async () => {
    await expect(start(FlowKind.SETTINGS)).rejects.toMatchObject({ reason: 'session_inactive' });
    const flow = await account();
    await expect(submit(flow, change)).rejects.toMatchObject({ reason: 'session_inactive' });
    const other = await attestations.put({ sub: 'other', sid: 's', browser, amr: [], acr: '', authTime: now });
    await expect(submit(flow, change, other)).rejects.toMatchObject({ reason: 'flow_unknown' });
    expect(stageOf(await submit(flow, change, await attest()))).toBe('settings');
    expect(await accounts.findPassword(sub())).toBe('hash:other horse');
  });

  test('asks for a fresh sign-in before anything changes', async () => {
    const flow = await account();
    now = 20 * minute;
    const { outcome } = await submit(flow, change, await attest(undefined, 0));
    expect(outcome).toMatchObject({ $case: 'flow', value: { reauthenticate: true } });
    expect(await accounts.findPassword(sub())).toBe('hash:correct horse');
  });

  test('a new password asks for the one before, and may end every other session', async () => {
    const flow = await account();
    const wrong = await submit(flow, { ...change, current_password: 'wrong' }, await attest());
    expect(JSON.stringify(wrong)).toContain('password_wrong');
    const facts = await factsOf(await submit(flow, { ...change, end_sessions: 'yes' }, await attest()));
    expect(facts).toMatchObject({ sub: sub(), amr: ['pwd'] });
  });
});

describe('assurance', () => {
  const at = 0;
  const known = { method: 'password', amr: ['pwd'], at };
  const passkey = { method: 'passkey', amr: ['hwk'], at, isPhishingResistant: true };
  test.each([
    [[known], 'password', ['pwd']],
    [[known, known], 'password', ['pwd']],
    [[passkey], 'password', ['hwk']],
    [[{ ...passkey, isMultiFactor: true }], 'phishing-resistant', ['hwk', 'mfa']],
    [[known, passkey], 'phishing-resistant', ['pwd', 'hwk', 'mfa']],
    [[known, { method: 'totp', amr: ['otp'], at }], 'mfa', ['pwd', 'otp', 'mfa']],
  ])('%j reaches %s', (factors, acr, amr) => {
    expect([acrOf(factors), amrOf(factors)]).toEqual([`urn:authority:acr:${acr}`, amr]);
  });
});

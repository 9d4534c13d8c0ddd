import { createHash } from 'node:crypto';
import { FlowKind, StartFlowRequest, type SubmitFlowResponse } from '@authority/contracts/identity';
import { fixedSettings } from '@authority/settings';
import { setLogSink } from '@authority/telemetry';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeAccounts, FakeAttestations, FakeCompletions, FakeCounters, FakeFlows, FakePasswords, FakeSchemas } from '../fakes.ts';
import { identitySettings } from '../settings.ts';
import { Throttle } from '../throttle/throttle.ts';
import { password } from '../methods/password/password.ts';
import { FlowEndpoint } from './flow-endpoint.ts';

const browserOf = (name: string) => createHash('sha256').update(name).digest('base64url');
const browser = browserOf('one');
const evidence = undefined;

let accounts: FakeAccounts;
let passwords: FakePasswords;
let counters: FakeCounters;
let completions: FakeCompletions;
let attestations: FakeAttestations;
let schemas: FakeSchemas;
let endpoint: FlowEndpoint;
let lines: string[];
let stopLogging: () => void;

beforeEach(() => {
  [accounts, passwords, counters, completions, attestations, lines] = [
    new FakeAccounts(),
    new FakePasswords(),
    new FakeCounters(),
    new FakeCompletions(),
    new FakeAttestations(),
    [],
  ];
  stopLogging = setLogSink((line) => void lines.push(line));
  const settings = fixedSettings(identitySettings);
  const throttle = new Throttle(counters, settings);
  schemas = new FakeSchemas();
  const rules = () => ({ minLength: 8, minStrength: 2 });
  endpoint = new FlowEndpoint({
    flows: new FakeFlows(),
    completions,
    accounts,
    attestations,
    methods: [password({ accounts, passwords, throttle, rules, schemas, ...schemas })],
    settings,
    now: () => counters.now,
  });
});

afterEach(() => stopLogging());

const start = async (kind: FlowKind, login_hint = '') =>
  (await endpoint.start({ ...StartFlowRequest.create(), kind, browser, login_hint })).flow?.handle ?? '';
const submit = (flow: string, values: Record<string, string>, from = browser) =>
  endpoint.submit({
    flow,
    browser: from,
    values: Object.entries(values).map(([name, value]) => ({ name, value })),
    evidence,
    attestation: '',
  });
const completionOf = ({ outcome }: SubmitFlowResponse) => (outcome?.$case === 'completion' ? outcome.value : undefined);
const messagesOf = ({ outcome }: SubmitFlowResponse) =>
  outcome?.$case === 'flow'
    ? [
        ...outcome.value.messages,
        ...outcome.value.forms.flatMap((form) => [...form.messages, ...form.fields.flatMap((field) => field.messages)]),
      ].map(({ id }) => id)
    : [];
const register = async (email = 'a@example.com', password = 'correct horse') =>
  completionOf(await submit(await start(FlowKind.REGISTRATION), { email, password })) ?? '';

describe('a flow', () => {
  test('shows its fields with autocomplete, and the login hint in the identifier', async () => {
    const { flow } = await endpoint.start({ ...StartFlowRequest.create(), kind: FlowKind.LOGIN, browser, login_hint: 'a@example.com' });
    expect(
      flow?.forms[0]?.fields.map(({ name, type, autocomplete, required, value }) => [name, type, autocomplete, required, value]),
    ).toEqual([
      ['email', 'email', 'username webauthn', true, 'a@example.com'],
      ['password', 'password', 'current-password', true, ''],
    ]);
  });

  test('is bound to the browser that began it', async () => {
    const flow = await start(FlowKind.LOGIN);
    const other = browserOf('other');
    await expect(endpoint.get({ flow, browser: other, attestation: '' })).rejects.toMatchObject({ reason: 'flow_of_other_browser' });
    await expect(submit(flow, {}, other)).rejects.toMatchObject({ reason: 'flow_of_other_browser' });
    await expect(endpoint.start({ ...StartFlowRequest.create(), kind: FlowKind.LOGIN, browser: '', login_hint: '' })).rejects.toMatchObject(
      {
        code: 'INVALID_ARGUMENT',
      },
    );
  });

  test('is unknown when it never was, has expired or is finished', async () => {
    await expect(endpoint.get({ flow: 'x', browser, attestation: '' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      reason: 'flow_unknown',
    });
    const flow = await start(FlowKind.LOGIN);
    counters.now += 3_600_000;
    await expect(endpoint.get({ flow, browser, attestation: '' })).rejects.toMatchObject({ reason: 'flow_unknown' });
  });

  test('keeps what was typed and its messages, secrets excepted', async () => {
    const flow = await start(FlowKind.LOGIN);
    await submit(flow, { email: 'a@example.com', password: 'wrong-secret' });
    const again = await endpoint.get({ flow, browser, attestation: '' });
    expect(again.flow?.forms[0]?.fields[0]?.value).toBe('a@example.com');
    expect(again.flow?.forms[0]?.messages.map(({ id }) => id)).toEqual(['credentials_wrong']);
    expect(JSON.stringify([again, lines])).not.toContain('wrong-secret');
  });

  test('RFC 6749 §3.1: a field that is there twice is refused', async () => {
    const flow = await start(FlowKind.LOGIN);
    const values = [
      { name: 'email', value: 'a' },
      { name: 'email', value: 'b' },
    ];
    await expect(endpoint.submit({ flow, browser, values, evidence, attestation: '' })).rejects.toMatchObject({
      reason: 'parameter_repeated',
    });
  });

  test('submitted ten times at once with the right password signs in once', async () => {
    await register();
    const flow = await start(FlowKind.LOGIN);
    const values = { email: 'a@example.com', password: 'correct horse' };
    const all = await Promise.allSettled(Array.from({ length: 10 }, () => submit(flow, values)));
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});

describe('registration', () => {
  test('ends signed in: the completion has the facts', async () => {
    const completion = await register(' A@Example.com ');
    expect(await endpoint.redeem({ completion, browser })).toMatchObject({
      amr: ['pwd'],
      acr: 'urn:authority:acr:password',
      auth_time_ms: 1000,
    });
    expect([...accounts.byIdentifier.keys()]).toEqual(['a@example.com']);
  });

  test.each([
    [{ email: '', password: '' }, ['required', 'required']],
    [{ email: 'nobody', password: 'correct horse' }, ['email_invalid']],
    [{ email: 'b@example.com', password: 'short' }, ['password_too_short']],
    [{ email: 'b@example.com', password: 'correct horse', name: 'a\u0000b' }, ['text_invalid']],
    [{ email: 'taken@example.com', password: 'correct horse' }, ['identifier_taken']],
  ])('%j is answered %j', async (values, ids) => {
    await register('TAKEN@example.com');
    expect(messagesOf(await submit(await start(FlowKind.REGISTRATION), values))).toEqual(ids);
  });
});

describe('sign-in', () => {
  test('an unknown user, a wrong password, a person without one and a disabled one get one answer, after one hash each', async () => {
    await register();
    const account = accounts.byIdentifier.get('a@example.com');
    if (!account) throw new Error('not registered');
    accounts.byIdentifier.set('disabled@example.com', { ...account, disabled: true });
    accounts.byIdentifier.set('none@example.com', { ...account, passwordHash: undefined });
    const answers = [];
    for (const [email, password] of [
      ['unknown@example.com', 'correct horse'],
      ['a@example.com', 'wrong'],
      ['none@example.com', 'correct horse'],
      ['disabled@example.com', 'correct horse'],
    ] as const) {
      const { outcome } = await submit(await start(FlowKind.LOGIN), { email, password });
      answers.push(outcome?.$case === 'flow' ? [outcome.value.forms.map(({ messages }) => messages), outcome.value.retry_at_ms] : outcome);
    }
    expect(new Set(answers.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(passwords.verified).toBe(4);
    expect(lines.map((line) => JSON.parse(line).reason).filter(Boolean)).toEqual([
      'credentials_wrong',
      'credentials_wrong',
      'credentials_wrong',
      'identity_disabled',
    ]);
  });

  test('300 parallel guesses never try more than the limit, and are told when to come back', async () => {
    await register();
    const flows = await Promise.all(Array.from({ length: 300 }, () => start(FlowKind.LOGIN)));
    const all = await Promise.all(flows.map((flow, at) => submit(flow, { email: 'a@example.com', password: `guess ${at}` })));
    expect(passwords.verified).toBe(10);
    const throttled = all.filter((one) => messagesOf(one).includes('throttled'));
    expect(throttled).toHaveLength(290);
    expect(throttled[0]?.outcome).toMatchObject({ value: { retry_at_ms: 600_000 } });
  });

  test('a password longer than the bound is wrong, and not hashed in its length', async () => {
    await register();
    expect(messagesOf(await submit(await start(FlowKind.LOGIN), { email: 'a@example.com', password: 'x'.repeat(4000) }))).toEqual([
      'credentials_wrong',
    ]);
  });
});

describe('a completion', () => {
  test('is redeemed once', async () => {
    const completion = await register();
    const all = await Promise.allSettled(Array.from({ length: 50 }, () => endpoint.redeem({ completion, browser })));
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('of another browser is unknown, and gone', async () => {
    const completion = await register();
    await expect(endpoint.redeem({ completion, browser: browserOf('other') })).rejects.toMatchObject({ reason: 'completion_unknown' });
    await expect(endpoint.redeem({ completion, browser })).rejects.toMatchObject({ reason: 'completion_unknown' });
  });

  test('ends with a credential that changed, or an identity that was disabled, in between', async () => {
    for (const [change, reason] of [
      [{ security: 2 }, 'completion_unknown'],
      [{ disabled: true }, 'identity_disabled'],
    ] as const) {
      accounts.byIdentifier.clear();
      const completion = await register();
      const account = accounts.byIdentifier.get('a@example.com');
      if (account) accounts.byIdentifier.set('a@example.com', { ...account, ...change });
      await expect(endpoint.redeem({ completion, browser })).rejects.toMatchObject({ reason });
    }
  });
});

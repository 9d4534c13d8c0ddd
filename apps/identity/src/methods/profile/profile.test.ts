import { createHash } from 'node:crypto';
import { FlowKind, StartFlowRequest, type SubmitFlowResponse } from '@authority/contracts/identity';
import { fixedSettings } from '@authority/settings';
import { setLogSink } from '@authority/telemetry';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeAccounts, FakeAttestations, FakeCompletions, FakeCounters, FakeFlows, FakePasswords, FakeSchemas } from '../../fakes.ts';
import { FlowEndpoint } from '../../flows/flow-endpoint.ts';
import { identitySettings } from '../../settings.ts';
import { Throttle } from '../../throttle/throttle.ts';
import { password } from '../password/password.ts';
import { contact, profile } from './profile.ts';

const browser = createHash('sha256').update('one').digest('base64url');
const hour = 3_600_000;

let accounts: FakeAccounts;
let attestations: FakeAttestations;
let schemas: FakeSchemas;
let endpoint: FlowEndpoint;
let now: number;
let stopLogging: () => void;

beforeEach(() => {
  [accounts, attestations, schemas, now] = [new FakeAccounts(), new FakeAttestations(), new FakeSchemas(), 10 * hour];
  stopLogging = setLogSink(() => {});
  const settings = fixedSettings(identitySettings);
  const throttle = new Throttle(new FakeCounters(), settings);
  const rules = () => ({ minLength: 8, minStrength: 2 });
  endpoint = new FlowEndpoint({
    ...{ flows: new FakeFlows(), completions: new FakeCompletions(), attestations, accounts, settings, now: () => now },
    methods: [
      password({ accounts, passwords: new FakePasswords(), throttle, rules, schemas, ...schemas }),
      contact({ accounts, schemas, throttle }),
      profile({ accounts, schemas, throttle }),
    ],
  });
});
afterEach(() => stopLogging());

const start = async (kind: FlowKind, attestation = '') =>
  (await endpoint.start({ ...StartFlowRequest.create(), kind, browser, attestation })).flow;
const submit = (flow: string, values: Record<string, string>, attestation = '') =>
  endpoint.submit({
    flow,
    browser,
    attestation,
    evidence: undefined,
    values: Object.entries(values).map(([name, value]) => ({ name, value })),
  });
const kindOf = ({ outcome }: SubmitFlowResponse) => outcome?.$case;
const messagesOf = ({ outcome }: SubmitFlowResponse) =>
  outcome?.$case === 'flow'
    ? outcome.value.forms.flatMap(({ messages, fields }) => [...messages, ...fields.flatMap((one) => one.messages)]).map(({ id }) => id)
    : [];
const register = async (values: Record<string, string>) =>
  submit((await start(FlowKind.REGISTRATION))?.handle ?? '', { password: 'correct horse', ...values });
const login = async (values: Record<string, string>) =>
  submit((await start(FlowKind.LOGIN))?.handle ?? '', { password: 'correct horse', ...values });
const sub = (identifier: string) => accounts.byIdentifier.get(identifier)?.sub ?? '';
const attest = (of: string, ageMs = 0) =>
  attestations.put({ sub: of, sid: 's', browser, amr: ['pwd'], acr: 'urn:authority:acr:password', authTime: now - ageMs });

describe('registration and sign-in by a schema', () => {
  test('a user name instead of an address: asked, taken once, and signed in with in any spelling', async () => {
    schemas.use = 'username';
    const fields = (await start(FlowKind.REGISTRATION))?.forms[0]?.fields.map(({ name }) => name);
    expect(fields).toEqual(['username', 'email', 'password']);
    expect(kindOf(await register({ username: 'Ada' }))).toBe('completion');
    expect(messagesOf(await register({ username: 'ADA' }))).toEqual(['username_taken']);
    expect((await start(FlowKind.LOGIN))?.forms[0]?.fields[0]).toMatchObject({
      name: 'username',
      type: 'text',
      autocomplete: 'username webauthn',
    });
    expect(kindOf(await login({ username: 'aDA ' }))).toBe('completion');
    expect(messagesOf(await login({ username: 'a b' }))).toEqual(['username_invalid']);
  });

  test('of several kinds there is one field for all of them', async () => {
    schemas.use = 'employee';
    const person = { given_name: 'Ada', family_name: 'L' };
    await register({ ...person, email: 'ada@example.com' });
    const field = (await start(FlowKind.LOGIN))?.forms[0]?.fields[0];
    expect(field).toMatchObject({ name: 'identifier', type: 'text', autocomplete: 'username webauthn' });
    expect(kindOf(await login({ identifier: 'ADA@example.com' }))).toBe('completion');
    expect(kindOf(await login({ email: 'ada@example.com' }))).toBe('completion');
    expect(messagesOf(await login({ identifier: 'somebody' }))).toEqual(['credentials_wrong']);
  });

  test('whoever registers says nothing about what only operators say', async () => {
    schemas.use = 'employee';
    await register({
      email: 'eve@example.com',
      given_name: 'E',
      family_name: 'V',
      department: 'Board',
      employee_number: '1',
      username: 'root',
    });
    expect(accounts.traits.get(sub('eve@example.com'))).toEqual({ email: 'eve@example.com', given_name: 'E', family_name: 'V' });
  });
});

describe('the account page', () => {
  const settings = async (who: string) => (await start(FlowKind.SETTINGS, await attest(who)))?.handle ?? '';

  test('a profile is changed by who is signed in, however long ago', async () => {
    await register({ email: 'a@example.com', name: 'A' });
    const me = sub('a@example.com');
    const flow = await settings(me);
    const answer = await submit(flow, { method: 'profile', name: 'Ada', email: 'evil@example.com' }, await attest(me, 5 * hour));
    expect(messagesOf(answer)).toEqual(['profile_changed']);
    expect(accounts.traits.get(me)).toEqual({ email: 'a@example.com', name: 'Ada' });
    expect(messagesOf(await submit(flow, { method: 'profile', name: '<b>\0' }, await attest(me)))).toEqual(['text_invalid']);
  });

  test('what one signs in with needs a sign-in that is not long ago', async () => {
    await register({ email: 'a@example.com' });
    const me = sub('a@example.com');
    const change = { method: 'contact', email: 'b@example.com' };
    const flow = await settings(me);
    expect(await submit(flow, change, await attest(me, 5 * hour))).toMatchObject({ outcome: { value: { reauthenticate: true } } });
    expect([...accounts.byIdentifier.keys()]).toEqual(['a@example.com']);
    expect(messagesOf(await submit(flow, change, await attest(me)))).toEqual(['profile_changed']);
    expect([...accounts.byIdentifier.keys()]).toEqual(['b@example.com']);
    await register({ email: 'taken@example.com' });
    expect(messagesOf(await submit(flow, { ...change, email: 'TAKEN@example.com' }, await attest(me)))).toEqual(['identifier_taken']);
  });

  test('who tries one address after another is stopped, as at registration', async () => {
    await register({ email: 'a@example.com' });
    const me = sub('a@example.com');
    const flow = await settings(me);
    const answers = [];
    for (let turn = 0; turn < 101; turn += 1) {
      answers.push(...messagesOf(await submit(flow, { method: 'contact', email: `n${turn}@example.com` }, await attest(me))));
    }
    expect(answers.at(-1)).toBe('throttled');
  });
});

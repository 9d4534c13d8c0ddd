import { createHash, randomUUID } from 'node:crypto';
import { type Flow, FlowKind, StartFlowRequest, type SubmitFlowResponse } from '@authority/contracts/identity';
import { fixedSettings } from '@authority/settings';
import { setLogSink } from '@authority/telemetry';
import { type Behaviour, SoftwareAuthenticator } from '@authority/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeAccounts, FakeAttestations, FakeCompletions, FakeCounters, FakeFlows, FakePasswords, FakeSchemas } from '../../fakes.ts';
import { FlowEndpoint } from '../../flows/flow-endpoint.ts';
import type { FlowState } from '../../flows/state.ts';
import { identitySettings } from '../../settings.ts';
import { Throttle } from '../../throttle/throttle.ts';
import { password } from '../password/password.ts';
import { FakeChallenges, FakePasskeys } from './fakes.ts';
import { passkey } from './passkey.ts';
import { relyingParty } from './relying-party.ts';
import { secondFactor } from './sign-in-forms.ts';

const issuer = 'https://id.example.com';
const browserOf = (name: string) => createHash('sha256').update(name).digest('base64url');
const email = 'ann@example.com';

let accounts: FakeAccounts;
let attestations: FakeAttestations;
let completions: FakeCompletions;
let passkeys: FakePasskeys;
let endpoint: FlowEndpoint;
let lines: string[];
let stopLogging: () => void;

function open(values: Parameters<typeof fixedSettings<typeof identitySettings>>[1] = {}): void {
  const [schemas, challenges, settings] = [new FakeSchemas(), new FakeChallenges(), fixedSettings(identitySettings, values)];
  const throttle = new Throttle(new FakeCounters(), settings);
  const rules = () => ({ minLength: 8, minStrength: 2 });
  const rp = () => relyingParty(issuer, { id: '', origins: [] });
  endpoint = new FlowEndpoint({
    ...{ flows: new FakeFlows(), completions, attestations, accounts, settings, now: () => 5000 },
    methods: [
      password({ accounts, passwords: new FakePasswords(), throttle, rules, schemas, ...schemas }),
      passkey({ accounts, passkeys, challenges, rp, settings, throttle, schemas, ...schemas }),
    ],
  });
}

beforeEach(() => {
  [accounts, attestations, completions, passkeys, lines] = [
    new FakeAccounts(),
    new FakeAttestations(),
    new FakeCompletions(),
    new FakePasskeys(),
    [],
  ];
  stopLogging = setLogSink((line) => void lines.push(line));
  const { register } = accounts;
  accounts.register = async (account) => {
    const registered = await register(account);
    if ('passkey' in account.credential) await passkeys.add(account.sub, account.credential.passkey);
    return registered;
  };
  open();
});
afterEach(() => stopLogging());

interface Started {
  readonly kind?: FlowKind;
  readonly browser?: string;
  readonly attestation?: string;
  readonly acr_values?: string[];
}

const start = async ({ kind = FlowKind.LOGIN, browser = browserOf('one'), ...more }: Started = {}): Promise<Flow> => {
  const { flow } = await endpoint.start({ ...StartFlowRequest.create(), kind, browser, ...more });
  if (!flow) throw new Error('no flow');
  return flow;
};
const submit = (flow: Flow, values: Record<string, string>, { browser = browserOf('one'), attestation = '' } = {}) =>
  endpoint.submit({
    ...{ flow: flow.handle, browser, attestation, evidence: undefined },
    values: Object.entries({ method: 'passkey', ...values }).map(([name, value]) => ({ name, value })),
  });
const optionsOf = (flow: Flow) => JSON.parse(flow.forms.find(({ method }) => method === 'passkey')?.options ?? '{}');
const flowOf = ({ outcome }: SubmitFlowResponse): Flow => {
  if (outcome?.$case !== 'flow') throw new Error(`the outcome is ${outcome?.$case}`);
  return outcome.value;
};
const messagesOf = (answered: SubmitFlowResponse) =>
  flowOf(answered).forms.flatMap(({ messages, fields }) => [...messages, ...fields.flatMap((one) => one.messages)].map(({ id }) => id));
const factsOf = async ({ outcome }: SubmitFlowResponse) =>
  outcome?.$case === 'completion' ? endpoint.redeem({ completion: outcome.value, browser: browserOf('one') }) : undefined;

const subOf = (identifier: string) => accounts.byIdentifier.get(identifier)?.sub ?? '';
const attest = (sub: string) =>
  attestations.put({ sub, sid: 's', browser: browserOf('one'), amr: ['pwd'], acr: 'urn:authority:acr:password', authTime: 5000 });

/** Somebody with a password, who adds a passkey in their account. */
async function person(identifier = email, authenticator = new SoftwareAuthenticator(issuer)) {
  const registration = await start({ kind: FlowKind.REGISTRATION });
  await submit(registration, { method: 'password', email: identifier, password: 'correct horse' });
  const sub = subOf(identifier);
  passkeys.withPassword.add(sub);
  const settings = await start({ kind: FlowKind.SETTINGS, attestation: await attest(sub) });
  const answer = authenticator.create(optionsOf(settings));
  const added = await submit(settings, { action: 'add', answer }, { attestation: await attest(sub) });
  return { sub, authenticator, added };
}

const signIn = (flow: Flow, authenticator: SoftwareAuthenticator, behaviour: Behaviour = {}) =>
  submit(flow, { answer: authenticator.get(optionsOf(flow), behaviour) });

const refusals = () =>
  lines
    .map((line) => JSON.parse(line))
    .filter(({ event }) => event === 'login.refused')
    .map(({ reason }) => reason);

describe('A passkey as the first factor', () => {
  test('RFC 8176 §2, OpenID Connect Core §2: of a verified person reaches the strongest class alone', async () => {
    const { sub, authenticator } = await person();
    const facts = await factsOf(await signIn(await start(), authenticator));
    expect(facts).toMatchObject({ sub, acr: 'urn:authority:acr:phishing-resistant', amr: ['swk', 'user', 'mfa'] });
  });

  test('WebAuthn §14.6.2: is offered to everybody in the same way, and not at all where it is off', async () => {
    const before = optionsOf(await start());
    await person();
    const after = optionsOf(await start());
    expect({ ...after, challenge: '' }).toEqual({ ...before, challenge: '' });
    expect(after.allowCredentials).toEqual([]);
    open({ 'passkey.first_factor': false });
    expect((await start()).forms.map(({ method }) => method)).toEqual(['password']);
  });

  test('is refused in one way, whatever is wrong; the log has the reason', async () => {
    const { authenticator } = await person();
    const stranger = new SoftwareAuthenticator(issuer);
    stranger.create({ ...optionsOf(await start()), rp: { id: 'id.example.com' }, user: { id: 'AA' } });
    const other = await start({ browser: browserOf('two') });
    const attempts = [
      await signIn(await start(), stranger),
      await signIn(await start(), authenticator, { origin: 'https://evil.test' }),
      await signIn(await start(), authenticator, { userVerified: false }),
      await submit(await start(), { answer: authenticator.get(optionsOf(other)) }),
    ];
    for (const attempt of attempts) expect(messagesOf(attempt)).toEqual(['passkey_not_accepted']);
    expect(refusals()).toEqual(['passkey_unknown', 'passkey_invalid', 'passkey_invalid', 'passkey_challenge_spent']);
  });

  test('WebAuthn §13.4.3: an answer that was sent before is refused in the same flow and in another', async () => {
    const { authenticator } = await person();
    const [flow, other] = [await start(), await start()];
    const answer = authenticator.get(optionsOf(flow));
    expect(messagesOf(await submit(flow, { answer: `${answer} ` }).then(() => submit(other, { answer })))).toEqual([
      'passkey_not_accepted',
    ]);
  });

  test('without a script says so', async () => {
    expect(messagesOf(await submit(await start(), {}))).toEqual(['passkey_needs_script']);
  });
});

describe('A passkey after the password', () => {
  const byPassword = async (flow: Flow) => flowOf(await submit(flow, { method: 'password', email, password: 'correct horse' }));

  test('is asked of whoever has one; the two together are phishing-resistant, also without user verification', async () => {
    const { sub, authenticator } = await person();
    const second = await byPassword(await start());
    expect([second.stage, second.forms.map(({ method }) => method)]).toEqual(['second', ['passkey']]);
    expect(optionsOf(second)).toMatchObject({ userVerification: 'discouraged', allowCredentials: [{ id: authenticator.id }] });
    const facts = await factsOf(await signIn(second, authenticator, { userVerified: false }));
    expect(facts).toMatchObject({ sub, acr: 'urn:authority:acr:phishing-resistant', amr: ['pwd', 'swk', 'user', 'mfa'] });
  });

  test("another person's is refused", async () => {
    await person();
    const eve = await person('eve@example.com');
    const second = await byPassword(await start());
    expect(messagesOf(await signIn(second, eve.authenticator))).toEqual(['passkey_not_accepted']);
    expect(refusals()).toEqual(['passkey_of_other_person']);
  });

  test('is asked only where an application asks for more, if the operator says so', async () => {
    await person();
    open({ 'passkey.second_factor': false });
    const done = await submit(await start(), { method: 'password', email, password: 'correct horse' });
    expect(await factsOf(done)).toMatchObject({ acr: 'urn:authority:acr:password' });
    const more = await start({ acr_values: ['urn:authority:acr:phishing-resistant'] });
    expect((await byPassword(more)).stage).toBe('second');
  });
});

test('is taken on within the sign-in, where the server wants everybody to have a second factor', async () => {
  const registration = await start({ kind: FlowKind.REGISTRATION });
  await submit(registration, { method: 'password', email, password: 'correct horse' });
  for (const values of [{}, { 'passkey.second_factor': false }]) {
    open({ 'login.second_factor': 'required', ...values });
    const flow = flowOf(await submit(await start(), { method: 'password', email, password: 'correct horse' }));
    const isNew = values['passkey.second_factor'] === undefined;
    expect(flow.stage).toBe(isNew ? 'enrol' : 'second');
    if (!isNew) continue;
    const answer = new SoftwareAuthenticator(issuer).create(optionsOf(flow));
    expect(await factsOf(await submit(flow, { action: 'add', answer }))).toMatchObject({
      acr: 'urn:authority:acr:phishing-resistant',
      amr: ['pwd', 'swk', 'user', 'mfa'],
    });
  }
});

test('after the loss of every passkey the mailbox is enough for whoever has no password, and for nobody else', async () => {
  const { sub } = await person();
  const ports = { passkeys, challenges: new FakeChallenges(), accounts, settings: fixedSettings(identitySettings) };
  const part = secondFactor({ ...ports, rp: () => relyingParty(issuer, { id: '', origins: [] }) });
  const known = { sub, security: 1 };
  const recovering: FlowState = {
    ...{ kind: 'recovery', browser: browserOf('one'), expiresAt: 9000, hint: '', locale: '', interaction: '', acrValues: [] },
    ...{ factors: [], memory: {}, person: known },
  };
  const view = { flow: recovering, memory: {}, person: known, values: {}, messages: {}, now: 5000 };
  expect(await part.offer(view)).toBeDefined();
  accounts.findPassword = async () => undefined;
  expect(await part.offer(view)).toBeUndefined();
  expect(await part.offer({ ...view, flow: { ...recovering, kind: 'login' } })).toBeDefined();
});

describe('Passkeys in the account', () => {
  const settingsOf = async (sub: string) => start({ kind: FlowKind.SETTINGS, attestation: await attest(sub) });
  const act = async (flow: Flow, sub: string, values: Record<string, string>) => submit(flow, values, { attestation: await attest(sub) });

  test('are added, listed, named anew and removed', async () => {
    const { sub, authenticator, added } = await person();
    expect(messagesOf(added)).toEqual(['passkey_added_first']);
    const flow = await settingsOf(sub);
    expect(flow.forms[1]?.items.map(({ id, actions }) => [id, actions.map(({ value }) => value)])).toEqual([
      [authenticator.id, ['rename', 'remove']],
    ]);
    const naming = flowOf(await act(flow, sub, { action: 'rename', item: authenticator.id }));
    expect(naming.forms[1]?.fields.map(({ name, value }) => [name, value])).toEqual([['passkey_name', 'Passkey']]);
    expect(messagesOf(await act(flow, sub, { action: 'save', passkey_name: ' ' }))).toEqual(['passkey_name_invalid']);
    expect(messagesOf(await act(flow, sub, { action: 'save', passkey_name: 'Blue key' }))).toEqual(['passkey_renamed']);
    expect((await passkeys.list(sub)).map(({ name }) => name)).toEqual(['Blue key']);
    expect(messagesOf(await act(flow, sub, { action: 'remove', item: authenticator.id }))).toEqual(['passkey_removed']);
    expect(messagesOf(await act(flow, sub, { action: 'remove', item: authenticator.id }))).toEqual(['passkey_gone']);
  });

  test("of another person's account are not there", async () => {
    const [ann, eve] = [await person(), await person('eve@example.com')];
    const flow = await settingsOf(eve.sub);
    expect(messagesOf(await act(flow, eve.sub, { action: 'remove', item: ann.authenticator.id }))).toEqual(['passkey_gone']);
    await act(flow, eve.sub, { action: 'rename', item: ann.authenticator.id });
    expect(messagesOf(await act(flow, eve.sub, { action: 'save', passkey_name: 'Mine' }))).toEqual(['passkey_gone']);
  });

  test('a challenge of the sign-in page makes none, and the device that has one is told', async () => {
    const { sub, authenticator } = await person();
    const flow = await settingsOf(sub);
    const signingIn = { ...optionsOf(flow), challenge: optionsOf(await start()).challenge };
    const answer = new SoftwareAuthenticator(issuer).create(signingIn);
    expect(messagesOf(await act(flow, sub, { action: 'add', answer }))).toEqual(['passkey_not_made']);
    expect(messagesOf(await act(flow, sub, { action: 'add', answer: 'InvalidStateError' }))).toEqual(['passkey_exists']);
    expect(messagesOf(await act(flow, sub, { action: 'add', answer: authenticator.create(optionsOf(flow)) }))).toEqual(['passkey_exists']);
  });
});

describe('Registration with a passkey', () => {
  const register = async (values: Record<string, string>, authenticator = new SoftwareAuthenticator(issuer), behaviour: Behaviour = {}) => {
    const flow = await start({ kind: FlowKind.REGISTRATION });
    return submit(flow, { action: 'register', answer: authenticator.create(optionsOf(flow), behaviour), ...values });
  };

  test('makes an account without a password, signed in at the strongest class', async () => {
    const facts = await factsOf(await register({ email }));
    expect(facts).toMatchObject({ sub: subOf(email), acr: 'urn:authority:acr:phishing-resistant' });
    expect(accounts.byIdentifier.get(email)?.passwordHash).toBeUndefined();
  });

  test('WebAuthn §14.6.1: the person is known to the authenticator by a random handle, another each time', async () => {
    const handles = [await start({ kind: FlowKind.REGISTRATION }), await start({ kind: FlowKind.REGISTRATION })].map(
      (flow) => optionsOf(flow).user.id,
    );
    expect(new Set(handles).size).toBe(2);
    for (const handle of handles) expect(Buffer.from(handle, 'base64url')).toHaveLength(32);
  });

  test('says what is wrong, and makes nothing', async () => {
    await person('taken@example.com');
    const known = new SoftwareAuthenticator(issuer);
    await person('known@example.com', known);
    expect(messagesOf(await register({}))).toEqual(['required']);
    expect(messagesOf(await register({ email: 'taken@example.com' }))).toEqual(['identifier_taken']);
    expect(messagesOf(await register({ email }, known))).toEqual(['passkey_exists']);
    expect(messagesOf(await register({ email }, undefined, { userVerified: false }))).toEqual(['passkey_not_made']);
    expect(messagesOf(await register({ email, answer: '' }))).toEqual(['passkey_needs_script']);
    expect(accounts.byIdentifier.has(email)).toBe(false);
  });

  test('is not offered where it is off, or where nobody could sign in so', async () => {
    for (const off of ['passkey.registration', 'passkey.first_factor'] as const) {
      open({ [off]: false });
      expect(
        (await start({ kind: FlowKind.REGISTRATION })).forms.map(({ method }) => method),
        randomUUID(),
      ).toEqual(['password']);
    }
  });
});

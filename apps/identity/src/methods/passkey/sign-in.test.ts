import { createHash } from 'node:crypto';
import { type Behaviour, SoftwareAuthenticator } from '@authority/testing';
import { setLogSink } from '@authority/telemetry';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addPasskey } from './add.ts';
import { type Binding, MacChallenges } from './challenge.ts';
import { FakeChallenges, FakePasskeys } from './fakes.ts';
import { creationOptions, firstFactorOptions, secondFactorOptions } from './options.ts';
import { relyingParty } from './relying-party.ts';
import { signInByPasskey } from './sign-in.ts';

const issuer = 'https://id.example.com';
const rp = relyingParty(issuer, { id: '', origins: [] }) ?? { id: '', name: '', origins: [] };
const userAgent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

let passkeys: FakePasskeys;
let challenges: FakeChallenges;
let stopLogging: () => void;

beforeEach(() => {
  [passkeys, challenges] = [new FakePasskeys(), new FakeChallenges()];
  stopLogging = setLogSink(() => undefined);
});

afterEach(() => stopLogging());

const bindingOf = (purpose: Binding['purpose'], sub?: string): Binding => {
  const flow = { browser: 'b'.repeat(43), expiresAt: 60_000 };
  return { purpose, flow: sub === undefined ? flow : { ...flow, person: { sub, security: 1 } } };
};
const asked = { actor: 'user:ann', at: 0, address: '', userAgent, locale: '' };

async function add(sub: string, authenticator: SoftwareAuthenticator, behaviour: Behaviour = {}) {
  const binding = bindingOf('add', sub);
  const challenge = await challenges.make(binding);
  const user = { handle: await passkeys.userHandle(sub), name: 'a@example.com' };
  const answer = authenticator.create(creationOptions(rp, challenge, user, await passkeys.list(sub)), behaviour);
  return addPasskey({ answer, binding, rp, userAgent, sub, asked }, { passkeys, challenges });
}

async function signIn(authenticator: SoftwareAuthenticator, behaviour: Behaviour = {}, sub?: string) {
  const challenge = await challenges.make(signingIn(sub));
  return answerTo(authenticator.get(firstFactorOptions(rp, challenge), behaviour), sub);
}

const signingIn = (sub?: string) => bindingOf(sub === undefined ? 'sign_in' : 'second_factor', sub);
const answerTo = (answer: string, sub?: string) => signInByPasskey({ answer, binding: signingIn(sub), rp, sub }, { passkeys, challenges });

const refusal = (reason: string) => expect.objectContaining({ signedIn: false, reason });

describe('Registering a passkey', () => {
  test('WebAuthn §7.1: the credential is kept with what it says of itself, under a name of its browser', async () => {
    const authenticator = new SoftwareAuthenticator(issuer);
    expect(await add('ann', authenticator)).toMatchObject({ added: 'added', passkey: { name: 'Firefox, Linux' } });
    expect(await passkeys.list('ann')).toMatchObject([
      { id: authenticator.id, transports: ['internal', 'hybrid'], backupEligible: true, backedUp: true, userVerified: true, counter: 0 },
    ]);
    expect(passkeys.auditRows).toEqual(['passkey.add ann']);
  });

  test('WebAuthn §5.4: options ask for a discoverable, verified credential, exclude what is there, and name the person by a handle', async () => {
    const authenticator = new SoftwareAuthenticator(issuer);
    await add('ann', authenticator);
    const options = creationOptions(rp, 'Y2hhbGxlbmdl', { handle: 'aGFuZGxl', name: 'a@example.com' }, await passkeys.list('ann'));
    expect(options).toMatchObject({
      rp: { id: 'id.example.com' },
      user: { id: 'aGFuZGxl' },
      attestation: 'none',
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      excludeCredentials: [{ type: 'public-key', id: authenticator.id }],
    });
  });

  const wrong: Record<string, Behaviour> = {
    'another origin': { origin: 'https://id.example.com.evil.test' },
    'another RP ID': { rpId: 'evil.test' },
    'another challenge': { challenge: 'b3RoZXI' },
    'the answer of a sign-in': { type: 'webauthn.get' },
    'a frame of another site': { crossOrigin: true },
    'nobody there': { userPresent: false },
    'a person who was not verified': { userVerified: false },
    'a backup that cannot be': { backupEligible: false, backedUp: true },
  };
  test.each(Object.entries(wrong))('WebAuthn §7.1: %s is refused', async (_, behaviour) => {
    expect(await add('ann', new SoftwareAuthenticator(issuer), behaviour)).toEqual({ added: 'invalid' });
    expect(await passkeys.list('ann')).toEqual([]);
  });

  test('WebAuthn §7.1 step 26: a credential that is kept already is refused, whoever has it', async () => {
    const authenticator = new SoftwareAuthenticator(issuer);
    await add('ann', authenticator);
    expect(await add('eve', authenticator)).toMatchObject({ added: 'exists' });
  });

  test('WebAuthn §8.7: an attestation that nobody asked for is dropped unread', async () => {
    expect(await add('ann', new SoftwareAuthenticator(issuer), { attestation: 'packed' })).toMatchObject({ added: 'added' });
  });

  test('what is no answer is refused, however it is spelt', async () => {
    const refusedAnswers = ['', '{}', '[]', 'null', '{"id":"AA","type":"public-key","response":{}}', `{"id":"${'A'.repeat(20_000)}"}`];
    for (const answer of refusedAnswers) {
      const given = { answer, binding: bindingOf('add', 'ann'), rp, userAgent: '', sub: 'ann', asked };
      expect(await addPasskey(given, { passkeys, challenges })).toEqual({ added: 'invalid' });
    }
  });
});

describe('Signing in with a passkey', () => {
  test('RFC 8176 §2: a synced passkey is swk, a bound one hwk; a verified person counts as two factors', async () => {
    const [synced, bound] = [new SoftwareAuthenticator(issuer), new SoftwareAuthenticator(issuer, { counter: 1 })];
    await add('ann', synced);
    await add('ann', bound);
    const facts = { signedIn: true, sub: 'ann', security: 1, at: 1000 };
    expect(await signIn(synced)).toEqual({ ...facts, userVerified: true, amr: ['swk', 'user', 'mfa'] });
    expect(await signIn(bound)).toEqual({ ...facts, userVerified: true, amr: ['hwk', 'user', 'mfa'] });
  });

  test('WebAuthn §14.6.2: the options of a first factor are the same for everybody', () => {
    expect(firstFactorOptions(rp, 'Y2hhbGxlbmdl')).toMatchObject({
      allowCredentials: [],
      userVerification: 'required',
      rpId: 'id.example.com',
    });
  });

  const wrong: Record<string, Behaviour> = {
    'another origin': { origin: 'https://evil.test' },
    'another RP ID': { rpId: 'evil.test' },
    'the answer of a registration': { type: 'webauthn.create' },
    'a frame of another site': { crossOrigin: true },
    'nobody there': { userPresent: false },
    'a person who was not verified': { userVerified: false },
    'another backup eligibility': { backupEligible: false },
  };
  test.each(Object.entries(wrong))('WebAuthn §7.2: %s is refused', async (_, behaviour) => {
    const authenticator = new SoftwareAuthenticator(issuer);
    await add('ann', authenticator);
    expect(await signIn(authenticator, behaviour)).toEqual(refusal('passkey_invalid'));
  });

  test('WebAuthn §7.2 step 6: the passkey has to name its own person', async () => {
    const [anns, eves] = [new SoftwareAuthenticator(issuer), new SoftwareAuthenticator(issuer)];
    await add('ann', anns);
    await add('eve', eves);
    expect(await signIn(eves, { userHandle: await passkeys.userHandle('ann') })).toEqual(refusal('passkey_of_other_person'));
    expect(await signIn(eves, { userHandle: '' })).toEqual(refusal('passkey_of_other_person'));
    expect(await signIn(eves, {}, 'ann')).toEqual(refusal('passkey_of_other_person'));
  });

  test("WebAuthn §7.2: another key's signature is wrong, and an unknown credential is unknown", async () => {
    const [known, other] = [new SoftwareAuthenticator(issuer), new SoftwareAuthenticator(issuer)];
    await add('ann', known);
    const challenge = await challenges.make(signingIn());
    const answer = JSON.parse(other.get(firstFactorOptions(rp, challenge), { userHandle: await passkeys.userHandle('ann') }));
    const posing = JSON.stringify({ ...answer, id: known.id, rawId: known.id });
    expect(await answerTo(posing)).toEqual(refusal('passkey_invalid'));
    expect(await signIn(other)).toEqual(refusal('passkey_unknown'));
  });

  test('WebAuthn §13.4.3: a challenge is answered once, also wrongly, and by nobody else', async () => {
    const authenticator = new SoftwareAuthenticator(issuer);
    await add('ann', authenticator);
    const challenge = await challenges.make(signingIn());
    expect(await answerTo(authenticator.get(firstFactorOptions(rp, challenge), { rpId: 'evil.test' }))).toEqual(refusal('passkey_invalid'));
    expect(await answerTo(authenticator.get(firstFactorOptions(rp, challenge)))).toEqual(refusal('passkey_challenge_spent'));
    const parallel = authenticator.get(firstFactorOptions(rp, await challenges.make(signingIn())));
    const outcomes = await Promise.all([answerTo(parallel), answerTo(parallel), answerTo(parallel)]);
    expect(outcomes.filter(({ signedIn }) => signedIn)).toHaveLength(1);
    const added = authenticator.get(firstFactorOptions(rp, await challenges.make(bindingOf('add', 'ann'))));
    expect(await answerTo(added)).toEqual(refusal('passkey_challenge_spent'));
  });

  test('WebAuthn §6.1.1: a counter that goes back or stands still is refused, and audited', async () => {
    const authenticator = new SoftwareAuthenticator(issuer, { counter: 5 });
    await add('ann', authenticator);
    expect(await signIn(authenticator)).toMatchObject({ signedIn: true });
    for (const counter of [6, 5, 0]) expect(await signIn(authenticator, { counter })).toEqual(refusal('passkey_counter_regressed'));
    expect(passkeys.auditRows).toEqual(['passkey.add ann', ...Array.from({ length: 3 }, () => 'passkey.counter_regressed ann')]);
    expect(await signIn(authenticator, { counter: 9 })).toMatchObject({ signedIn: true });
  });

  test('as another factor, no user verification is asked, and it says so', async () => {
    const authenticator = new SoftwareAuthenticator(issuer);
    await add('ann', authenticator);
    const challenge = await challenges.make(signingIn('ann'));
    const options = secondFactorOptions(rp, challenge, await passkeys.list('ann'));
    expect(options).toMatchObject({ userVerification: 'discouraged', allowCredentials: [{ id: authenticator.id }] });
    const answer = authenticator.get(options, { userVerified: false, userHandle: '' });
    expect(await answerTo(answer, 'ann')).toMatchObject({ signedIn: true, userVerified: false, amr: ['swk', 'user'] });
  });

  test('a disabled person is not let in', async () => {
    const authenticator = new SoftwareAuthenticator(issuer);
    await add('ann', authenticator);
    passkeys.disabled.add('ann');
    expect(await signIn(authenticator)).toEqual(refusal('identity_disabled'));
  });
});

describe('A challenge', () => {
  let now: number;
  let made: MacChallenges;
  const macs = {
    make: async (value: string, place: object) => ({ key_id: 'k_1', mac: macOf(value, place) }),
    isEqual: async ({ mac }: { mac: string }, value: string, place: object) => mac === macOf(value, place),
  };
  const macOf = (value: string, place: object) =>
    createHash('sha256')
      .update(JSON.stringify([value, place]))
      .digest('base64url');

  beforeEach(() => {
    now = 1_700_000_000_000;
    const spent = new Set<string>();
    const mark = async (challenge: string, expiresAt: number) => now < expiresAt && !spent.has(challenge) && Boolean(spent.add(challenge));
    made = new MacChallenges(macs, { mark }, () => now);
  });

  const binding: Binding = {
    purpose: 'second_factor',
    flow: { browser: 'b', expiresAt: 1_700_000_060_000, person: { sub: 'ann', security: 1 } },
  };

  test('WebAuthn §13.4.3: is random, and answered once, while its flow lives', async () => {
    const [one, two] = [await made.make(binding), await made.make(binding)];
    expect(one).not.toBe(two);
    expect([await made.spend(one, binding), await made.spend(one, binding)]).toEqual([true, false]);
    now += 60_000;
    expect(await made.spend(two, binding)).toBe(false);
  });

  test('is none of another flow, browser, person or purpose, and none that was made elsewhere', async () => {
    const challenge = await made.make(binding);
    const others: Binding[] = [
      { ...binding, purpose: 'sign_in' },
      { ...binding, flow: { ...binding.flow, browser: 'c' } },
      { ...binding, flow: { ...binding.flow, expiresAt: 1_700_000_060_001 } },
      { ...binding, flow: { ...binding.flow, person: { sub: 'eve', security: 1 } } },
    ];
    for (const other of others) expect(await made.spend(challenge, other)).toBe(false);
    const text = Buffer.from(challenge, 'base64url').toString();
    const changed = [text.replace(/^../, 'AA'), text.replace('.1700000000000.', '.1700000000001.'), `${text}A`, '', 'x'];
    for (const one of changed) expect(await made.spend(Buffer.from(one).toString('base64url'), binding), one).toBe(false);
    expect(await made.spend(challenge, binding)).toBe(true);
  });
});

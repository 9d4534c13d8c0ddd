import { type Behaviour, SoftwareAuthenticator } from '@authority/testing';
import { setLogSink } from '@authority/telemetry';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addPasskey } from './add.ts';
import { type Challenge, newChallenge, readChallenge } from './challenge.ts';
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

async function add(sub: string, authenticator: SoftwareAuthenticator, behaviour: Behaviour = {}) {
  const challenge = newChallenge(0);
  const user = { handle: await passkeys.userHandle(sub), name: 'a@example.com' };
  const answer = authenticator.create(creationOptions(rp, challenge, user, await passkeys.list(sub)), behaviour);
  return addPasskey({ answer, challenge, rp, userAgent, sub, actor: `user:${sub}` }, { passkeys, challenges });
}

async function signIn(authenticator: SoftwareAuthenticator, behaviour: Behaviour = {}, sub?: string) {
  const challenge = newChallenge(0);
  return answerTo(challenge, authenticator.get(firstFactorOptions(rp, challenge), behaviour), sub);
}

const answerTo = (challenge: Challenge | undefined, answer: string, sub?: string) =>
  signInByPasskey({ answer, challenge, rp, sub }, { passkeys, challenges });

const refusal = (reason: string) => expect.objectContaining({ signedIn: false, reason });

describe('Registering a passkey', () => {
  test('WebAuthn §7.1: the credential is kept with what it says of itself, under a name of its browser', async () => {
    const authenticator = new SoftwareAuthenticator(issuer);
    expect(await add('ann', authenticator)).toEqual({ added: 'added', name: 'Firefox, Linux' });
    expect(await passkeys.list('ann')).toMatchObject([
      { id: authenticator.id, transports: ['internal', 'hybrid'], backupEligible: true, backedUp: true, userVerified: true, counter: 0 },
    ]);
    expect(passkeys.auditRows).toEqual(['passkey.add ann']);
  });

  test('WebAuthn §5.4: options ask for a discoverable, verified credential, exclude what is there, and name the person by a handle', async () => {
    const authenticator = new SoftwareAuthenticator(issuer);
    await add('ann', authenticator);
    const options = creationOptions(rp, newChallenge(0), { handle: 'aGFuZGxl', name: 'a@example.com' }, await passkeys.list('ann'));
    expect(options).toMatchObject({
      rp: { id: 'id.example.com' },
      user: { id: 'aGFuZGxl' },
      attestation: 'none',
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      excludeCredentials: [{ type: 'public-key', id: authenticator.id }],
    });
    expect(Buffer.from(options.challenge, 'base64url')).toHaveLength(32);
  });

  const wrong: Record<string, Behaviour> = {
    'another origin': { origin: 'https://id.example.com.evil.test' },
    'another RP ID': { rpId: 'evil.test' },
    'another challenge': { challenge: newChallenge(0).challenge },
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
      const given = { answer, challenge: newChallenge(0), rp, userAgent: '', sub: 'ann', actor: 'user:ann' };
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
    expect(firstFactorOptions(rp, newChallenge(0))).toMatchObject({
      allowCredentials: [],
      userVerification: 'required',
      rpId: 'id.example.com',
    });
  });

  const wrong: Record<string, Behaviour> = {
    'another origin': { origin: 'https://evil.test' },
    'another RP ID': { rpId: 'evil.test' },
    'the challenge of another flow': { challenge: newChallenge(0).challenge },
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
    const challenge = newChallenge(0);
    const answer = JSON.parse(other.get(firstFactorOptions(rp, challenge), { userHandle: await passkeys.userHandle('ann') }));
    const posing = JSON.stringify({ ...answer, id: known.id, rawId: known.id });
    expect(await answerTo(challenge, posing)).toEqual(refusal('passkey_invalid'));
    expect(await signIn(other)).toEqual(refusal('passkey_unknown'));
  });

  test('WebAuthn §13.4.3: a challenge is answered once, also wrongly, and not at all where none was asked', async () => {
    const authenticator = new SoftwareAuthenticator(issuer);
    await add('ann', authenticator);
    const challenge = newChallenge(0);
    const answer = authenticator.get(firstFactorOptions(rp, challenge));
    expect(await answerTo(challenge, 'wrong')).toEqual(refusal('passkey_invalid'));
    expect(await answerTo(challenge, answer)).toEqual(refusal('passkey_challenge_spent'));
    expect(await answerTo(undefined, answer)).toEqual(refusal('passkey_challenge_spent'));
    const parallel = newChallenge(0);
    const right = authenticator.get(firstFactorOptions(rp, parallel));
    const outcomes = await Promise.all([answerTo(parallel, right), answerTo(parallel, right), answerTo(parallel, right)]);
    expect(outcomes.filter(({ signedIn }) => signedIn)).toHaveLength(1);
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
    const challenge = newChallenge(0);
    const options = secondFactorOptions(rp, challenge, await passkeys.list('ann'));
    expect(options).toMatchObject({ userVerification: 'discouraged', allowCredentials: [{ id: authenticator.id }] });
    const answer = authenticator.get(options, { userVerified: false, userHandle: '' });
    expect(await answerTo(challenge, answer, 'ann')).toMatchObject({ signedIn: true, userVerified: false, amr: ['swk', 'user'] });
  });

  test('a disabled person is not let in', async () => {
    const authenticator = new SoftwareAuthenticator(issuer);
    await add('ann', authenticator);
    passkeys.disabled.add('ann');
    expect(await signIn(authenticator)).toEqual(refusal('identity_disabled'));
  });
});

test('a challenge is read back from what a flow remembered, and nothing else is one', () => {
  const challenge = newChallenge(5);
  expect(readChallenge(JSON.parse(JSON.stringify(challenge)))).toEqual(challenge);
  for (const other of [undefined, null, 'x', {}, { challenge: 1, issuedAt: 2 }]) expect(readChallenge(other)).toBeUndefined();
});

import { fixedSettings } from '@authority/settings';
import { setLogSink } from '@authority/telemetry';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeAccounts, FakeCounters, FakePasswords } from '../fakes.ts';
import { identitySettings } from '../settings.ts';
import { Throttle } from '../throttle/throttle.ts';
import { authenticate } from './authenticate.ts';

const email = 'a@example.com';
const account = {
  sub: 's',
  disabled: false,
  secondFactor: false,
  passwordHash: 'hash:right',
  security: 1,
  knownBrowser: false,
};
let accounts: FakeAccounts;
let passwords: FakePasswords;
let lines: string[];
let stopLogging: () => void;

beforeEach(() => {
  [accounts, passwords, lines] = [new FakeAccounts(), new FakePasswords(), []];
  stopLogging = setLogSink((line) => void lines.push(line));
  accounts.byIdentifier.set(email, account);
});
afterEach(() => stopLogging());

const counters = (): FakeCounters => new FakeCounters();
let settings = fixedSettings(identitySettings);
function ask(username = email, password = 'right', throttle = new Throttle(counters(), fixedSettings(identitySettings))) {
  return authenticate({ accounts, passwords, throttle, settings, now: () => 0 })({
    username,
    password,
    client_id: 'c_old',
    evidence: undefined,
  });
}

test('RFC 6749 §4.3.2: the right password is the person, and no browser is remembered', async () => {
  const value = { sub: 's', amr: ['pwd'], acr: 'urn:authority:acr:password', auth_time_ms: 1000 };
  expect(await ask(' A@example.com')).toEqual({ outcome: { $case: 'authenticated', value } });
  expect(accounts.known.size).toBe(0);
  expect(lines.join('')).toContain('login.done');
});

test.each([
  ['a wrong password', email, 'wrong', {}, 'credentials_wrong', 1],
  ['an unknown person', 'b@example.com', 'right', {}, 'credentials_wrong', 1],
  ['no password', email, 'right', { passwordHash: undefined }, 'credentials_wrong', 1],
  ['a disabled person', email, 'right', { disabled: true }, 'identity_disabled', 1],
  ['a person with a second factor', email, 'right', { secondFactor: true }, 'second_factor_due', 1],
  ['a second factor and a wrong password', email, 'wrong', { secondFactor: true }, 'credentials_wrong', 1],
  ['no identifier', 'no body', 'right', {}, 'credentials_wrong', 0],
  ['a password without end', email, 'x'.repeat(5000), {}, 'credentials_wrong', 0],
])(
  'RFC 6749 §4.3.2: %s is refused, and every password of an identifier is hashed',
  async (_who, username, password, changes, reason, hashed) => {
    accounts.byIdentifier.set(email, { ...account, ...changes });
    expect(await ask(username, password)).toEqual({ outcome: { $case: 'refused', value: { reason, retry_at_ms: 0 } } });
    expect(passwords.verified).toBe(hashed);
  },
);

test('how-to/import.md: the hash that stands in for an unknown person’s lets nobody in', async () => {
  const standIns = { find: async () => 'hash:right' };
  const throttle = new Throttle(counters(), fixedSettings(identitySettings));
  const asked = { username: 'b@example.com', password: 'right', client_id: 'c_old', evidence: undefined };
  const answer = await authenticate({ accounts, passwords, decoys: standIns, throttle, settings, now: () => 0 })(asked);
  expect(answer.outcome).toMatchObject({ $case: 'refused', value: { reason: 'credentials_wrong' } });
  expect(passwords.verified).toBe(1);
});

test('RFC 6749 §4.3.2: guesses are throttled, and a second factor that is due counts as one', async () => {
  accounts.byIdentifier.set(email, { ...account, secondFactor: true });
  const throttle = new Throttle(counters(), fixedSettings(identitySettings));
  for (let attempt = 0; attempt < 10; attempt += 1) await ask(email, 'right', throttle);
  const { outcome } = await ask(email, 'right', throttle);
  expect(outcome).toMatchObject({ value: { reason: 'throttled_account', retry_at_ms: expect.any(Number) } });
  expect(passwords.verified).toBe(10);
});

test('login.second_factor: where everybody must have a second factor the password grant lets nobody in', async () => {
  settings = fixedSettings(identitySettings, { 'login.second_factor': 'required' });
  expect(await ask()).toMatchObject({ outcome: { $case: 'refused', value: { reason: 'second_factor_due' } } });
  settings = fixedSettings(identitySettings);
});

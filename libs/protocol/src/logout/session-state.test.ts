import { createHash } from 'node:crypto';
import {
  answerOf,
  authorizationRequest,
  authorize,
  client,
  type Pairs,
  parametersOf,
  protocolFakes,
  secret,
  signIn,
} from '@authority/testing/protocol';
import { expect, test } from 'vitest';

function setup(managed = true) {
  const fakes = protocolFakes();
  fakes.policy.managed = managed;
  fakes.clients.add(client({ consentSkipped: true }), secret);
  const ask = async (changes: Pairs = {}, session = signIn(fakes)) => {
    const answer = answerOf(await authorize(fakes, { parameters: parametersOf(authorizationRequest(changes)), session }));
    return { ...answer, session_state: answer.values['session_state'] };
  };
  return { fakes, ask };
}

const hash = (text: string): string => createHash('sha256').update(text).digest('base64url');

test('Session Management §4.2: session_state is what the frame computes of client, origin, state and salt', async () => {
  const { ask } = setup();
  const { session_state = '', browser_state = '' } = await ask();
  const [digest, salt] = session_state.split('.');
  expect(digest).toBe(hash(`app https://app.example.test ${browser_state} ${salt}`));
});

test('Session Management §2: it is another in each answer; what the browser keeps changes with the session', async () => {
  const { fakes, ask } = setup();
  const session = signIn(fakes);
  const [one, again, other] = [await ask({}, session), await ask({}, session), await ask()];
  expect(one.session_state).not.toBe(again.session_state);
  expect(one.browser_state).toBe(again.browser_state);
  expect(one.browser_state).not.toBe(other.browser_state);
  expect(`${one.session_state}${one.browser_state}`).not.toContain(session);
});

test('Session Management §2: none without openid, and none while it is off', async () => {
  const plain = await setup().ask({ scope: 'profile' });
  expect([plain.session_state, plain.browser_state]).toEqual([undefined, undefined]);
  const off = await setup(false).ask();
  expect([off.session_state, off.browser_state]).toEqual([undefined, undefined]);
});

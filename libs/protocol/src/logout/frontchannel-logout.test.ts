import { client, parametersOf, protocolFakes, secret, signIn, testIssuer } from '@authority/testing/protocol';
import { expect, test } from 'vitest';
import { createEndSessionEndpoint } from '../endpoints/end-session.ts';

function setup() {
  const fakes = protocolFakes();
  fakes.policy.frontchannel = true;
  const frames = (client_id: string, changes = {}) =>
    fakes.clients.add(client({ client_id, frontchannel_logout_uri: `https://${client_id}.example.test/out`, ...changes }), secret);
  frames('one');
  frames('two', { frontchannel_logout_uri: 'https://two.example.test/out?x=1', frontchannel_logout_session_required: true });
  frames('gone', { disabled: true });
  fakes.clients.add(client({ client_id: 'silent' }), secret);
  const session = signIn(fakes);
  const facts = fakes.sessions.all.get(session);
  const sid = facts?.sid ?? '';
  fakes.sessionClients.all.set(sid, new Set(['one', 'two', 'gone', 'silent', 'unknown']));
  const end = async (confirmed: boolean, cookie = session) => {
    const request = { parameters: parametersOf({}), session: cookie, confirmed };
    return (await createEndSessionEndpoint(fakes).endSession(request, fakes.clock.now)).frontchannel_logout_uris;
  };
  return { fakes, sid, end };
}

test('Front-Channel Logout §2: the pages of the clients of the session, with iss and sid where they are required', async () => {
  const { sid, end } = setup();
  const query = new URLSearchParams({ iss: testIssuer, sid });
  expect(await end(true)).toEqual(['https://one.example.test/out', `https://two.example.test/out?x=1&${query}`]);
});

test('Front-Channel Logout §2: nothing is framed before the person has confirmed, or for who is signed out', async () => {
  const { end } = setup();
  expect(await end(false)).toEqual([]);
  expect(await end(true, 'no session')).toEqual([]);
});

test('Front-Channel Logout §2: off, unless the operator wants it', async () => {
  const { fakes, end } = setup();
  fakes.policy.frontchannel = false;
  expect(await end(true)).toEqual([]);
});

test('performance.md: a page has at most fifty frames', async () => {
  const { fakes, sid, end } = setup();
  const many = Array.from({ length: 80 }, (_, index) => `c${index}`);
  for (const client_id of many) fakes.clients.add(client({ client_id, frontchannel_logout_uri: 'https://many.example.test/' }));
  fakes.sessionClients.all.set(sid, new Set(many));
  expect(await end(true)).toHaveLength(50);
});

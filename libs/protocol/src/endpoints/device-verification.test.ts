import { basic, browser, client, endpointRequest, protocolFakes, secret, signIn, sub } from '@authority/testing/protocol';
import { expect, test } from 'vitest';
import type { DeviceStep } from '../model/device.ts';
import type { DeviceVerification } from '../model/front-channel.ts';
import { createDeviceAuthorizationEndpoint } from './device-authorization.ts';
import { createDeviceVerificationEndpoint, isDeviceVerification } from './device-verification.ts';

const grant_type = 'urn:ietf:params:oauth:grant-type:device_code';

async function setup() {
  const fakes = protocolFakes();
  fakes.clients.add(client({ client_name: 'Living room', grant_types: [grant_type] }), secret);
  fakes.identities.all.set(sub, { name: 'Ada' });
  const session = signIn(fakes);
  const { decideDevice, interaction } = createDeviceVerificationEndpoint(fakes);
  const step = (changes: Partial<DeviceStep>) =>
    decideDevice({ interaction: '', session, browser, user_code: '', peer_address: '192.0.2.1', ...changes }, fakes.clock.now);
  const shown = async (changes: Partial<DeviceStep>): Promise<DeviceVerification> => {
    const outcome = await step(changes);
    if (outcome.$case !== 'verification') throw new Error('a page of the device was expected');
    return outcome.value;
  };
  const ask = () =>
    createDeviceAuthorizationEndpoint(fakes).authorizeDevice(
      endpointRequest({ scope: 'openid email' }, basic('app', secret)),
      fakes.clock.now,
    );
  return { fakes, session, step, shown, ask, interaction, handle: (await shown({})).interaction, ...(await ask()) };
}

test('RFC 8628 §3.3: signed out, then signed in, then the code, then who asks, then done', async () => {
  const { fakes, step, shown, interaction, user_code } = await setup();
  const first = await step({ session: '' });
  expect(first).toMatchObject({ $case: 'interaction', value: { kind: 'login' } });
  const handle = first.$case === 'interaction' ? first.value.handle : '';
  expect(isDeviceVerification(handle)).toBe(true);
  expect(await interaction(handle, browser, fakes.clock.now, '')).toEqual({ handle, kind: 'login' });
  expect(await interaction(handle, browser, fakes.clock.now, signIn(fakes))).toEqual({ handle, kind: 'device' });

  expect(await shown({ interaction: handle })).toMatchObject({ state: 'enter', user_code: '', signed_in_as: 'Ada' });
  const confirm = { state: 'confirm', user_code, client: { client_name: 'Living room' }, signed_in_as: 'Ada' };
  expect(await shown({ interaction: handle, user_code })).toMatchObject(confirm);
  expect(await shown({ interaction: handle })).toMatchObject(confirm);
  expect(await shown({ interaction: handle, decision: 'allow' })).toMatchObject({ state: 'allowed' });
  await expect(shown({ interaction: handle })).rejects.toMatchObject({ reason: 'interaction_unknown' });
});

test('RFC 8628 §5.4: the person sees what is asked, from which address and device, and when', async () => {
  const { fakes, shown, handle, user_code } = await setup();
  const { origin, scopes } = await shown({ interaction: handle, user_code });
  expect(origin).toEqual({ peer_address: '192.0.2.1', user_agent: '', requested_at_ms: fakes.clock.now, same_address: true });
  expect(scopes.map(({ name }) => name)).toEqual(['openid', 'email']);
  const elsewhere = await shown({ interaction: handle, peer_address: '198.51.100.7' });
  expect(elsewhere.origin).toMatchObject({ same_address: false });
});

test('RFC 8628 §3.3.1: a code in the address is only filled in; nothing is looked for before the person sends it', async () => {
  const { fakes, shown, user_code } = await setup();
  expect(await shown({ user_code: user_code.toLowerCase().replace('-', ' ') })).toMatchObject({ state: 'enter', user_code });
  expect(await shown({ user_code: '<script>' })).toMatchObject({ state: 'enter', user_code: '' });
  expect(fakes.userCodeGuesses.ended).toEqual([]);
});

test('RFC 8628 §5.1: each guess is counted, with whether it was right', async () => {
  const { fakes, shown, handle, user_code } = await setup();
  expect(await shown({ interaction: handle, user_code: 'BBBB-BBBB' })).toMatchObject({ state: 'unknown', user_code: 'BBBB-BBBB' });
  expect(await shown({ interaction: handle, user_code: 'hello' })).toMatchObject({ state: 'unknown', user_code: 'hello' });
  await shown({ interaction: handle, user_code });
  expect(fakes.userCodeGuesses.ended).toEqual([
    { sub, peer_address: '192.0.2.1', wasRight: false },
    { sub, peer_address: '192.0.2.1', wasRight: true },
  ]);
  fakes.userCodeGuesses.throttled = true;
  await expect(shown({ interaction: handle, user_code })).rejects.toMatchObject({ reason: 'throttled_person' });
});

test('house.md, devices: the first decision is final, whoever comes second', async () => {
  const { fakes, shown, handle, user_code } = await setup();
  const session = signIn(fakes, { sub: 'somebody-else' });
  const other = (await shown({ session, browser: 'browser-2' })).interaction;
  await shown({ interaction: handle, user_code });
  await shown({ interaction: other, session, browser: 'browser-2', user_code });
  expect(await shown({ interaction: handle, decision: 'deny' })).toMatchObject({ state: 'denied' });
  const second = await shown({ interaction: other, session, browser: 'browser-2', decision: 'allow' });
  expect(second).toMatchObject({ state: 'decided_before', scopes: [] });
  expect([...fakes.deviceDecisions.all.values()]).toMatchObject([{ sub, allowed: false }]);
  // And the user code is none any more.
  const again = (await shown({})).interaction;
  expect(await shown({ interaction: again, user_code })).toMatchObject({ state: 'unknown' });
});

test('house.md, devices: what one person was shown another cannot decide, nor what nobody was shown', async () => {
  const { fakes, shown, handle, user_code } = await setup();
  expect(await shown({ interaction: handle, decision: 'allow' })).toMatchObject({ state: 'enter' });
  await shown({ interaction: handle, user_code });
  const session = signIn(fakes, { sub: 'somebody-else' });
  expect(await shown({ interaction: handle, session, decision: 'allow' })).toMatchObject({ state: 'enter' });
  expect(fakes.deviceDecisions.all.size).toBe(0);
});

test('house.md, devices: a verification belongs to the browser that began it', async () => {
  const { step, handle } = await setup();
  const refused = { error: 'invalid_request', reason: 'interaction_of_other_browser' };
  await expect(step({ interaction: handle, browser: 'browser-2' })).rejects.toMatchObject(refused);
  await expect(step({ interaction: handle, browser: '' })).rejects.toMatchObject(refused);
  await expect(step({ browser: '' })).rejects.toMatchObject(refused);
});

test('RFC 8628 §3.5: a request that has expired, or whose client has gone, can be decided no more', async () => {
  const { fakes, shown, handle, user_code } = await setup();
  await shown({ interaction: handle, user_code });
  fakes.clients.add(client({ disabled: true }));
  expect(await shown({ interaction: handle, decision: 'allow' })).toMatchObject({ state: 'expired' });
  fakes.clients.add(client());
  fakes.clock.advance(600_000);
  expect(await shown({ interaction: handle, decision: 'allow' })).toMatchObject({ state: 'expired' });
  expect(fakes.deviceDecisions.all.size).toBe(0);
});

test('house.md, devices: a decision that could not be stored can be made again', async () => {
  const { fakes, shown, handle, user_code } = await setup();
  await shown({ interaction: handle, user_code });
  fakes.deviceDecisions.away = true;
  await expect(shown({ interaction: handle, decision: 'allow' })).rejects.toMatchObject({ reason: 'store_unavailable' });
  fakes.deviceDecisions.away = false;
  expect(await shown({ interaction: handle, decision: 'allow' })).toMatchObject({ state: 'allowed' });
});

test('house.md, devices: no more is given than was shown, nor than the client may have by now', async () => {
  const { fakes, shown, handle, user_code } = await setup();
  fakes.clients.add(client({ scopes: ['openid', 'orders.write'] }));
  expect((await shown({ interaction: handle, user_code })).scopes.map(({ name }) => name)).toEqual(['openid']);
  await shown({ interaction: handle, decision: 'allow' });
  expect([...fakes.deviceDecisions.all.values()]).toMatchObject([{ scopes: ['openid'] }]);
});

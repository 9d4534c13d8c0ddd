import type { Confirmation, PresentedRefreshToken } from '@authority/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TokenStores } from '../stores.ts';
import { codeEnvelope, type TokenBench, tokenBench } from '../testing/bench.ts';
import { grantDay } from './grant-rows.ts';

let bench: TokenBench;
let one: TokenStores;
let two: TokenStores;

beforeAll(async () => {
  bench = await tokenBench();
  [one, two] = await Promise.all([bench.replica(), bench.replica()]);
});
afterAll(() => bench.close());

const mine: Confirmation = { jkt: 'the key of the client' };
const foreign: Confirmation = { jkt: 'the key of a thief' };

/** A grant that is bound as its code was redeemed, and what a refresh presents. */
async function newGrant(confirmation?: Confirmation) {
  const envelope = codeEnvelope();
  await one.authorizationCodes.redeem(one.authorizationCodes.seal(envelope), envelope, Date.now(), confirmation);
  return (generation: number, shown?: Confirmation): PresentedRefreshToken => ({
    keyId: one.refreshTokenMac.currentKeyId(),
    partition: grantDay(envelope.grantExpiresAt),
    handle: Buffer.from(envelope.handle, 'base64url'),
    generation,
    client_id: envelope.client_id,
    scopes: [],
    resources: [],
    ...(shown && { confirmation: shown }),
  });
}

test('RFC 9449 §5: the row of a bound grant steps for its key alone, and a wrong key revokes nothing', async () => {
  const present = await newGrant(mine);
  for (const shown of [undefined, foreign, { 'x5t#S256': mine.jkt ?? '' }]) {
    expect(await two.grants.rotate(present(0, shown))).toMatchObject({ outcome: 'other_key' });
  }
  // A stolen token of long ago, without the key, does not even end the family.
  expect(await one.grants.rotate(present(0, mine))).toMatchObject({ outcome: 'live', generation: 1 });
  expect(await two.grants.rotate(present(1, { ...mine, 'x5t#S256': 'more' }))).toMatchObject({ outcome: 'live', generation: 2 });
  expect(await two.grants.rotate(present(0, foreign))).toMatchObject({ outcome: 'other_key' });
  expect(await one.grants.read(present(2))).toMatchObject({ outcome: 'live', grant: { confirmation: mine } });
});

test('RFC 9449 §5: of two keys at once for an unbound grant one binds it', async () => {
  const present = await newGrant();
  const outcomes = await Promise.all([
    ...Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? one : two).grants.rotate(present(0, mine))),
    ...Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? one : two).grants.rotate(present(0, foreign))),
  ]);
  const [first, second] = [outcomes.slice(0, 20), outcomes.slice(20)].map((some) => new Set(some.map(({ outcome }) => outcome)));
  expect([[...(first ?? [])].join(), [...(second ?? [])].join()].toSorted()).toEqual(['live', 'other_key']);
  expect(await one.grants.rotate(present(1))).toMatchObject({ outcome: 'other_key' });
});

test('RFC 9449 §5: an unbound grant goes on without a key', async () => {
  const present = await newGrant();
  expect(await one.grants.rotate(present(0))).toMatchObject({ outcome: 'live', generation: 1 });
});

import { testIssuer } from '@authority/testing/protocol';
import { expect, test } from 'vitest';
import { blindedRevocation, type RevokedEntry, revocationList } from './revocation-list.ts';

const now = 1_767_225_604_321;
const entry = (kind: RevokedEntry['kind'], target: string, notBefore = now): RevokedEntry => ({
  ...{ kind, notBefore },
  hash: blindedRevocation(testIssuer, kind, target),
});

test('house.md, "One revocation set": the list has no identifier in it, only hashes by kind', () => {
  const entries = [
    entry('grant', 'g_1'),
    entry('token', 'cc.1'),
    entry('session', 's_1'),
    entry('client', 'shop'),
    entry('subject', 'ann'),
  ];
  const { claims } = revocationList(testIssuer, entries, now);
  expect(JSON.stringify(claims)).not.toMatch(/g_1|cc\.1|s_1|shop|ann/);
  expect(claims).toMatchObject({
    iss: testIssuer,
    revoked: { grant: [expect.stringMatching(/^[\w-]{22}$/)], subject: { [blindedRevocation(testIssuer, 'subject', 'ann')]: now } },
  });
});

test('house.md, "One revocation set": kinds and issuers have hashes of their own', () => {
  const hashes = [
    blindedRevocation(testIssuer, 'grant', 'x'),
    blindedRevocation(testIssuer, 'token', 'x'),
    blindedRevocation('https://other.example.test', 'grant', 'x'),
  ];
  expect(new Set(hashes).size).toBe(3);
});

test('house.md, "One revocation set": two replicas that know the same publish the same, in whatever order they heard of it', () => {
  const [one, other] = [entry('grant', 'g_1'), entry('grant', 'g_2')];
  expect(revocationList(testIssuer, [one, other], now)).toEqual(revocationList(testIssuer, [other, one], now + 500));
  expect(revocationList(testIssuer, [one], now).tag).not.toBe(revocationList(testIssuer, [one, other], now).tag);
});

test('house.md, "One revocation set": a list is made anew every ten seconds, and no list counts for more than a minute', () => {
  const { claims, tag } = revocationList(testIssuer, [], now);
  expect(claims).toMatchObject({ iat: 1_767_225_600, next_update: 1_767_225_610, exp: 1_767_225_660 });
  expect(revocationList(testIssuer, [], now + 10_000).tag).not.toBe(tag);
});

test('house.md, "One revocation set": seq never goes back as entries come', () => {
  const before = revocationList(testIssuer, [], now).claims;
  const after = revocationList(testIssuer, [entry('grant', 'g_1', now)], now).claims;
  expect(Number(after['seq'])).toBeGreaterThan(Number(before['seq']));
});

test('house.md, "One revocation set": the whole list says where the recent one is, and the recent one that it is no whole one', () => {
  expect(revocationList(testIssuer, [], now).claims).toMatchObject({ recent_uri: `${testIssuer}/.well-known/revocations/recent` });
  const { claims } = revocationList(testIssuer, [], now, true);
  expect(claims).toMatchObject({ since: Number(claims['iat']) - 120 });
  expect(claims).not.toHaveProperty('recent_uri');
});

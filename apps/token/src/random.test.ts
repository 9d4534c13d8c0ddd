import { expect, test } from 'vitest';
import { grantOfJti, systemRandom } from './random.ts';

test('house.md, "One revocation set": a jti begins with its grant, whose id tells its time', () => {
  const now = Date.now();
  const grant_id = systemRandom.grantId(now);
  expect(grant_id).toMatch(/^g_[A-Za-z0-9_-]{24}$/);
  const found = grantOfJti(`${grant_id}.AAAA`);
  expect(found?.grant_id).toBe(grant_id);
  expect(found?.authorizedAt).toBe(now);
  expect(systemRandom.grantId(now)).not.toBe(grant_id);
});

test.each(['cc.AAAA', 'g_short.AAAA', `g_${'A'.repeat(25)}.AAAA`, ''])('house.md, "One revocation set": %j is under no grant', (jti) => {
  expect(grantOfJti(jti)).toBeUndefined();
});

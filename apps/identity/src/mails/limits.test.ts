import { fixedSettings } from '@authority/settings';
import { expect, test } from 'vitest';
import { FakeCounters } from '../fakes.ts';
import { identitySettings } from '../settings.ts';
import { MailLimits } from './limits.ts';

test('strangers can have five mails an hour sent to an address, whichever they are and whether it is known', async () => {
  const counters = new FakeCounters();
  const limits = new MailLimits(counters, fixedSettings(identitySettings));
  const admitted = await Promise.all(Array.from({ length: 300 }, () => limits.admit('mira@example.com')));
  expect(admitted.filter(Boolean)).toHaveLength(5);
  expect(await limits.admit('noor@example.com')).toBe(true);
  counters.now += 3_600_000;
  expect(await limits.admit('mira@example.com')).toBe(true);
});

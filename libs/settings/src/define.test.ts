import { expect, test } from 'vitest';
import { defineSettings, parseValue } from './define.ts';
import { durationSetting, flagSetting, numberSetting } from './kinds.ts';
import { fixedSettings } from './settings.ts';

const definitions = defineSettings({
  'throttle.enabled': flagSetting(true, 'On.', false),
  'token.lifetime': durationSetting(300, 'Life.', { min: 10, max: 3600 }),
  'plain.number': { default: 5, description: 'A number.' },
  'plain.text': { default: 'a', description: 'A text.' },
  bounded: numberSetting(1, 'Bounded.', { min: 0, max: 2 }),
});

test('values keep their types, and are checked by bounds or by the type of the default', () => {
  expect(parseValue(definitions['token.lifetime'], 60)).toBe(60);
  expect(() => parseValue(definitions['token.lifetime'], 5)).toThrow('from 10 to 3600');
  expect(() => parseValue(definitions['token.lifetime'], '60')).toThrow('whole number');
  expect(() => parseValue(definitions['throttle.enabled'], 'false')).toThrow('JSON boolean');
  expect(() => parseValue(definitions['plain.number'], 1.5)).toThrow('whole number');
  expect(() => parseValue(definitions['plain.number'], -1)).toThrow('whole number');
  expect(parseValue(definitions['plain.text'], 'b')).toBe('b');
  expect(() => parseValue(definitions['bounded'], 3)).toThrow('from 0 to 2');
});

test('a flag weakens with one of its values only', () => {
  expect(definitions['throttle.enabled'].weakens?.(false)).toBe(true);
  expect(definitions['throttle.enabled'].weakens?.(true)).toBe(false);
});

test('settings without a store have their defaults', () => {
  const settings = fixedSettings(definitions, { 'token.lifetime': 60 });
  const lifetime: number = settings.get('token.lifetime');
  const enabled: boolean = settings.get('throttle.enabled');
  expect([lifetime, enabled]).toEqual([60, true]);
});

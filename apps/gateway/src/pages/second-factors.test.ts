import { Form } from '@authority/contracts/identity';
import { expect, test } from 'vitest';
import { html } from './html.ts';
import { textsOf } from './messages.ts';
import { secondFactorDetails } from './second-factors.ts';

const texts = textsOf('en');
const shown = (method: string, options: unknown): string =>
  html`${secondFactorDetails(texts, Form.fromPartial({ method, options: typeof options === 'string' ? options : JSON.stringify(options) }))}`
    .text;

const secret = 'GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ';
const uri = `otpauth://totp/id.example:ann%40example.com?issuer=id.example&secret=${secret.replaceAll(' ', '')}`;

test('an authenticator app gets its key as a picture that is drawn in the page, and as text', () => {
  const page = shown('totp', { secret, uri });
  expect(page).toContain(`<code dir="ltr">${secret}</code>`);
  expect(page).toMatch(/<svg viewBox="0 0 \d+ \d+" role="img" aria-label="[^"]+"/);
  expect(page).not.toMatch(/<img|href=|src=/);
});

test('recovery codes can be saved without a script', () => {
  const page = shown('recovery_code', { codes: ['7XQ2-M4TK-9RWD-H3BN', '0000-1111-2222-3333'] });
  expect(page.match(/<li>/g)).toHaveLength(2);
  const file = /href="data:text\/plain;charset=utf-8,([^"]+)" download=/.exec(page)?.[1] ?? '';
  expect(decodeURIComponent(file)).toBe('7XQ2-M4TK-9RWD-H3BN\r\n0000-1111-2222-3333\r\n');
});

test.each([
  ['totp', ''],
  ['totp', 'no json'],
  ['totp', 'null'],
  ['totp', { secret: 1, uri: 2 }],
  ['recovery_code', { codes: 'one' }],
  ['password', { secret, uri }],
])('%s with the options %j shows nothing more', (method, options) => expect(shown(method, options)).toBe(''));

import { Flow, FlowKind } from '@authority/contracts/identity';
import { ClientResponse, DeviceVerification, DeviceVerificationState, InteractionDetails } from '@authority/contracts/token';
import { OAuthError } from '@authority/errors';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { refusalOf } from '../http/refusal.ts';
import type { Screen } from '../interactions/outcome.ts';
import { stylesheet } from './assets/stylesheet.ts';
import { assetsBelow } from './assets.ts';
import { formPostPage } from './form-post-page.ts';
import { html } from './html.ts';
import type { PageContext } from './layout.ts';
import { textsOf } from './messages.ts';
import { type Problem, problemPage } from './problem-page.ts';
import { retryText } from './retry-at.ts';
import { renderScreen } from './screens.ts';

const context: PageContext = { texts: textsOf('en'), assets: assetsBelow(''), prefix: '', host: 'login.example', csrf: 'token', now: 0 };

/** Every screen with one text in every place that a stranger or an owner fills. */
function everyPage(text: string): string[] {
  const client = { client_id: text, client_name: text, client_uri: text, logo_uri: text, policy_uri: text, tos_uri: text };
  const scopes = [{ name: text, description: text, granted_before: true }, { name: 'openid' }];
  const details = InteractionDetails.fromPartial({
    ...{ client, scopes, resources: [text], login_hint: text, ui_locales: [text], acr_values: [text], sub: text },
    ...{ redirect_origin: text, signed_in_as: text, reauthenticate: true },
  });
  const message = { id: text, severity: 'error', parameters: { min: text } };
  const messages = [message, { ...message, id: 'password_too_short' }, { ...message, severity: 'info' }];
  const flow = Flow.fromPartial({
    ...{ handle: text, kind: FlowKind.LOGIN, messages, retry_at_ms: 1, stage: text, signed_in_as: text },
    forms: [text, 'password'].map((method) => ({
      ...{ method, messages, options: text },
      fields: [
        { name: text, type: text, autocomplete: text, required: true, value: text, messages, label: text, inputmode: text },
        { name: 'password', type: 'password', value: text },
        { name: text, type: 'checkbox', value: text },
        { name: text, type: 'select', value: text, label: text, choices: [text, 'other'], autocomplete: text },
      ],
      items: [{ id: text, name: text, create_time_ms: 1, use_time_ms: 1, details: { [text]: text }, actions: [{ value: text, id: text }] }],
      actions: method === text ? [{ value: text, id: text }] : [],
    })),
  });
  const options = JSON.stringify({ secret: text, uri: `otpauth://totp/${encodeURIComponent(text)}`, codes: [text, text] });
  const factors = ['totp', 'recovery_code'].map((method) => ({
    ...{ method, options, fields: [{ name: 'code', type: 'text', value: text, messages }] },
    items: [{ id: text, details: { left: text }, actions: [] }],
  }));
  const screens: Screen[] = [
    { name: 'login', flow, interaction: text, details, notice: 'flow_expired' },
    { name: 'registration', flow, interaction: text, details: { ...details, reauthenticate: false } },
    { name: 'consent', interaction: text, details },
    { name: 'select_account', interaction: text, details },
    ...[0, 1, 2, 3, 4, 5, 6, 7].map((state) => ({ name: 'device' as const, verification: device(text, state), missing: state === 1 })),
    { name: 'sign_out', parameters: [{ name: text, value: text }], client: details.client },
    { name: 'signed_out', frames: [text] },
    { name: 'signed_out', frames: [text], next: { uri: 'https://app.example/bye', parameters: [{ name: text, value: text }] } },
    ...(['recovery', 'verification', 'settings'] as const).map((name) => ({
      name,
      flow,
      interaction: text,
      details: undefined,
      notice: 'reauthenticate' as const,
    })),
    { name: 'login', flow: { ...flow, stage: 'second' }, interaction: text, details: undefined },
    { name: 'login', flow: Flow.fromPartial({ handle: text, stage: 'second', forms: factors }), interaction: text, details: undefined },
    {
      name: 'settings',
      flow: Flow.fromPartial({ handle: text, stage: 'settings', forms: factors }),
      interaction: text,
      details: undefined,
    },
    { name: 'signed_in_only' },
  ];
  const refusal = refusalOf(new OAuthError('invalid_request', 'parameter_invalid', { description: text }));
  const response = ClientResponse.fromPartial({ redirect_uri: text, parameters: [{ name: text, value: text }] });
  const stranger = { ...context, host: text, csrf: text };
  return [
    ...screens.map((screen) => renderScreen(stranger, screen)),
    ...(['form_stale', 'client_request', 'throttled'] as Problem[]).map((problem) =>
      problemPage(stranger, problem, refusal, `/login?interaction=${text}`),
    ),
    formPostPage(stranger, response),
  ];
}

/** A device page with a stranger's words, its own among them (RFC 8628 §5.4). */
function device(text: string, state: DeviceVerificationState): DeviceVerification {
  const client = { client_id: text, client_name: text };
  const origin = { peer_address: text, user_agent: text, requested_at_ms: -90_000, same_address: false };
  const scopes = [{ name: text, description: text }];
  return DeviceVerification.fromPartial({
    interaction: text,
    state,
    user_code: text,
    client,
    scopes,
    resources: [text],
    origin,
    signed_in_as: text,
  });
}

const tags = (page: string): string[] => [...page.matchAll(/<[^>]*>/g)].map(([tag]) => tag);
const shapeOf = (page: string): string =>
  tags(page)
    .map((tag) => tag.replace(/"[^"]*"/g, '""'))
    .join('');

test.each([
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onfocus='alert(1)",
  '</title><svg onload=alert(1)>',
  '`-alert(1)-`',
  '--><b>',
  '&lt;script&gt;',
])('OWASP XSS: %s comes out as text wherever it goes in', (attack) => {
  const pages = everyPage(attack);
  // Harmless text of the same kind gives exactly the same tags and attributes.
  expect(pages.map(shapeOf)).toEqual(everyPage('harmless').map(shapeOf));
  for (const page of pages) expect(page).not.toMatch(/<script>|<img|<b>|<svg onload/);
});

test('property: no text adds a tag or an attribute to a page', () => {
  const expected = everyPage('harmless').map(shapeOf);
  const text = fc.string({
    unit: fc.constantFrom('<', '>', '"', "'", '&', '`', '=', '/', ' ', 'a', 'é', '\u202e', '\n'),
    minLength: 1,
    maxLength: 20,
  });
  fc.assert(
    // A name of blanks is no name: the page then falls back to other words, with the same tags.
    fc.property(
      text.filter((one) => one.trim() !== ''),
      (one) => {
        expect(everyPage(one).map(shapeOf)).toEqual(expected);
      },
    ),
    { numRuns: 100 },
  );
});

test('RFC 7591 §2: links of a client are web addresses or no links', () => {
  const consent = (policy_uri: string) =>
    renderScreen(context, { name: 'consent', interaction: 'i', details: InteractionDetails.fromPartial({ client: { policy_uri } }) });
  expect(consent('https://c.example/p?a="b')).toContain('href="https://c.example/p?a=&quot;b" target="_blank" rel="noopener noreferrer"');
  for (const uri of ['javascript:alert(1)', 'data:text/html,x', ' javascript:alert(1)', 'nothing'])
    expect(consent(uri)).not.toContain('privacy policy');
});

test('RFC 8628 §5.4: the confirmation says which device asks, from where, when, and warns; Allow is no default of a link', () => {
  const verification = {
    ...device('Harbour TV', DeviceVerificationState.CONFIRM),
    user_code: 'WDJB-MJHT',
    origin: { peer_address: '203.0.113.24', user_agent: `TV/1 ${'x'.repeat(300)}`, requested_at_ms: -130_000, same_address: false },
  };
  const page = renderScreen(context, { name: 'device', verification, missing: false });
  for (const shown of ['WDJB-MJHT', '203.0.113.24', 'TV/1 x', '2 minutes ago', 'Not the network address of this browser', 'choose Deny'])
    expect(page).toContain(shown);
  expect(page).not.toContain('x'.repeat(120));
  expect(page.match(/name="decision" value="(allow|deny)"/g)).toHaveLength(2);
});

test('pages.md: a secret never comes back, whatever an owner sends', () => {
  const flow = Flow.fromPartial({ forms: [{ method: 'password', fields: [{ name: 'password', type: 'password', value: 'hunter2' }] }] });
  expect(renderScreen(context, { name: 'login', flow, interaction: '', details: undefined })).not.toContain('hunter2');
});

test('WCAG 2.2 1.3.1, 3.3.1: fields have labels, autocomplete, and errors that belong to them', () => {
  const flow = Flow.fromPartial({
    forms: [
      {
        fields: [
          {
            name: 'email',
            type: 'email',
            autocomplete: 'username',
            required: true,
            messages: [{ id: 'email_invalid', severity: 'error' }],
          },
          { name: 'password', type: 'password', autocomplete: 'current-password', required: true },
        ],
      },
    ],
  });
  const page = renderScreen(context, { name: 'login', flow, interaction: '', details: undefined });
  expect(page).toContain('<html lang="en" dir="ltr">');
  expect(page).toContain('<label for="email">Email</label>');
  expect(page).toMatch(/<input id="email" [^>]*autocomplete="username"[^>]*aria-describedby="email-error" aria-invalid="true"/);
  expect(page).toMatch(/<input id="password" [^>]*autocomplete="current-password"/);
  expect(page).toContain('<li><a href="#email"><bdi>Email</bdi>: <bdi>Enter an email address');
  expect(page).toContain('role="alert" tabindex="-1"');
  expect(page).not.toMatch(/\sstyle=|<style|<script>|\son[a-z]+=/);
});

test('a time to wait is rounded up, in words', () => {
  const says = (ms: number) => retryText(context.texts, ms).text.replace(/<\/?bdi>/g, '');
  expect(says(-5)).toBe('You can try again in a second.');
  expect(says(20_000)).toBe('You can try again in 20 seconds.');
  expect(says(60_000)).toBe('You can try again in one minute.');
  expect(says(61_000)).toBe('You can try again in 2 minutes.');
  expect(says(3 * 3_600_000)).toBe('You can try again in 3 hours.');
});

test('html: nested values, lists and nothing', () => {
  expect(html`<p title="${'"'}">${[html`<b>${1}</b>`, '<', undefined, false]}</p>`.text).toBe('<p title="&quot;"><b>1</b>&lt;</p>');
});

/** WCAG 2.2 §1.4.3. */
function contrast(one: string, other: string): number {
  const [a, b] = [one, other].map(luminance).sort((x, y) => y - x) as [number, number];
  return (a + 0.05) / (b + 0.05);
}

function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

test('WCAG 2.2 1.4.3, 1.4.11: text and accent have 4.5:1, borders of fields 3:1, in light and dark', () => {
  const [light = '', dark = ''] = stylesheet.split('@media (prefers-color-scheme: dark)');
  for (const scheme of [light, dark]) {
    const colour = (name: string) => new RegExp(`--${name}: (#[0-9a-f]{6})`).exec(scheme)?.[1] ?? '';
    for (const [text, ground] of [
      ['text', 'card'],
      ['quiet', 'card'],
      ['quiet', 'ground'],
      ['accent', 'card'],
      ['accent-hover', 'card'],
      ['on-accent', 'accent'],
      ['on-accent', 'accent-hover'],
      ['danger', 'card'],
      ['danger', 'danger-soft'],
      ['text', 'danger-soft'],
      ['text', 'accent-soft'],
      ['success', 'card'],
    ] as const) {
      expect([text, ground, contrast(colour(text), colour(ground)) >= 4.5]).toEqual([text, ground, true]);
    }
    expect(contrast(colour('field-line'), colour('card'))).toBeGreaterThanOrEqual(3);
  }
});

import { Flow, FlowKind } from '@authority/contracts/identity';
import { expect, test } from 'vitest';
import { stylesheet } from './assets/stylesheet.ts';
import { assetsBelow } from './assets.ts';
import type { PageContext } from './layout.ts';
import { textsOf } from './messages.ts';
import { renderScreen } from './screens.ts';

const texts = textsOf('ar', { 'login.title': 'تسجيل الدخول' });
const context: PageContext = { texts, assets: assetsBelow(''), prefix: '', host: 'login.example', csrf: 'token', now: 0 };

test('HTML §3.2.6.4: the page runs from right to left; addresses, passwords and codes do not', () => {
  const field = (name: string, type: string, autocomplete: string) => ({ name, type, autocomplete, required: true });
  const fields = [
    field('email', 'email', 'username'),
    field('identifier', 'text', 'username webauthn'),
    field('password', 'password', 'current-password'),
    field('phone', 'tel', 'tel'),
    field('code', 'text', 'off'),
    field('name', 'text', 'name'),
    field('nickname', 'text', 'nickname'),
  ];
  const flow = Flow.fromPartial({ kind: FlowKind.LOGIN, stage: 'first', forms: [{ method: 'password', fields }] });
  const page = renderScreen(context, { name: 'login', flow, interaction: '', details: undefined });
  expect(page).toContain('<html lang="ar" dir="rtl">');
  const directions = [...page.matchAll(/<input id="(\w+)"[^>]*>/g)].map(([tag, id]) => [id, / dir="ltr"/.test(tag)]);
  expect(directions).toEqual([
    ['email', true],
    ['identifier', true],
    ['password', true],
    ['phone', true],
    ['code', true],
    ['name', false],
    ['nickname', false],
  ]);
});

test('CSS Logical Properties: the style sheet knows no left and no right', () => {
  expect(stylesheet.replace(/\/\*[^*]*\*\//g, '')).not.toMatch(/\b(?:left|right)\b/);
});

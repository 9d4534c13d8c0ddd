import { join } from 'node:path';
import { root } from '@authority/testing/suite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startWorld } from '../front-channel/world.ts';
import { startListener } from '../logout/listener.ts';
import { bye, type LogoutRun, logoutModules } from './logout-modules.ts';
import type { Plan, Variant } from './plans.ts';
import { type Results, sectionOf } from './table.ts';
import { prepare } from './walk.ts';

/*
 * The logout plans of the OpenID Foundation's conformance suite for OpenID providers, module by module.
 * docs/conformance-logout.md is written by this run (`vitest -u`).
 */
const code: readonly Variant[] = [{ responseType: 'code', responseMode: 'default' }];
const all: readonly Variant[] = ['code', 'id_token', 'code id_token'].map((responseType) => ({ responseType, responseMode: 'default' }));
const names = Object.keys(logoutModules);
const planOf = (name: string, ofPlan: (module: string) => boolean, variants = code): Plan => ({
  name,
  modules: names.filter(ofPlan).map((module) => ({ module, variants: module.includes('discovery') ? code : variants })),
});
const plans: readonly Plan[] = [
  planOf('RP-Initiated Logout', (module) => module.startsWith('oidcc-rp-initiated-'), all),
  planOf('Back-Channel Logout', (module) => module.startsWith('oidcc-backchannel-')),
  planOf('Front-Channel Logout', (module) => module.startsWith('oidcc-frontchannel-')),
  planOf('Session Management', (module) => module.startsWith('oidcc-session-'), all),
];

let run: LogoutRun;
let close: () => Promise<void>;
beforeAll(async () => {
  const listener = await startListener();
  close = () => listener.close();
  const world = await startWorld({ AUTHORITY_OUTBOUND_ALLOW: new URL(listener.origin).host });
  const prepared = await prepare(world);
  await world.operator.updateClient(prepared.client.client_id, { post_logout_redirect_uris: [bye] });
  const heard = await world.operator.createClient({
    redirect_uris: [`${listener.origin}/callback`],
    ...{ pkce_optional: true, consent_skipped: true, scope: 'openid' },
    backchannel_logout_uri: `${listener.origin}/backchannel_logout`,
    backchannel_logout_session_required: true,
    frontchannel_logout_uri: `${listener.origin}/frontchannel_logout`,
    frontchannel_logout_session_required: true,
    post_logout_redirect_uris: [`${listener.origin}/post_logout_redirect`],
  });
  await world.operator.setSetting('token.frontchannel_logout', true);
  await world.operator.setSetting('token.session_management', true);
  run = { ...prepared, listener, heard: { ...heard, client_secret: heard.client_secret ?? '' } };
  await new Promise((resolve) => setTimeout(resolve, 1500)); // until every replica's metadata says so
});
afterAll(async () => {
  await run?.stop();
  await close?.();
});

const results: Results = new Map();

describe.each(plans)('OpenID Foundation, plan $name', ({ name, modules }) => {
  const cases = modules.flatMap(({ module, variants }) => variants.map((variant) => [module, variant.responseType, variant] as const));
  test.each(cases)('%s (%s)', async (module, _type, variant) => {
    const key = `${name}/${module}`;
    const before = results.get(key) ?? [];
    results.set(key, [...before, 'fail']);
    await logoutModules[module]?.(run, variant);
    results.set(key, [...before, 'pass']);
  });
});

test('docs/conformance-logout.md: the table says what this run has shown', async () => {
  const head = `# Conformance: logout

Written by \`test/specs/oidf/logout.test.ts\` (\`npx vitest run --project specs test/specs/oidf/logout -u\`); do not edit. As
[conformance.md](conformance.md), for the four logout plans. \`token.frontchannel_logout\` and \`token.session_management\` are on here.
`;
  const table = head + plans.map((plan) => sectionOf(plan, results)).join('');
  await expect(table).toMatchFileSnapshot(join(root, 'docs/conformance-logout.md'));
});

import { join } from 'node:path';
import { root } from '@authority/testing/suite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startWorld } from '../front-channel/world.ts';
import { type Host, startHost } from '../request-objects/host.ts';
import type { DynamicRun } from './dynamic-client.ts';
import { dynamicModules } from './dynamic-modules.ts';
import type { Plan } from './plans.ts';
import { type Results, sectionOf } from './table.ts';

/*
 * The plan Dynamic of the OpenID Foundation's conformance suite (oidcc-dynamic-certification-test-plan), module by module:
 * clients register themselves and authenticate by private_key_jwt. docs/conformance-dynamic.md is written by this run.
 */
let host: Host;
let run: DynamicRun;
beforeAll(async () => {
  host = await startHost();
  const world = await startWorld(host.env);
  const { value } = await world.operator.createRegistrationToken({ description: 'conformance', allow_no_pkce: true });
  const signedIn = world.ada();
  await signedIn.signIn();
  run = { ...world, host, initial: value, signedIn };
});
afterAll(async () => {
  await run?.stop();
  await host?.close();
});

const results: Results = new Map();
const variants = [{ responseType: 'code', responseMode: 'default' }] as const;
const plan: Plan = { name: 'Dynamic', modules: Object.keys(dynamicModules).map((module) => ({ module, variants })) };

describe('OpenID Foundation, plan Dynamic', () => {
  test.each(Object.entries(dynamicModules))('%s', { timeout: 60_000 }, async (module, check) => {
    results.set(`Dynamic/${module}`, ['fail']);
    await check(run);
    results.set(`Dynamic/${module}`, ['pass']);
  });
});

test('docs/conformance-dynamic.md: the table says what this run has shown', async () => {
  const head = `# Conformance: dynamic registration

Written by \`test/specs/oidf/dynamic.test.ts\` (\`npx vitest run --project specs test/specs/oidf/dynamic -u\`); do not edit. As
[conformance.md](conformance.md), for the plan Dynamic: clients register themselves with an initial access token, and authenticate by
\`private_key_jwt\` with RS256. Their key sets, request objects and lists of redirect URIs lie on an https host of theirs.

Two things differ from what the Foundation's suite sends. Its clients know no PKCE and do not say so: here a registration says
\`require_pkce: false\`, which the policy of the initial access token must allow. And its assertions name the token endpoint as their
audience in every module but \`oidcc-ensure-client-assertion-with-iss-aud-succeeds\`: here all of them name the issuer, as RFC 10070 wants it;
an operator can mark a client as old (\`legacy_assertion_audience\`).
`;
  await expect(head + sectionOf(plan, results)).toMatchFileSnapshot(join(root, 'docs/conformance-dynamic.md'));
});

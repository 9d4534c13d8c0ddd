import { join } from 'node:path';
import { root } from '@authority/testing/suite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startWorld } from '../front-channel/world.ts';
import { modules } from './modules.ts';
import { plans, type Variant } from './plans.ts';
import { conformanceTable, type Results } from './table.ts';
import { prepare, type Run } from './walk.ts';

/*
 * The plans of the OpenID Foundation's conformance suite for OpenID providers, module by module: each makes the module's
 * request over HTTP and checks what the module asserts. docs/conformance.md is written by this run (`vitest -u`).
 */
let run: Run;
beforeAll(async () => {
  run = await prepare(await startWorld());
});
afterAll(() => run?.stop());

const results: Results = new Map();

async function runModule(plan: string, module: string, variant: Variant): Promise<void> {
  const key = `${plan}/${module}`;
  const found = modules[module];
  if (!found) throw new Error(`${module} is not written`);
  results.set(key, [...(results.get(key) ?? []), 'fail']);
  await found(run, variant);
  const outcomes = results.get(key) ?? [];
  results.set(key, [...outcomes.slice(0, outcomes.indexOf('fail')), 'pass', ...outcomes.slice(outcomes.indexOf('fail') + 1)]);
}

/** They wait for half a minute: all of them at once. */
const isSlow = (module: string): boolean => module.endsWith('30seconds');

describe.each(plans)('OpenID Foundation, plan $name', ({ name, modules: planned }) => {
  const all = planned.flatMap(({ module, variants }) => variants.map((variant) => [module, variant.responseType, variant] as const));
  test.each(all.filter(([module]) => !isSlow(module)))('%s (%s)', (module, _type, variant) => runModule(name, module, variant));
});

describe('OpenID Foundation, all plans: modules that wait', () => {
  const all = plans.flatMap(({ name, modules: planned }) =>
    planned
      .filter(({ module }) => isSlow(module))
      .flatMap(({ module, variants }) => variants.map((variant) => [module, name, variant.responseType, variant] as const)),
  );
  test.concurrent.each(all)('%s (%s: %s)', (module, plan, _type, variant) => runModule(plan, module, variant));
});

describe('docs/conformance.md', () => {
  test('the table says what this run has shown', async () => {
    await expect(conformanceTable(plans, results)).toMatchFileSnapshot(join(root, 'docs/conformance.md'));
  });
});

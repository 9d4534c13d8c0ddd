import { join } from 'node:path';
import { Operator, Person, randomText, root, startOneProcess, type Suite } from '@authority/testing/suite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Bank, type BankVariant } from '../fapi2/bank.ts';
import { fapi2Modules, signedModules } from './fapi2-modules.ts';
import { type Columns, columns, isApplicable, otherProfiles, remarkOf, signedColumns, signedOtherProfiles } from './fapi2-plan.ts';
import type { Fapi2Module, Fapi2Run } from './fapi2-run.ts';
import { aligned } from './table.ts';

/*
 * fapi2-security-profile-final-test-plan of the OpenID Foundation's conformance suite, module by module and variant by
 * variant. docs/conformance-fapi2.md is written by this run (`vitest -u`).
 */
let suite: Suite;
let operator: Operator;
let person: Person;
beforeAll(async () => {
  // Certificates come as a proxy passes them on; straight from TLS they are in rfc8705.test.ts.
  suite = await startOneProcess({
    env: { AUTHORITY_CLIENT_CERTIFICATE_HEADER: 'Client-Cert', AUTHORITY_TRUSTED_PROXIES: '127.0.0.1,::1' },
  });
  operator = new Operator(suite);
  person = new Person(suite.issuer, `fapi-${randomText().slice(0, 8)}@example.test`, randomText());
  await person.register();
});
afterAll(async () => {
  operator?.close();
  await suite?.stop();
});

const runs = new Map<BankVariant, Promise<Fapi2Run>>();
function runOf(variant: BankVariant): Promise<Fapi2Run> {
  const known = runs.get(variant) ?? begin(variant);
  runs.set(variant, known);
  return known;
}
async function begin(variant: BankVariant): Promise<Fapi2Run> {
  const register = () => Bank.register(suite, operator, person, {}, variant);
  return { suite, operator, variant, unknown: register, bank: await register(), other: await register() };
}

interface Section {
  readonly title: string;
  readonly columns: Columns;
  readonly modules: Readonly<Record<string, Fapi2Module>>;
  readonly elsewhere: Readonly<Record<string, string>>;
}
const sections: readonly Section[] = [
  { title: 'FAPI 2.0 Security Profile Final', columns, modules: fapi2Modules, elsewhere: otherProfiles },
  { title: 'The same, by request objects', columns: signedColumns, modules: fapi2Modules, elsewhere: {} },
  {
    ...{ title: 'Request objects', columns: signedColumns, modules: signedModules, elsewhere: signedOtherProfiles },
  },
];

const results = new Map<string, 'pass' | 'fail'>();

describe.each(sections)('OpenID Foundation, $title', ({ title, columns: of, modules }) => {
  const cases = Object.entries(modules).flatMap(([module, run]) =>
    Object.entries(of)
      .filter(([, variant]) => isApplicable(module, variant))
      .map(([column, variant]) => [module, column, variant, run] as const),
  );
  test.each(cases)('fapi2-security-profile-final-%s (%s)', { timeout: 60_000 }, async (module, column, variant, run) => {
    results.set(`${title}/${module}/${column}`, 'fail');
    await run(await runOf(variant));
    results.set(`${title}/${module}/${column}`, 'pass');
  });
});

function sectionOf({ title, columns: of, modules, elsewhere }: Section): string {
  const rows = Object.keys(modules).map((module) => {
    const cells = Object.entries(of).map(([column, variant]) =>
      isApplicable(module, variant) ? (results.get(`${title}/${module}/${column}`) ?? 'not run') : 'n/a',
    );
    return [`\`${module}\``, ...cells, remarkOf(module)];
  });
  const others = Object.entries(elsewhere).map(([module, why]) => [`\`${module}\``, ...Object.keys(of).map(() => 'n/a'), why]);
  return `\n## ${title}\n\n${aligned([['module', ...Object.keys(of), 'remark'], ...rows, ...others])}`;
}

test('docs/conformance-fapi2.md: the table says what this run has shown', async () => {
  const head = `# Conformance: FAPI 2.0 Security Profile Final

Written by \`test/specs/oidf/fapi2.test.ts\` (\`npx vitest run --project specs test/specs/oidf/fapi2 -u\`); do not edit. As
[conformance.md](conformance.md), for the plan \`fapi2-security-profile-final-test-plan\`. The names of its modules begin with
\`fapi2-security-profile-final-\`. Clients are registered by the operator under the [profile](how-to/profiles.md) \`fapi2-security\`. A
column is a variant: by what the client authenticates, and to what its tokens are bound. The other choices of the plan are \`plain_fapi\`,
\`openid_connect\` and \`plain_response\`. Its \`plain_oauth\` and \`fapi_client_credentials_grant\` are not run apart: they are the same
modules without ID Tokens, and without a browser.

The plan itself runs requests that are not signed. The second table has them in a request object, and the third those modules that the
plan takes out because they need one; they belong to FAPI 2.0 Message Signing, of which this server has the request objects, and no signed
answers.
`;
  await expect(head + sections.map(sectionOf).join('')).toMatchFileSnapshot(join(root, 'docs/conformance-fapi2.md'));
});

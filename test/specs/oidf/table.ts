import type { Plan } from './plans.ts';

/** Outcomes of a module's variants, by `plan/module`. */
export type Results = Map<string, readonly ('pass' | 'fail')[]>;

const unsigned =
  'skipped by the suite: unsigned request objects are not supported (`none` is in no metadata); here their refusal is what passes';

/** Why the suite itself would skip a module against this server, or warn. */
const reasons: Readonly<Record<string, string>> = {
  'oidcc-idtoken-unsigned': 'skipped by the suite: `none` is not offered; here its refusal at registration is what passes',
  'oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported': unsigned,
  'oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported': unsigned,
  'oidcc-ensure-request-object-with-redirect-uri': unsigned,
  'oidcc-request-uri-unsigned': unsigned,
  'oidcc-registration-logo-uri':
    'a logo is kept and shown on no page, for pages ask no other host for anything: there is nothing to photograph',
  'oidcc-registration-policy-uri': 'the link is on the page that asks for consent',
  'oidcc-registration-tos-uri': 'the link is on the page that asks for consent',
  'oidcc-server-rotate-keys': 'rotated by `authorityctl keys rotate`; also, after a while the new key signs',
  'oidcc-scope-address': 'people have no addresses here: the claim is left out',
  'oidcc-scope-phone': 'people have no telephone numbers here: the claims are left out',
  'oidcc-scope-all': 'without address and telephone number, as above',
};

/** What the module wants is not done, for the reason beside it; what is done instead is what its test shows. */
const differing: readonly string[] = ['oidcc-registration-logo-uri'];

/** docs/conformance.md: every module of every plan, and what the run has shown of it. */
export function conformanceTable(plans: readonly Plan[], results: Results): string {
  return `# Conformance

Written by \`test/specs/oidf/oidf.test.ts\` (\`npx vitest run --project specs test/specs/oidf -u\`); do not edit. Each module of the OpenID
Foundation's plans has a test of its name there, which makes the module's request over HTTP and checks what the module asserts. It is not
the Foundation's own suite, and no certification. All clients are registered by the operator, with every response type and without PKCE, as
the plans have it. Beside this: [dynamic registration](conformance-dynamic.md) and [logout](conformance-logout.md).
${plans.map((plan) => sectionOf(plan, results)).join('')}`;
}

/** One plan's part of the table. */
export function sectionOf({ name, modules }: Plan, results: Results): string {
  const rows = modules.map(({ module, variants }) => {
    const types = variants.map(({ responseType }) => `\`${responseType}\``).join(', ');
    const outcome = outcomeOf(results.get(`${name}/${module}`), variants.length);
    return [`\`${module}\``, types, outcome === 'pass' && differing.includes(module) ? 'differs' : outcome, reasons[module] ?? ''];
  });
  return `\n## ${name}\n\n${aligned([['module', 'response types', 'outcome', 'remark'], ...rows])}`;
}

/** A table as the formatter leaves it. */
export function aligned([head = [], ...rows]: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(3, ...[head, ...rows].map((cells) => cells[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |\n`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('');
}

function outcomeOf(outcomes: readonly ('pass' | 'fail')[] | undefined, expected: number): string {
  if (outcomes?.length !== expected) return 'not run';
  return outcomes.every((one) => one === 'pass') ? 'pass' : 'fail';
}

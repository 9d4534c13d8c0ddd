/**
 * The reference pages, made from the code. `test/house/reference.test.ts` compares them with the files beside this one;
 * `npx vitest run --project house reference -u` writes them anew.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { markdownTable, processSettings, rpcSettings, type Spec } from '@authority/config';
import { reasons } from '@authority/errors';
import { adminProcessSettings } from '../../apps/admin/src/config.ts';
import { policy } from '../../apps/admin/src/policy.ts';
import { gatewaySettings } from '../../apps/gateway/src/config.ts';
import { issuerOf } from '../../apps/gateway/src/http/issuer.ts';
import { type Edge, routesOf } from '../../apps/gateway/src/routes.ts';
import { identityProcessSettings } from '../../apps/identity/src/config.ts';
import { identitySettings } from '../../apps/identity/src/settings.ts';
import { sessionProcessSettings } from '../../apps/session/src/config.ts';
import { sessionSettings } from '../../apps/session/src/settings.ts';
import { standaloneSettings } from '../../apps/standalone/src/config.ts';
import { tokenProcessSettings } from '../../apps/token/src/config.ts';
import { tokenSettingDefinitions } from '../../apps/token/src/settings.ts';
import { actions } from './audit-actions.ts';
import { endpointTexts } from './endpoint-texts.ts';
import { readProto } from './read-proto.ts';
import { registeredMetrics } from './registered-metrics.ts';

const made = '<!-- Made by docs/reference/generate.ts; change the code and run: npx vitest run --project house reference -u -->';

/** Every page by its file name. */
export function referencePages(root: string): Readonly<Record<string, string>> {
  const read = (path: string): string => readFileSync(join(root, path), 'utf8');
  return {
    'settings.md': settingsPage(),
    'admin-api.md': adminPage(root, read),
    'errors.md': errorsPage(read('libs/errors/src/reason.ts'), read('libs/errors/src/oauth-error.ts')),
    'metrics.md': metricsPage(root),
    'audit-events.md': auditPage(),
    'endpoints.md': endpointsPage(),
  };
}

const page = (...parts: readonly string[]): string => aligned(`${[parts[0], made, ...parts.slice(1)].join('\n\n')}\n`);

/** Tables in columns, as the formatter of this repository writes them. */
function aligned(text: string): string {
  return text.replace(/(?:^\|.*\n)+/gm, (block) => {
    const lines = block.trimEnd().split('\n');
    const rows = lines.map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    );
    const widths = (rows[0] ?? []).map((_, column) =>
      Math.max(...rows.map((cells, index) => (index === 1 ? 3 : (cells[column]?.length ?? 0)))),
    );
    const padded = rows.map((cells, index) =>
      cells.map((cell, column) => (index === 1 ? '-'.repeat(widths[column] ?? 3) : cell.padEnd(widths[column] ?? 0))),
    );
    return `${padded.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`;
  });
}

const row = (...cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [row(...head), `|${head.map(() => '---|').join('')}`, ...rows.map((one) => row(...one))].join('\n');
}

function settingsPage(): string {
  const specs: readonly (readonly [string, string, Spec])[] = [
    [
      'npm start',
      'One process, or five with `--split`. Everything has a default; `AUTHORITY_LOG_LEVEL` is `warn` here.',
      standaloneSettings,
    ],
    ['gateway', 'As a process of its own.', { ...gatewaySettings, ...rpcSettings, ...processSettings }],
    ['token', 'As a process of its own.', tokenProcessSettings],
    ['session', 'As a process of its own.', sessionProcessSettings],
    ['identity', 'As a process of its own.', identityProcessSettings],
    ['admin', 'As a process of its own.', adminProcessSettings],
  ];
  const behaviour = { token: tokenSettingDefinitions, session: sessionSettings, identity: identitySettings };
  const rows = Object.entries(behaviour).flatMap(([owner, definitions]) =>
    Object.entries(definitions).map(([name, one]) => [`\`${name}\``, owner, `\`${JSON.stringify(one.default)}\``, one.description]),
  );
  return page(
    '# Settings',
    'The environment says where things are and holds secrets. Behaviour (lifetimes, limits) is rows of the service that uses them, changed while it runs. Nothing is both.',
    'All faults of an environment are told at once and by name, before anything starts. A secret can also come from a file: `AUTHORITY_SECRETS_FILE` holds the path. The standard `OTEL_*` variables turn on tracing.',
    ...specs.map(([name, what, spec]) => `## Environment: ${name}\n\n${what}\n\n${markdownTable(spec)}`),
    '## Behaviour',
    'Read and changed with `authorityctl settings`, or `authority.admin.v1.SettingsService`. Every replica has a change within a second.',
    table(['setting', 'owner', 'default', 'what it is'], rows),
  );
}

function adminPage(root: string, read: (path: string) => string): string {
  const folder = 'proto/authority/admin/v1';
  const files = readdirSync(join(root, folder)).filter((name) => name.endsWith('.proto'));
  const parts = files.flatMap((name) => {
    const { services, messages } = readProto(read(`${folder}/${name}`));
    const rpcs = services.flatMap((service) => [
      `## ${service.name}\n\n${service.comment}`,
      table(
        ['RPC', 'scope', 'answered by', 'what it does'],
        service.rpcs.map((rpc) => {
          const rule = Object.entries(policy).find(([path]) => path === `/authority.admin.v1.${service.name}/${rpc.name}`)?.[1];
          return [
            `\`${rpc.name}\``,
            `\`${rule?.scope}\``,
            rule?.owner === 'merge' ? 'admin, from all owners' : String(rule?.owner),
            rpc.comment,
          ];
        }),
      ),
    ]);
    const fields = messages
      .filter((message) => message.fields.length > 0)
      .map((message) => {
        const rows = message.fields.map((field) => [`\`${field.name}\``, field.type, field.comment]);
        return `### ${message.name}\n\n${message.comment}\n\n${table(['field', 'type', 'what it is'], rows)}`;
      });
    return [...rpcs, ...fields];
  });
  return page(
    '# Admin API',
    'gRPC, package `authority.admin.v1`, on the admin listener (`AUTHORITY_ADMIN_LISTEN`); the contract is in [proto/authority/admin/v1](../../proto/authority/admin/v1). Every call carries the metadata `authorization: Bearer <access token>`, a token with audience `<issuer>/admin` and the scope named below (`authority.admin` always suffices), or comes with a client certificate of `AUTHORITY_ADMIN_CLIENT_CA_FILE`. Health and reflection are open on loopback.',
    ...parts,
  );
}

function errorsPage(reasonSource: string, errorSource: string): string {
  const groups = reasonSource
    .slice(reasonSource.indexOf('reasons = ['), reasonSource.indexOf('] as const'))
    .split(/^ {2}\/\/ /m)
    .slice(1);
  const rows = groups.map((group) => {
    const [title = '', ...lines] = group.split('\n');
    return [title, lines.flatMap((line) => [...line.matchAll(/'(\w+)'/g)].map(([, word]) => `\`${word}\``)).join(', ')];
  });
  const codes = [...errorSource.matchAll(/^ {2}\| '(\w+)'/gm)].map(([, code]) => `\`${code}\``);
  return page(
    '# Errors',
    'A refusal has three texts, kept apart. The **code** goes over the wire. The **description** helps a developer and says nothing that an attacker could use. The **reason** goes to logs (`reason`), metrics (`authority_refusals_total`) and nowhere else.',
    '## Codes',
    `Of the IANA registry "OAuth Extensions Error Registration": ${codes.join(', ')}.`,
    'A store or peer that is away answers 503 with `Retry-After`, code `temporarily_unavailable`. A throttle answers 429. What should not happen answers 500, code `server_error`, with a reference that is also in the log.',
    '## Reasons',
    `A closed union of ${reasons.length} words in [libs/errors/src/reason.ts](../../libs/errors/src/reason.ts).`,
    table(['about', 'reasons'], rows),
  );
}

function metricsPage(root: string): string {
  const rows = registeredMetrics(root).map(({ name, kind, help }) => [`\`${name}\``, kind, help]);
  return page(
    '# Metrics',
    'In Prometheus text format at `/metrics` on the metrics listener of every process (`AUTHORITY_METRICS_LISTEN`), beside `/health/live` and `/health/ready`.',
    table(['metric', 'kind', 'what it is'], rows),
    'The count of a duration histogram is the rate, its `code` or `status` label the errors.',
  );
}

function auditPage(): string {
  return page(
    '# Audit events',
    'An event is written by the owner of what changed, in the transaction of the change. A sequencer chains each row to the one before by SHA-256. Issuing a token is no event: it is a metric. Read them with `authorityctl audit list`.',
    table(
      ['action', 'owner', 'target', 'when'],
      Object.entries(actions).map(([action, { owner, target, when }]) => [`\`${action}\``, owner, `\`${target}\``, when]),
    ),
    'The actor is `operator:<name>`, `user:<sub>`, `client:<client_id>` or `system`.',
  );
}

function endpointsPage(): string {
  // Nothing is asked of the peers while the table is made.
  const edge = { issuer: issuerOf('https://login.example.com'), peers: {}, published: {}, evidenceOf: () => undefined } as unknown as Edge;
  const methods = new Map<string, string[]>();
  for (const { method, path, head } of routesOf(edge)) {
    methods.set(path, [...(methods.get(path) ?? []), String(method), ...(head ? ['HEAD'] : [])]);
  }
  const rows = [...methods]
    .filter(([path]) => !path.startsWith('/assets/'))
    .map(([path, allowed]) => [`\`${path}\``, allowed.join(', '), textOf(path)]);
  rows.push(['`/assets/*`', 'GET', 'Style sheet, scripts and icon of the pages, by digest.']);
  return page(
    '# HTTP endpoints',
    'Below the issuer, on the gateway. Clients find the protocol endpoints through discovery. The pages are also there as JSON under `/self-service/v1`, for a user interface of your own.',
    table(['path', 'methods', 'what it is'], rows),
    'Every process also serves `/health/live`, `/health/ready` and `/metrics` on its metrics listener; the gateway serves the two health addresses on its own listener too.',
  );
}

function textOf(path: string): string {
  const step = path
    .replace(/^\/self-service\/v1/, '')
    .replace(/^\/(sessions|applications)$/, '/account/$1')
    .replace('/settings', '/account');
  const text = endpointTexts[step];
  if (text === undefined) throw new Error(`docs/reference/endpoint-texts.ts has no words for ${path}`);
  return step === path ? text : `As \`${step}\`, in JSON.`;
}

import { ClientServiceService, IdentityServiceService, KeyServiceService, SettingsServiceService } from '@authority/contracts/admin';
import { health } from '@authority/contracts/standard';
import type { Command } from 'commander';
import type { Commands, Work } from '../command.ts';
import type { Connection } from '../connection/connection.ts';
import { failure, NotAdmitted } from '../fault.ts';
import { version } from '../version.ts';

const { SERVING } = health.HealthCheckResponse_ServingStatus;

/** A setting of each owner: whoever answers it is there. */
const settingOf = { token: 'token.code_lifetime', session: 'session.idle_lifetime', identity: 'throttle.enabled' } as const;

export function status(program: Command, commands: Commands): void {
  const command = commands.define(program, 'status', 'Whether the server is well: its parts, versions, keys and counts', [
    'status',
    'status -o json',
  ]);
  commands.does(command, async (work) => {
    const report = await reportOf(work);
    work.print.record(report.data);
    const [first] = report.wrong;
    if (first !== undefined) throw failure('status', report.wrong.join(', '), "the server's log says more");
  });
}

async function reportOf({ connection, surroundings }: Work<unknown>): Promise<{ data: Record<string, unknown>; wrong: string[] }> {
  const admin = await adminState(connection);
  const issuer = connection.issuer === undefined ? 'unknown' : await issuerState(connection.issuer, surroundings.fetch);
  const told = admin.state === 'ok' ? await tellings(connection) : {};
  const data = {
    authorityctl: version,
    issuer: { url: connection.issuer ?? '', state: issuer },
    admin: { address: connection.address, ...admin },
    ...told,
  };
  const states: [string, string][] = [['issuer', issuer], ['admin', admin.state], ...Object.entries(told.services ?? {})];
  return { data, wrong: states.flatMap(([name, state]) => (state === 'ok' || state === 'unknown' ? [] : [`${name}: ${state}`])) };
}

async function adminState(connection: Connection): Promise<{ state: string; version: string }> {
  try {
    const { response, header } = await connection.callOpenly(health.HealthService.check, { service: '' });
    return { state: response.status === SERVING ? 'ok' : 'not ready', version: header.get('authority-version').join('') };
  } catch {
    return { state: 'away', version: '' };
  }
}

async function issuerState(issuer: string, fetch: typeof globalThis.fetch): Promise<string> {
  try {
    const response = await fetch(`${issuer}/.well-known/openid-configuration`, { signal: AbortSignal.timeout(5_000), redirect: 'error' });
    const metadata: unknown = await response.json();
    const named = typeof metadata === 'object' && metadata !== null && 'issuer' in metadata ? metadata.issuer : undefined;
    if (named === issuer) return 'ok';
    return named === undefined ? `HTTP ${response.status}` : `names itself ${String(named)}`;
  } catch {
    return 'away';
  }
}

interface Tellings {
  readonly services?: Readonly<Record<string, string>>;
  readonly keys?: Readonly<Record<string, string>>;
  readonly counts?: Readonly<Record<string, string>>;
}

async function tellings(connection: Connection): Promise<Tellings> {
  const services: Record<string, string> = {};
  for (const [owner, name] of Object.entries(settingOf))
    services[owner] = await stateOf(connection.call(SettingsServiceService.getSetting, { name }));
  const [clients, identities, keys] = await Promise.all([
    shown(
      connection.call(ClientServiceService.listClients, { page_size: 500, page_token: '', filter: '' }),
      ({ clients, next_page_token }) => [clients, next_page_token],
    ),
    shown(
      connection.call(IdentityServiceService.listIdentities, { page_size: 500, page_token: '', filter: '', search: '' }),
      ({ identities, next_page_token }) => [identities, next_page_token],
    ),
    connection
      .call(KeyServiceService.listKeys, { page_size: 500, page_token: '', filter: 'state = "current"' })
      .catch(() => ({ keys: [] })),
  ]);
  return {
    services,
    keys: Object.fromEntries(
      ['signing', 'encryption', 'mac', 'sealing'].map((use) => [
        use,
        keys.keys
          .filter((key) => key.use === use)
          .map(({ alg }) => alg)
          .sort()
          .join(' '),
      ]),
    ),
    counts: { clients, identities },
  };
}

async function stateOf(answer: Promise<unknown>): Promise<string> {
  try {
    await answer;
    return 'ok';
  } catch (error) {
    // That is the line to show, and nothing of the rest would be true.
    if (error instanceof NotAdmitted) throw error;
    return 'away';
  }
}

/** Counting further would read the whole table. */
async function shown<T>(answer: Promise<T>, of: (answer: T) => readonly [readonly unknown[], string]): Promise<string> {
  try {
    const [things, next] = of(await answer);
    return next === '' ? String(things.length) : `${things.length} or more`;
  } catch {
    return '';
  }
}

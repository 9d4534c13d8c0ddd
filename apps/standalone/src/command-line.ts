import { Refusal } from './refusal.ts';

export interface CommandLine {
  /** Five processes instead of one. */
  split: boolean;
  /** Begin anew: the data folder is removed, after asking. */
  reset: boolean;
  /** Do not ask. */
  yes: boolean;
  help: boolean;
}

export const usage = `Usage: npm start [-- options]

Starts Authority on this machine: an embedded PostgreSQL and the five services in one process.

Options:
  --split   run the five services as processes of their own, over gRPC with mutual TLS
  --reset   remove the data folder first (asks before it does)
  --yes     do not ask
  --help    show this

Settings are environment variables: AUTHORITY_ISSUER (http://localhost:8080), AUTHORITY_HTTP_LISTEN (127.0.0.1:8080),
AUTHORITY_ADMIN_LISTEN (127.0.0.1:9090), AUTHORITY_DATA_DIR (.authority), AUTHORITY_DATABASE_URL (embedded when unset),
AUTHORITY_REDIS_URL (short-lived state in PostgreSQL when unset); docs/reference/settings.md has all of them.`;

export function parseCommandLine(args: readonly string[]): CommandLine {
  const known = ['--split', '--reset', '--yes', '--help', '-h'];
  const unknown = args.filter((arg) => !known.includes(arg));
  if (unknown.length > 0) throw new Refusal(`unknown option ${unknown.join(' ')}; try npm start -- --help`);
  const has = (name: string): boolean => args.includes(name);
  return { split: has('--split'), reset: has('--reset'), yes: has('--yes'), help: has('--help') || has('-h') };
}

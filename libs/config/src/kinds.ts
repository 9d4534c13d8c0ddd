import { readFileSync } from 'node:fs';
import { type Kind, Refusal, Setting } from './setting.ts';

export interface Listen {
  readonly host: string;
  readonly port: number;
}

/** A file that was there at start: its path for whoever reloads it, and what it held. */
export interface ConfigFile {
  readonly path: string;
  readonly bytes: Buffer;
}

function setting<T>(kind: string, parse: (text: string) => T, secret = false): Setting<T> {
  const made: Kind<T> = { kind, secret, parse };
  return new Setting<T>(made);
}

export const text = (): Setting<string> => setting('text', (value) => value);

/** A secret: also from NAME_FILE; never repeated. */
export const secret = (): Setting<string> => setting('secret', (value) => value, true);

/** A secret of a shape of its own (a database URL with a password, a list of keys). `parse` throws a `Refusal`. */
export const secretOf = <T>(kind: string, parse: (text: string) => T): Setting<T> => setting(kind, parse, true);

/** A setting of a shape of its own. `parse` throws a `Refusal`. */
export const custom = <T>(kind: string, parse: (text: string) => T): Setting<T> => setting(kind, parse);

export function parseUrl(value: string, protocols: readonly string[]): URL {
  if (!URL.canParse(value)) throw new Refusal('must be a URL');
  const url = new URL(value);
  if (protocols.length > 0 && !protocols.includes(url.protocol.slice(0, -1))) {
    throw new Refusal(`must begin with ${protocols.map((name) => `${name}://`).join(' or ')}`);
  }
  return url;
}

/** A URL without credentials. */
export const url = (protocols: readonly string[] = ['https', 'http']): Setting<URL> =>
  setting('URL', (value) => {
    const parsed = parseUrl(value, protocols);
    if (parsed.username !== '' || parsed.password !== '') throw new Refusal('must not hold a user name or password');
    return parsed;
  });

/** A URL that may hold a password: a secret as a whole. */
export const secretUrl = (protocols: readonly string[]): Setting<string> =>
  secretOf('URL (secret)', (value) => {
    parseUrl(value, protocols);
    return value;
  });

export function parseHostPort(value: string, example: string): Listen {
  const match = /^(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]\s/]*)):(\d{1,5})$/.exec(value);
  const port = Number(match?.[3] ?? Number.NaN);
  if (match === null || !(port <= 65_535)) throw new Refusal(`must be host:port, such as ${example}`);
  return { host: match[1] ?? match[2] ?? '', port };
}

/** `host:port`, `[::1]:port`; `:port` listens on every address; port 0 takes a free one. */
export const listen = (): Setting<Listen> =>
  setting('host:port', (value) => {
    const parsed = parseHostPort(value, '127.0.0.1:8080');
    return parsed.host === '' ? { ...parsed, host: '::' } : parsed;
  });

/** Where a peer is: `host:port`, also `dns:///host:port`, or the addresses of its replicas with commas. Kept as text. */
export const address = (): Setting<string> =>
  setting('host:port', (value) => {
    for (const one of value.split(',')) {
      const { host, port } = parseHostPort(one.replace(/^dns:\/\/\//, ''), 'token:9001');
      if (host === '' || port === 0) throw new Refusal('must be host:port, such as token:9001');
    }
    return value;
  });

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

export function parseDuration(value: string): number {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(value);
  if (match === null) throw new Refusal('must be a duration, such as 500ms, 10s, 5m, 12h or 30d');
  return Math.round(Number(match[1]) * (units[match[2] ?? ''] ?? 1));
}

/** Milliseconds. */
export const duration = (): Setting<number> => setting('duration', parseDuration);

export const integer = (bounds: { min?: number; max?: number } = {}): Setting<number> =>
  setting('integer', (value) => {
    const { min = 0, max = Number.MAX_SAFE_INTEGER } = bounds;
    const number = Number(value);
    if (!/^-?\d+$/.test(value) || number < min || number > max) {
      throw new Refusal(bounds.max === undefined ? `must be an integer of at least ${min}` : `must be an integer from ${min} to ${max}`);
    }
    return number;
  });

export const flag = (): Setting<boolean> =>
  setting('true or false', (value) => {
    if (value !== 'true' && value !== 'false') throw new Refusal('must be true or false');
    return value === 'true';
  });

export const choice = <const C extends string>(choices: readonly C[]): Setting<C> =>
  setting(choices.join(' | '), (value) => {
    const found = choices.find((one) => one === value);
    if (found === undefined) throw new Refusal(`must be one of ${choices.join(', ')}`);
    return found;
  });

/** Separated by commas or white space; `item` may refuse. */
export const list = (item: (text: string) => string = (one) => one): Setting<readonly string[]> =>
  setting('list', (value) =>
    value
      .split(/[\s,]+/)
      .filter((one) => one !== '')
      .map(item),
  );

export function readFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unreadable';
    throw new Refusal(`names a file that cannot be read (${why}: ${path})`);
  }
}

/** A path whose file is read at start. */
export const file = (): Setting<ConfigFile> => setting('file', (path) => ({ path, bytes: readFile(path) }));

/** A path; nothing is asked of the file system. */
export const path = (): Setting<string> => setting('path', (value) => value);

/** `host:port`, with brackets around an IPv6 address. */
export function hostAndPort({ host, port }: Listen): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

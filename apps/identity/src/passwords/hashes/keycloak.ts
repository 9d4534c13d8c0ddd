import { HashRefused } from './format.ts';

type Members = Readonly<Record<string, unknown>>;

/**
 * A password credential of a Keycloak export, as JSON, in the writing that is stored here: `credentialData` and
 * `secretData` are JSON in JSON. Undefined for what is no JSON object.
 */
export function keycloakHash(text: string): string | undefined {
  if (!text.startsWith('{"')) return undefined;
  const credential = members(text, 'it');
  const data = members(credential['credentialData'], 'credentialData');
  const secret = members(credential['secretData'], 'secretData');
  const { algorithm, hashIterations: rounds } = data;
  const [salt, value] = [unpadded(secret['salt']), unpadded(secret['value'])];
  if (algorithm === 'argon2') return argon2Of(data, salt, value);
  const digest = /^pbkdf2(?:-(sha256|sha512))?$/.exec(String(algorithm));
  if (!digest) throw new HashRefused(`is of the algorithm ${String(algorithm).slice(0, 40)} of Keycloak, which is not known`);
  return `$pbkdf2-${digest[1] ?? 'sha1'}$${String(rounds)}$${salt}$${value}`;
}

function argon2Of(data: Members, salt: string, value: string): string {
  const more = members(data['additionalParameters'], 'additionalParameters');
  // Each parameter is a list of one.
  const one = (name: string): string => String([more[name]].flat()[0]);
  const version = one('version') === '1.0' ? 16 : 19;
  return `$argon2${one('type')}$v=${version}$m=${one('memory')},t=${String(data['hashIterations'])},p=${one('parallelism')}$${salt}$${value}`;
}

function members(value: unknown, name: string): Members {
  const read = typeof value === 'string' ? parsed(value) : value;
  if (typeof read === 'object' && read !== null && !Array.isArray(read)) return { ...read };
  throw new HashRefused(`is no credential of Keycloak: ${name} is no object`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const unpadded = (value: unknown): string => (typeof value === 'string' ? value.replace(/=+$/, '') : '');

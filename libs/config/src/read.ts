import { ConfigFault } from './config-fault.ts';
import { readFile } from './kinds.ts';
import { Refusal, type Setting, type Settings, type Spec, variableOf } from './setting.ts';

export interface ReadOptions<S extends Spec> {
  /** Rules over several settings, asked only when each is well by itself: lines that begin with a variable's name. */
  check?: (settings: Settings<S>) => readonly string[];
}

/** Reads the settings of a spec. Every fault is found before any is told (contract.md: "all faults … at once, by name"). */
export function read<S extends Spec>(spec: S, env: NodeJS.ProcessEnv, options: ReadOptions<S> = {}): Settings<S> {
  const faults: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries(spec)) {
    const variable = variableOf(key, setting);
    try {
      values[key] = setting.read(rawText(variable, setting, env));
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      faults.push(faultLine(variable, setting, env, refusal));
    }
  }
  if (faults.length > 0) throw new ConfigFault(faults);

  // Each key of the spec has been read by its own setting above.
  const settings = values as Settings<S>;
  const further = options.check?.(settings) ?? [];
  if (further.length > 0) throw new ConfigFault(further);
  return settings;
}

/** An empty variable is an unset one: compose files and charts write `NAME=` for "nothing". */
function rawText(variable: string, setting: Setting<unknown>, env: NodeJS.ProcessEnv): string | undefined {
  const direct = env[variable] || undefined;
  if (!setting.kind.secret) return direct;

  const path = env[`${variable}_FILE`] || undefined;
  if (path === undefined) return direct;
  if (direct !== undefined) throw new Refusal(`is set twice: unset it or ${variable}_FILE`);
  const text = readSecretFile(variable, path);
  if (text === '') throw new Refusal(`is empty in the file that ${variable}_FILE names (${path})`);
  return text;
}

/** Editors and `echo` end a file with a newline that is no part of the secret: one is taken away, no more. */
function readSecretFile(variable: string, path: string): string {
  try {
    return readFile(path)
      .toString('utf8')
      .replace(/\r?\n$/, '');
  } catch (refusal) {
    if (refusal instanceof Refusal) throw new Refusal(`${variable}_FILE ${refusal.message}`);
    throw refusal;
  }
}

function faultLine(variable: string, setting: Setting<unknown>, env: NodeJS.ProcessEnv, refusal: Refusal): string {
  const got = env[variable];
  const shown = got && !setting.kind.secret ? `; got ${printable(got)}` : '';
  if (refusal.message.startsWith(`${variable}_FILE `)) {
    return `${variable}_FILE: ${refusal.message.slice(variable.length + '_FILE '.length)}`;
  }
  return `${variable}: ${refusal.message}${shown}`;
}

/** A password may sit in a URL where none belongs: it is not repeated. Control characters would break the line. */
function printable(value: string): string {
  const shown = value.replace(/\/\/[^/@\s]*@/g, '//[redacted]@').replace(/[^\x20-\x7e]/g, '?');
  return shown.length > 120 ? `${shown.slice(0, 120)}…` : shown;
}

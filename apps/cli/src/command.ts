import { Command, InvalidArgumentError, Option } from 'commander';
import { type Connection, connect, type ConnectionOptions } from './connection/connection.ts';
import { type Format, formats, Print } from './output/print.ts';
import type { Surroundings } from './surroundings.ts';

/** What a command works with. */
export interface Work<Options> {
  readonly options: Options;
  /** The operands, in the order of the usage line. */
  readonly operands: readonly string[];
  readonly print: Print;
  readonly connection: Connection;
  readonly surroundings: Surroundings;
}

interface GlobalOptions extends ConnectionOptions {
  readonly output: Format;
}

/** Makes commands that share the options of every command. */
export class Commands {
  constructor(private readonly surroundings: Surroundings) {}

  /** A command of the program, with its examples in its help. */
  define(parent: Command, usage: string, description: string, examples: readonly string[]): Command {
    return parent
      .command(usage)
      .description(description)
      .addHelpText('after', `\nExamples:\n${examples.map((line) => `  $ authorityctl ${line}`).join('\n')}`);
  }

  /** What a command does. The connection is made when it is first used and closed at the end. */
  does<Options = Record<string, never>>(command: Command, work: (work: Work<Options>) => Promise<void>): void {
    command.action(async () => {
      // commander has read the options that this command declares, and the program's.
      const options = command.optsWithGlobals<Options & GlobalOptions>();
      const connection = connect(options, nameOf(command), this.surroundings);
      try {
        const print = new Print(this.surroundings, options.output);
        await work({ options, operands: command.args, print, connection, surroundings: this.surroundings });
      } finally {
        connection.close();
      }
    });
  }
}

/** `clients get`: what a refusal begins with. */
export function nameOf(command: Command): string {
  const names: string[] = [];
  for (let one: Command | null = command; one?.parent; one = one.parent) names.unshift(one.name());
  return names.join(' ');
}

/** The options of every command. */
export function globalOptions(program: Command): Command {
  return program
    .addOption(new Option('-o, --output <format>', 'how the answer is written').choices(formats).default('table'))
    .option('--operator-file <path>', 'operator.json of the server; found by itself next to npm start')
    .option('--address <host:port>', 'where the operator API is; the operator file says it')
    .option('--ca <path>', 'authority of the server’s certificate (PEM)')
    .option('--cert <path>', 'your client certificate (PEM), with --key')
    .option('--key <path>', 'its private key (PEM)')
    .option('--server-name <name>', 'name in the server’s certificate, when it is not that of the address')
    .addOption(new Option('--timeout <duration>', 'how long to wait for an answer').argParser(duration).default(10_000, '10s'));
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of `90s`, `15m`, `12h`, `30d`. */
export function duration(text: string): number {
  const match = /^(\d{1,6})(ms|s|m|h|d)$/.exec(text);
  const ms = Number(match?.[1] ?? 0) * (units[match?.[2] ?? ''] ?? 0);
  if (ms > 0) return ms;
  throw new InvalidArgumentError('write it like 10s, 15m, 12h or 30d.');
}

export function count(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('it must be a whole number.');
}

export function truth(text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw new InvalidArgumentError('it must be true or false.');
}

/** For options that may be given more than once. */
export function several(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}

/** `name=value`, one at a time. */
export function named(text: string, before: Readonly<Record<string, string>> | undefined): Readonly<Record<string, string>> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('it must be name=value.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

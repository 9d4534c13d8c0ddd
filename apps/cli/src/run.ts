import { CommanderError } from 'commander';
import { Fault } from './fault.ts';
import { clean } from './output/clean.ts';
import { programOf } from './program.ts';
import type { Surroundings } from './surroundings.ts';

/** Runs one command line: 0 done, 1 failed, 2 usage. Errors are one line on standard error. */
export async function run(surroundings: Surroundings): Promise<0 | 1 | 2> {
  try {
    await programOf(surroundings).parseAsync([...surroundings.argv], { from: 'user' });
    return 0;
  } catch (error) {
    return tell(error, surroundings);
  }
}

function tell(error: unknown, { argv, stderr }: Surroundings): 0 | 1 | 2 {
  if (error instanceof Fault) {
    stderr.write(`${clean(error.message)}\n`);
    return error.exitCode;
  }
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    // Without a command the program's help has been written already.
    if (error.code !== 'commander.help') stderr.write(`${usageLine(error, argv)}\n`);
    return 2;
  }
  const why = error instanceof Error ? error.message : String(error);
  stderr.write(`authorityctl: ${clean(why)}; this is a fault of authorityctl, please report it\n`);
  return 1;
}

const secretOption = /^--?(?:password|secret|client-secret|token)$/;

/** commander's words, in the shape of all our errors; a value that was given may be a secret and is not repeated. */
function usageLine(error: CommanderError, argv: readonly string[]): string {
  const commands = argv.slice(0, 2).filter((word) => /^[a-z-]+$/.test(word) && !word.startsWith('-'));
  const what = commands.join(' ') || 'authorityctl';
  const unknown = /unknown option '([^'=]*)/.exec(error.message)?.[1];
  if (unknown !== undefined && secretOption.test(unknown)) {
    return `${what}: a secret is never an argument; give --password-stdin or --password-file`;
  }
  const known = error.code === 'commander.unknownCommand' ? commands.slice(0, -1) : commands;
  // What was given too much may be a secret.
  const message = error.message.replace(/^error: /, '').replace(/(too many arguments[^:]*):.*$/s, '$1');
  return `${what}: ${clean(message).replace(/[.\s]+$/, '')}; see ${['authorityctl', ...known, '--help'].join(' ')}`;
}

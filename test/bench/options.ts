import { parseArgs } from 'node:util';
import { flows } from './flows.ts';
import { signInName } from './sign-in.ts';

const names = [...flows.map(({ name }) => name), signInName];

const help = `npm run bench [-- options]

Measures Authority, split and standalone, against oidc-provider on this machine, and prints a table. Takes about six minutes.

  --seconds n   how long one measurement takes (5)
  --rounds n    how often the servers take turns (2)
  --only text   only flows whose name has this text; nothing is written then
  --short       one second, one round; nothing is written (what CI runs)
  --help        this

Flows: ${names.join(' · ')}
`;

export interface Options {
  seconds: number;
  rounds: number;
  only: string;
  short: boolean;
}

/** The options of the command line; ends the process with what is wrong (2), or with the help (0). */
export function readOptions(args: readonly string[]): Options {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        seconds: { type: 'string' },
        rounds: { type: 'string' },
        only: { type: 'string', default: '' },
        short: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) end(0, help);
    const { only, short } = values;
    if (!names.some((name) => name.includes(only))) throw new Error(`no flow has ${only} in its name`);
    return { seconds: positive(values.seconds, short ? 1 : 5), rounds: positive(values.rounds, short ? 1 : 2), only, short };
  } catch (error) {
    return end(2, `${error instanceof Error ? error.message : String(error)}\n\n${help}`);
  }
}

function positive(text: string | undefined, byDefault: number): number {
  const value = Number(text ?? byDefault);
  if (!(value > 0)) throw new Error(`${text} is not a positive number`);
  return value;
}

function end(code: number, text: string): never {
  (code === 0 ? process.stdout : process.stderr).write(text);
  process.exit(code);
}

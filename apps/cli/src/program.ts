import { Command } from 'commander';
import { Commands, globalOptions } from './command.ts';
import { audit } from './commands/audit.ts';
import { clients } from './commands/clients.ts';
import { credentials } from './commands/credentials.ts';
import { deadLetters } from './commands/dead-letters.ts';
import { grants } from './commands/grants.ts';
import { identities } from './commands/identities.ts';
import { keys } from './commands/keys.ts';
import { logouts } from './commands/logouts.ts';
import { mailTemplates } from './commands/mail-templates.ts';
import { registrationTokens } from './commands/registration-tokens.ts';
import { resources } from './commands/resources.ts';
import { schemas } from './commands/schemas.ts';
import { upstreamProviders } from './commands/upstream-providers.ts';
import { sessions } from './commands/sessions.ts';
import { settings } from './commands/settings.ts';
import { status } from './commands/status.ts';
import { trustedIssuers } from './commands/trusted-issuers.ts';
import type { Surroundings } from './surroundings.ts';
import { version } from './version.ts';

const overview = `
It finds the local operator by itself: operator.json in AUTHORITY_DATA_DIR, or .authority/operator.json
here or in a folder above. Secrets are read from standard input or a file, never from an argument.
Exit codes: 0 done, 1 failed, 2 wrong usage.

Examples:
  $ authorityctl status
  $ authorityctl clients create --name Shop --redirect-uri https://shop.example/cb
  $ authorityctl identities create --email a@example.com --password-stdin < password.txt
  $ authorityctl clients list -o json`;

/** All commands. Nothing is connected before one of them runs. */
export function programOf(surroundings: Surroundings): Command {
  const program = new Command('authorityctl')
    .description('Operates an Authority server: clients, resources, people, sessions, grants, keys, settings, audit.')
    .version(version, '-V, --version', 'the version of authorityctl')
    .configureHelp({ showGlobalOptions: true, helpWidth: 100 })
    .configureOutput({
      writeOut: (text) => void surroundings.stdout.write(text),
      writeErr: (text) => void surroundings.stderr.write(text),
      // Told in one line by `run`.
      outputError: () => {},
    })
    .showSuggestionAfterError(false)
    .exitOverride()
    .addHelpText('after', overview);
  globalOptions(program);
  const commands = new Commands(surroundings);
  const groups = [
    clients,
    resources,
    registrationTokens,
    trustedIssuers,
    identities,
    credentials,
    schemas,
    upstreamProviders,
    sessions,
    grants,
    logouts,
    keys,
    settings,
    mailTemplates,
    deadLetters,
    audit,
    status,
  ];
  for (const add of groups) add(program, commands);
  return program;
}

import type { Ephemeral } from '@authority/ephemeral';
import type { Outbox } from '@authority/outbox';
import type { Database } from '@authority/postgres';
import type { SealedValues } from '@authority/sealing';
import { log } from '@authority/telemetry';
import type { IdentityConfig } from '../config.ts';
import { replacedTemplates } from '../postgres/mail-templates.ts';
import type { IdentitySettings } from '../settings.ts';
import { deliver } from './deliver.ts';
import { MailLimits } from './limits.ts';
import { mailQueue, type Mails, OutboxMails } from './mails.ts';
import type { Transport } from './message.ts';
import { SealedMailValues } from './queued-mail.ts';
import { folderTransport } from './transports/folder.ts';
import { smtpTransport } from './transports/smtp.ts';

interface MailerParts {
  readonly config: Pick<IdentityConfig, 'issuer' | 'mailServer' | 'mailDir'>;
  readonly database: Database;
  readonly ephemeral: Pick<Ephemeral, 'increment'>;
  readonly settings: IdentitySettings;
  readonly outbox: Outbox;
  readonly sealed: SealedValues;
}

/** What the flows send by, and what takes it out of the house. */
export interface Mailer {
  readonly mails: Mails;
  readonly limits: MailLimits;
  /** This replica sends too. */
  start(): void;
  close(): void;
}

export function mailer({ config, database, ephemeral, settings, outbox, sealed }: MailerParts): Mailer {
  const { issuer } = config;
  const values = new SealedMailValues(sealed);
  const transport = transportOf(config);
  const templates = replacedTemplates(database);
  return {
    mails: new OutboxMails(outbox, values),
    limits: new MailLimits(ephemeral, settings),
    start: () => outbox.work(mailQueue, deliver({ values, transport, templates, settings, issuer, now: Date.now })),
    close: () => transport.close(),
  };
}

function transportOf({ mailServer, mailDir, issuer }: MailerParts['config']): Transport {
  if (mailServer) return smtpTransport(mailServer, new URL(issuer).hostname);
  if (issuer.startsWith('https:')) log.warn('mails_stay_here', { folder: mailDir });
  return folderTransport(mailDir);
}

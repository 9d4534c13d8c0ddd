import type { Delivery, Handler } from '@authority/outbox';
import { counter, labelNames, log, metricNames } from '@authority/telemetry';
import type { IdentitySettings } from '../settings.ts';
import type { MailKind, StoredMail } from './kinds.ts';
import type { Transport } from './message.ts';
import { builtInLanguages, localesFor } from './messages.ts';
import type { QueuedMail, SealedMailValues } from './queued-mail.ts';
import { builtInTemplate, type Template } from './templates/built-in.ts';
import { render } from './templates/render.ts';
import { type Sender, viewOf } from './templates/view.ts';

const { kind: kindLabel, outcome } = labelNames;
const mails = counter(
  metricNames.mails,
  'Mails, by kind and outcome: sent, failed (an attempt), expired (its code was dead before it left).',
  [kindLabel, outcome],
);

/** What operators have put in the place of built-in templates. */
export interface ReplacedTemplates {
  /** That of the first of these locales which has one; its empty parts are the built-in ones of its language, or of English. */
  find(kind: MailKind, locales: readonly string[]): Promise<(Template & { readonly locale: string }) | undefined>;
}

export interface DeliverOptions {
  readonly values: Pick<SealedMailValues, 'open'>;
  readonly transport: Transport;
  readonly templates: ReplacedTemplates;
  readonly settings: IdentitySettings;
  readonly issuer: string;
  readonly now: () => number;
}

/** Sends a mail of the outbox. */
export function deliver({ values: sealed, transport, templates, settings, issuer, now }: DeliverOptions): Handler<QueuedMail> {
  return async ({ id, payload, signal }: Delivery<QueuedMail>) => {
    if (payload.withheld) return;
    const mail = await sealed.open(payload);
    const { kind, to, values } = mail;
    if (values.code !== undefined && values.expiresAt !== undefined && values.expiresAt <= now()) {
      mails.add(1, { kind, outcome: 'expired' });
      log.warn('mail_expired', { kind, delivery: id });
      return;
    }
    const sender = senderOf(settings, issuer);
    const { locale, ...template } = await templateFor(templates, mail);
    const rendered = render(template, viewOf(mail, locale, sender));
    const from = { name: sender.product, address: settings.get('mail.from_address') || `no-reply@${new URL(issuer).hostname}` };
    try {
      await transport.send({ ...rendered, id, kind, lang: locale, from, replyTo: sender.replyTo, to, at: new Date(now()) }, signal);
    } catch (error) {
      mails.add(1, { kind, outcome: 'failed' });
      throw error;
    }
    mails.add(1, { kind, outcome: 'sent' });
  };
}

export function senderOf(settings: IdentitySettings, issuer: string): Sender {
  return { product: settings.get('mail.product_name'), issuer, replyTo: settings.get('mail.reply_to') };
}

/** The reader's language comes before who wrote the template. */
async function templateFor(templates: ReplacedTemplates, { kind, locale }: StoredMail): Promise<Template & { locale: string }> {
  const replaced = await templates.find(kind, localesFor(locale));
  for (const one of localesFor(locale)) {
    if (replaced?.locale === one) return replaced;
    if (builtInLanguages.includes(one)) return { ...builtInTemplate(kind, one), locale: one };
  }
  throw new Error('There is no template, not even in English.');
}

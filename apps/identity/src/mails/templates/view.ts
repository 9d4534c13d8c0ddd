import { type Link, standingLinks, type StoredMail } from '../kinds.ts';
import { browserOf } from './browser.ts';

/** Every value that a template may name. Empty where a kind has none: a section of it is left out. */
export const viewNames = [
  'product',
  'issuer_host',
  'to',
  'reply_to',
  'code',
  'link',
  'expires_at',
  'asked_at',
  'asked_from',
  'asked_with',
  'organization',
  'inviter',
  'deletes_at',
] as const;

export type View = Readonly<Record<(typeof viewNames)[number], string>>;

/** What all mails of this server say of it. */
export interface Sender {
  readonly product: string;
  readonly issuer: string;
  readonly replyTo: string;
}

export function viewOf({ kind, to, values }: StoredMail, locale: string, { product, issuer, replyTo }: Sender): View {
  const { asked, expiresAt, deletesAt } = values;
  const link = values.link ?? standingLinks[kind];
  return {
    product: spoken(product),
    issuer_host: new URL(issuer).host,
    to,
    reply_to: replyTo,
    code: values.code ?? '',
    link: link ? addressOf(link, issuer) : '',
    expires_at: moment(expiresAt, locale),
    asked_at: moment(asked?.at, locale),
    asked_from: asked?.address || '?',
    asked_with: asked ? browserOf(asked.userAgent) : '?',
    organization: spoken(values.organization ?? ''),
    inviter: spoken(values.inviter ?? ''),
    deletes_at: moment(deletesAt, locale),
  };
}

/** Built from the issuer, whatever host a request named. */
export function addressOf({ page, parameters = {} }: Link, issuer: string): string {
  const query = new URLSearchParams(parameters).toString();
  return `${issuer.replace(/\/$/, '')}/${page}${query === '' ? '' : `?${query}`}`;
}

/** In the reader's language, the digits of codes, and for nobody's clock: the zone is said. */
function moment(at: number | undefined, locale: string): string {
  if (at === undefined) return '';
  const options = { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC', numberingSystem: 'latn' } as const;
  return `${new Intl.DateTimeFormat(locale, options).format(at)} UTC`;
}

/**
 * A name that somebody chose, as part of our sentence: one line, short, nothing that turns the text around, and nothing
 * that a mail program would make a link of (a word joiner after each dot and scheme).
 */
function spoken(name: string): string {
  const line = name
    .toWellFormed()
    .replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();
  return [...line]
    .slice(0, 80)
    .join('')
    .replace(/([.:/@])(?=\S)/gu, '$1\u2060');
}

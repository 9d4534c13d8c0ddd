import { Undeliverable } from '@authority/outbox';
import type { Place, SealedValues } from '@authority/sealing';
import { isAddress } from './address.ts';
import { type Asked, isMailKind, type Link, type MailKind, type MailValues, type StoredMail } from './kinds.ts';

/** A mail in the outbox: codes and links open with a key of ours alone, so that a dump of the database holds none that works. */
export interface QueuedMail {
  readonly kind: MailKind;
  readonly to: string;
  readonly locale: string;
  readonly sealed: string;
  /** It goes nowhere. */
  readonly withheld: boolean;
}

/** Reads a mail of the outbox; throws for what this release does not know. */
export function readMail(stored: unknown): QueuedMail {
  const { kind, to, locale, sealed, withheld } = record(stored);
  if (typeof kind !== 'string' || !isMailKind(kind)) throw new Error(`There is no mail of the kind ${String(kind).slice(0, 40)}.`);
  if (typeof to !== 'string' || !isAddress(to)) throw new Error('The recipient is not one address.');
  if (typeof sealed !== 'string') throw new Error('It has no values.');
  return { kind, to, locale: typeof locale === 'string' ? locale : '', sealed, withheld: withheld === true };
}

/** The values of mails, sealed for their kind and recipient: whoever can write rows sends nobody another's code. */
export class SealedMailValues {
  readonly #sealed: Pick<SealedValues, 'seal' | 'open'>;

  constructor(sealed: Pick<SealedValues, 'seal' | 'open'>) {
    this.#sealed = sealed;
  }

  seal(values: MailValues, mail: Pick<QueuedMail, 'kind' | 'to'>): Promise<string> {
    return this.#sealed.seal(Buffer.from(JSON.stringify(values)), placeOf(mail));
  }

  /** Throws for what does not open or cannot be read: no later attempt would do better. */
  async open({ sealed, kind, to, locale }: QueuedMail): Promise<StoredMail> {
    const mail = { kind, to, locale };
    const bytes = await this.#sealed.open(sealed, placeOf(mail));
    if (bytes === undefined) throw new Undeliverable('The values of the mail do not open: its key is gone, or they are of another mail.');
    try {
      return { ...mail, values: readValues(record(JSON.parse(bytes.toString()))) };
    } catch (error) {
      throw new Undeliverable('The values of the mail cannot be read.', { cause: error });
    }
  }
}

const placeOf = ({ kind, to }: Pick<QueuedMail, 'kind' | 'to'>): Place => ({ purpose: 'mail', row: `${kind} ${to}` });

function readValues(stored: Record<string, unknown>): MailValues {
  return {
    ...texts(stored, ['code', 'organization', 'inviter']),
    ...numbers(stored, ['expiresAt', 'deletesAt']),
    ...('link' in stored ? { link: readLink(record(stored['link'])) } : {}),
    ...('asked' in stored ? { asked: readAsked(record(stored['asked'])) } : {}),
  };
}

const pages = ['login', 'recovery', 'verification', 'account', 'invitation'] as const;

function readLink({ page, parameters }: Record<string, unknown>): Link {
  const known = pages.find((one) => one === page);
  if (known === undefined) throw new Error('The link is to no page.');
  const given = parameters === undefined ? {} : record(parameters);
  return { page: known, parameters: Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)])) };
}

function readAsked(stored: Record<string, unknown>): Asked {
  const { at = 0 } = numbers(stored, ['at']);
  const { address = '', userAgent = '' } = texts(stored, ['address', 'userAgent']);
  return { at, address, userAgent };
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('It is no object.');
  return { ...value };
}

function texts<K extends string>(stored: Record<string, unknown>, names: readonly K[]): { [N in K]?: string } {
  const found: { [N in K]?: string } = {};
  for (const name of names) {
    const value = stored[name];
    if (typeof value === 'string') found[name] = value;
  }
  return found;
}

function numbers<K extends string>(stored: Record<string, unknown>, names: readonly K[]): { [N in K]?: number } {
  const found: { [N in K]?: number } = {};
  for (const name of names) {
    const value = stored[name];
    if (typeof value === 'number' && Number.isFinite(value)) found[name] = value;
  }
  return found;
}

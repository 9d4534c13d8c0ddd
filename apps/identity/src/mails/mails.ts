import type { Outbox, Queue } from '@authority/outbox';
import type { Queryable } from '@authority/postgres';
import { assertAddress } from './address.ts';
import type { Mail } from './kinds.ts';
import { type QueuedMail, readMail, type SealedMailValues } from './queued-mail.ts';

/** Mails that tell people something. */
export interface Mails {
  /** Puts a mail into the outbox, in the transaction of what it tells of. It is sent at least once, soon after the commit. */
  send(tx: Queryable, mail: Mail): Promise<void>;
}

/** Tried for about four hours: longer than a mail server restarts, shorter than a notice is news. */
export const mailQueue: Queue<QueuedMail> = {
  name: 'mails',
  read: readMail,
  retries: 14,
  backoff: { firstSeconds: 5, longestSeconds: 1800 },
  timeoutMs: 30_000,
  concurrency: 8,
};

export class OutboxMails implements Mails {
  readonly #outbox: Pick<Outbox, 'append'>;
  readonly #values: SealedMailValues;

  constructor(outbox: Pick<Outbox, 'append'>, values: SealedMailValues) {
    this.#outbox = outbox;
    this.#values = values;
  }

  async send(tx: Queryable, { kind, to, locale = '', values, withheld = false }: Mail): Promise<void> {
    assertAddress(to);
    const sealed = await this.#values.seal(values, { kind, to });
    await this.#outbox.append(tx, mailQueue, { kind, to, locale, sealed, withheld });
  }
}

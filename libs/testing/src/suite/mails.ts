import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type MailMessage, readMessage } from '../mail-message.ts';
import type { Suite } from './suite.ts';

/** What a suite without a mail server has sent to an address, oldest first. */
export function mailsTo({ dataDir }: Pick<Suite, 'dataDir'>, address: string): MailMessage[] {
  const folder = join(dataDir, 'mail');
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.eml')) : [];
  const mails = names.sort().map((name) => readMessage(readFileSync(join(folder, name), 'utf8')));
  return mails.filter(({ headers }) => headers.get('to') === address);
}

/** Waits for the mail to an address whose subject matches; it leaves soon after the commit. */
export async function mailTo(suite: Pick<Suite, 'dataDir'>, address: string, subject: RegExp, timeoutMs = 15_000): Promise<MailMessage> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = mailsTo(suite, address).findLast(({ headers }) => subject.test(headers.get('subject') ?? ''));
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`no mail to ${address} with a subject like ${subject} came within ${timeoutMs} ms`);
    await sleep(25);
  }
}

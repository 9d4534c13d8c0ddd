import type { SendMailOptions } from 'nodemailer';
import type { Message } from '../message.ts';

/** A message in nodemailer's words. Addresses are objects, so that no text is taken apart into several. */
export function composed({ id, lang, from, replyTo, to, at, subject, text, html }: Message): SendMailOptions {
  return {
    from: { name: from.name, address: from.address },
    to: { name: '', address: to },
    ...(replyTo !== '' && { replyTo: { name: '', address: replyTo } }),
    subject,
    text,
    html,
    date: at,
    // The same for each attempt: a server or a mailbox can tell a repetition.
    messageId: `<${id}@${from.address.split('@').at(-1)}>`,
    headers: {
      // RFC 3834 §5: nobody's holiday answers this.
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'All',
      'Content-Language': lang,
    },
    ...{ disableFileAccess: true, disableUrlAccess: true },
  };
}

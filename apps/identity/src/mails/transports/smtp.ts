import { Undeliverable } from '@authority/outbox';
import { createTransport } from 'nodemailer';
import type { Message, Transport } from '../message.ts';
import { composed } from './composed.ts';
import type { MailServer } from './mail-url.ts';

/** Sends by SMTP (RFC 5321), over a few connections that are kept. `name` is what it calls itself: no host of ours. */
export function smtpTransport(server: MailServer, name: string): Transport {
  const { host, port, tls, user, password = '' } = server;
  const transport = createTransport({
    pool: true,
    maxConnections: 4,
    maxMessages: 100,
    name,
    host,
    port,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    tls: { minVersion: 'TLSv1.2', rejectUnauthorized: true },
    ...(user !== undefined && { auth: { user, pass: password } }),
    ...{ dnsTimeout: 5000, connectionTimeout: 5000, greetingTimeout: 10_000, socketTimeout: 20_000 },
    // A message is what is in it, never a file or an address that it names.
    ...{ disableFileAccess: true, disableUrlAccess: true },
  });
  return {
    async send(message: Message, signal: AbortSignal): Promise<void> {
      try {
        await transport.sendMail({ ...composed(message), signal });
      } catch (error) {
        if (isRefusedForGood(error)) throw new Undeliverable('The mail server refuses the recipient.', { cause: error });
        throw error;
      }
    },
    close: () => transport.close(),
  };
}

/** 5yz to RCPT TO (RFC 5321 §4.2.1). Other permanent answers are about us: an operator can mend them before we give up. */
function isRefusedForGood(error: unknown): boolean {
  if (!(error instanceof Error) || !('responseCode' in error) || !('command' in error)) return false;
  const code = Number(error.responseCode);
  return error.command === 'RCPT TO' && code >= 550 && code <= 559;
}

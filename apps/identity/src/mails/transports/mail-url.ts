import { isLoopbackHost, parseUrl, Refusal, secretOf } from '@authority/config';

/** Where mails go: a server and how to speak to it. */
export interface MailServer {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte, after STARTTLS, or not at all. */
  readonly tls: 'implicit' | 'starttls' | 'none';
  readonly user?: string;
  readonly password?: string;
}

/**
 * `smtps://` is TLS at once; `smtp://` is STARTTLS and nothing without it, but on loopback or where `?starttls=off` says
 * so. Certificates are always verified (NODE_EXTRA_CA_CERTS for one's own authority).
 */
export function parseMailUrl(text: string): MailServer {
  const url = parseUrl(text, ['smtp', 'smtps']);
  const { starttls, ...others } = Object.fromEntries(url.searchParams);
  if (Object.keys(others).length > 0) throw new Refusal('may have the parameter starttls and no other');
  if (starttls !== undefined && starttls !== 'off') throw new Refusal('has a parameter starttls that is not off');
  if (url.hostname === '' || !['', '/'].includes(url.pathname) || url.hash !== '') throw new Refusal('must be a host and no path');
  const isImplicit = url.protocol === 'smtps:';
  if (isImplicit && starttls) throw new Refusal('is smtps: it has no STARTTLS to turn off');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const isLocal = isLoopbackHost(url.hostname);
  const isPlain = starttls === 'off' || isLocal;
  const [user, password] = [decoded(url.username), decoded(url.password)];
  if (password !== '' && user === '') throw new Refusal('has a password and no user name');
  if (isPlain && !isImplicit && !isLocal && password !== '') throw new Refusal('would send its password without TLS');
  return {
    host,
    port: url.port === '' ? (isImplicit ? 465 : 587) : Number(url.port),
    tls: isImplicit ? 'implicit' : isPlain ? 'none' : 'starttls',
    ...(user !== '' && { user, password }),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Refusal('has a user name or password whose percent-encoding is wrong');
  }
}

export const mailUrl = secretOf('URL (secret)', parseMailUrl)
  .optional()
  .doc(
    'The server that mails go to: smtps://user:password@host, or smtp:// with STARTTLS (?starttls=off: without TLS). Unset: written as .eml files to mail/ in the data folder.',
  );

import { domainToASCII } from 'node:url';

/**
 * Whether a text is one address that may stand in an envelope and a header (RFC 5321 §4.1.2, RFC 6531): nothing that
 * separates addresses, quotes, comments or lines.
 */
export function isAddress(text: string): boolean {
  if (!text.isWellFormed() || Buffer.byteLength(text) > 254) return false;
  const [, host = ''] = /^[^\s@\p{C}<>()[\]\\,;:"]{1,64}@([^\s@\p{C}<>()[\]\\,;:"]{1,253})$/u.exec(text) ?? [];
  return host !== '' && domainToASCII(host) !== '' && !/^[.-]|\.\./.test(host);
}

export function assertAddress(text: string): void {
  if (!isAddress(text)) throw new TypeError('The recipient of a mail is not one address.');
}

import { domainToASCII } from 'node:url';

/**
 * The spelling under which an e-mail address identifies a person: NFKC, lower case, the domain in its ASCII form. Local
 * parts are case-sensitive by RFC 5321 §2.4, but no provider of today tells people apart by case, and people do not either.
 * Undefined for what cannot be an address.
 */
export function normalizeEmail(text: string): string | undefined {
  if (!text.isWellFormed()) return undefined;
  const match = /^([^\s@\p{Cc}]{1,64})@([^\s@\p{Cc}]{1,253})$/u.exec(text.trim().normalize('NFKC'));
  const [, local, host] = match ?? [];
  if (!local || !host) return undefined;
  const domain = domainToASCII(host);
  if (!/^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(domain)) return undefined;
  const address = `${local.toLowerCase()}@${domain}`;
  return Buffer.byteLength(address) <= 254 ? address : undefined;
}

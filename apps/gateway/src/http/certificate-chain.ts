import { X509Certificate } from 'node:crypto';

/** The certificates of a PEM file. Throws for a file without any. */
export function readAuthorities(pem: Buffer): X509Certificate[] {
  const blocks = pem.toString('latin1').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new Error('holds no certificate (PEM)');
  return blocks.map((block) => new X509Certificate(block));
}

const clientAuthentication = '1.3.6.1.5.5.7.3.2';
const anyUsage = '2.5.29.37.0';

/**
 * Whether one of these authorities issued a client certificate that a proxy passed on. The proxy vouches that its client
 * has the key; who the client is, is not left to the proxy's settings (RFC 8705 §2.1). Every authority of the file may
 * issue, intermediate ones as well: the header brings no chain.
 */
export function isIssuedBy(certificate: X509Certificate, authorities: readonly X509Certificate[], now = Date.now()): boolean {
  // Node calls extended key usages so; without any, a certificate is for everything (RFC 5280 §4.2.1.12).
  const usages: readonly string[] | undefined = certificate.keyUsage;
  if (usages !== undefined && !usages.includes(clientAuthentication) && !usages.includes(anyUsage)) return false;
  if (!isCurrent(certificate, now)) return false;
  return authorities.some((one) => one.ca && isCurrent(one, now) && certificate.checkIssued(one) && certificate.verify(one.publicKey));
}

function isCurrent({ validFrom, validTo }: X509Certificate, now: number): boolean {
  return Date.parse(validFrom) <= now && now < Date.parse(validTo);
}

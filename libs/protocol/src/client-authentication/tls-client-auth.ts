import type { Client } from '../model/client.ts';
import { canonicalAddress, type CertificateSubject, readSubject } from '../primitives/certificate.ts';
import { invalidClient } from '../primitives/challenge.ts';
import { isSameName, parseName } from '../primitives/distinguished-name.ts';
import { byConnection } from './connection.ts';
import type { ClientAuthenticationMethod } from './method.ts';

/** A certificate of an authority that the operator named, for the subject that the client registered (RFC 8705 §2.1). */
export const tlsClientAuth: ClientAuthenticationMethod = {
  name: 'tls_client_auth',
  present: byConnection,

  verifyConnection({ tls_client_certificate, tls_client_certificate_verified }, client) {
    if (tls_client_certificate.byteLength === 0) throw invalidClient('client_certificate_missing');
    // Whoever signs their own certificate can write any subject into it.
    if (!tls_client_certificate_verified) throw invalidClient('client_certificate_wrong');
    const subject = readSubject(tls_client_certificate);
    if (!subject || !isSubjectOf(client, subject)) throw invalidClient('client_certificate_wrong');
  },
};

type Match = (expected: string, subject: CertificateSubject) => boolean;

/** RFC 8705 §2.1.2. Nothing is a pattern: a wildcard in a certificate matches only itself. */
const matches = {
  tls_client_auth_subject_dn: (expected, { name }) => {
    const parsed = parseName(expected);
    return parsed !== undefined && isSameName(parsed, name);
  },
  tls_client_auth_san_dns: (expected, { dns }) => dns.some((one) => lowerCase(one) === lowerCase(expected)),
  tls_client_auth_san_uri: (expected, { uri }) => uri.includes(expected),
  tls_client_auth_san_ip: (expected, { ip }) => {
    const address = canonicalAddress(expected);
    return address !== undefined && ip.includes(address);
  },
  tls_client_auth_san_email: (expected, { email }) => email.includes(expected),
} satisfies Partial<Record<keyof Client, Match>>;

/** By exactly one of them: with two it could not be known which is meant, with none anybody would match. */
function isSubjectOf(client: Client, subject: CertificateSubject): boolean {
  const { tls_client_auth_subject_dn, tls_client_auth_san_dns, tls_client_auth_san_uri, tls_client_auth_san_ip } = client;
  const registered = Object.entries({
    ...{ tls_client_auth_subject_dn, tls_client_auth_san_dns, tls_client_auth_san_uri, tls_client_auth_san_ip },
    tls_client_auth_san_email: client.tls_client_auth_san_email,
  }).flatMap(([name, expected]) => (expected === undefined || expected === '' ? [] : [{ name, expected }]));
  const [only, ...more] = registered;
  if (!only || more.length > 0) return false;
  const match = new Map<string, Match>(Object.entries(matches)).get(only.name);
  return match?.(only.expected, subject) ?? false;
}

/** ASCII only: names of other scripts are in their ASCII form (RFC 5280 §7.2). */
function lowerCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

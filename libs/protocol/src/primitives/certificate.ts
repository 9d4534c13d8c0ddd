import { X509Certificate } from 'node:crypto';
import { type DerValue, derTags, oidOf, readDer, within } from './der.ts';
import { type DistinguishedName, readName } from './distinguished-name.ts';

/** What a client certificate says of its holder (RFC 5280 §4.1.2.6, §4.2.1.6). */
export interface CertificateSubject {
  name: DistinguishedName;
  dns: readonly string[];
  uri: readonly string[];
  email: readonly string[];
  /** Canonical spelling. */
  ip: readonly string[];
}

/** Reads the subject by its structure, never from a text that a name could imitate; undefined for what is no certificate. */
export function readSubject(certificate: Uint8Array): CertificateSubject | undefined {
  try {
    const [whole, ...more] = readDer(Buffer.from(certificate));
    const [signed] = within(whole, derTags.sequence);
    if (more.length > 0) return undefined;
    const fields = within(signed, derTags.sequence);
    // Version is there from v2 on; then come serial number, algorithm, issuer, validity and subject.
    const at = fields[0]?.tag === 0xa0 ? 5 : 4;
    const subject = fields[at];
    const extensions = fields.find(({ tag }, index) => index > at && tag === 0xa3);
    return subject && { name: readName(subject), ...alternativeNames(extensions) };
  } catch {
    return undefined;
  }
}

const subjectAltName = '2.5.29.17';

function alternativeNames(extensions: DerValue | undefined) {
  const [list] = extensions ? readDer(extensions.content) : [];
  const found = list ? within(list, derTags.sequence).map((one) => within(one, derTags.sequence)) : [];
  const extension = found.find(([id]) => id !== undefined && oidOf(id) === subjectAltName);
  const value = extension?.at(-1);
  const names = value?.tag === derTags.octetString ? within(readDer(value.content)[0], derTags.sequence) : [];
  const tagged = (tag: number): Buffer[] => names.filter((name) => name.tag === tag).map(({ content }) => content);
  const texts = (tag: number): string[] => tagged(tag).map((content) => content.toString('latin1'));
  return {
    email: texts(0x81),
    dns: texts(0x82),
    uri: texts(0x86),
    ip: tagged(0x87).map(addressOf),
  };
}

function addressOf(bytes: Buffer): string {
  if (bytes.length === 4) return [...bytes].join('.');
  if (bytes.length !== 16) return '';
  const groups = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(at * 2).toString(16));
  return canonicalAddress(groups.join(':')) ?? '';
}

/** The one spelling of an address; undefined for what is none. */
export function canonicalAddress(text: string): string | undefined {
  if (/^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/.test(text)) return text;
  if (!/^[0-9a-f:.]+$/i.test(text) || !text.includes(':') || !URL.canParse(`http://[${text}]`)) return undefined;
  return new URL(`http://[${text}]`).hostname.slice(1, -1);
}

/** The public key of a certificate as a JWK; undefined for what is no certificate, or has a key of another kind. */
export function publicJwkOf(certificate: Uint8Array): Record<string, unknown> | undefined {
  try {
    return { ...new X509Certificate(certificate).publicKey.export({ format: 'jwk' }) };
  } catch {
    return undefined;
  }
}

import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** Certificates for tests, written by hand, so that a test can put anything into one (RFC 5280 §4.1). */
export interface CertificateOptions {
  /** Relative names from the most significant one on, each of attributes `[oid, value]`; a Buffer is a whole DER value. */
  subject?: readonly (readonly (readonly [string, string | Buffer])[])[];
  /** Subject alternative names, by their context tag (RFC 5280 §4.2.1.6): 1 email, 2 DNS, 6 URI, 7 address. */
  alternativeNames?: readonly (readonly [number, string | Buffer])[];
  /** Absent: it signs itself. */
  issuer?: TestCertificate;
  isAuthority?: boolean;
  /** Absent: for clients. */
  extendedKeyUsage?: string;
  notBefore?: Date;
  notAfter?: Date;
}

export const commonName = '2.5.4.3';
const [ecdsaWithSha256, basicConstraints, keyUsage, extendedKeyUsage, subjectAltName] = [
  ...['1.2.840.10045.4.3.2', '2.5.29.19', '2.5.29.15', '2.5.29.37', '2.5.29.17'],
] as [string, string, string, string, string];
export const clientAuthentication = '1.3.6.1.5.5.7.3.2';
export const serverAuthentication = '1.3.6.1.5.5.7.3.1';

const day = 86_400_000;

export class TestCertificate {
  readonly der: Buffer;
  readonly privateKey: KeyObject;
  readonly name: Buffer;

  constructor(options: CertificateOptions = {}) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.privateKey = privateKey;
    this.name = nameOf(options.subject ?? [[[commonName, 'a client']]]);
    const algorithm = der(0x30, oid(ecdsaWithSha256));
    const signed = der(
      0x30,
      der(0xa0, der(0x02, Buffer.of(2))),
      der(0x02, Buffer.concat([Buffer.of(1), randomBytes(8)])),
      algorithm,
      options.issuer?.name ?? this.name,
      der(0x30, time(options.notBefore ?? new Date(Date.now() - day)), time(options.notAfter ?? new Date(Date.now() + day))),
      this.name,
      publicKey.export({ format: 'der', type: 'spki' }),
      der(0xa3, der(0x30, ...extensionsOf(options))),
    );
    const signature = sign('sha256', signed, options.issuer?.privateKey ?? privateKey);
    this.der = der(0x30, signed, algorithm, der(0x03, Buffer.of(0), signature));
  }

  get pem(): string {
    const lines = this.der.toString('base64').replace(/.{64}/g, '$&\n').trimEnd();
    return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
  }

  get keyPem(): string {
    return this.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  }

  /** The public key, as a client registers it. */
  get jwk(): Record<string, unknown> {
    return { ...createPublicKey(this.privateKey).export({ format: 'jwk' }) };
  }
}

function extensionsOf({ isAuthority = false, alternativeNames = [], extendedKeyUsage: usage = clientAuthentication }: CertificateOptions) {
  const yes = der(0x01, Buffer.of(0xff));
  const names = alternativeNames.map(([tag, value]) => der(0x80 + tag, Buffer.from(value)));
  return [
    extension(basicConstraints, der(0x30, ...(isAuthority ? [yes] : [])), yes),
    ...(isAuthority ? [extension(keyUsage, der(0x03, Buffer.of(2, 0x04)), yes)] : [extension(extendedKeyUsage, der(0x30, oid(usage)))]),
    ...(names.length > 0 ? [extension(subjectAltName, der(0x30, ...names))] : []),
  ];
}

const extension = (id: string, value: Buffer, ...critical: Buffer[]): Buffer => der(0x30, oid(id), ...critical, der(0x04, value));

function nameOf(subject: NonNullable<CertificateOptions['subject']>): Buffer {
  const relatives = subject.map((attributes) =>
    der(
      0x31,
      ...attributes.map(([type, value]) => der(0x30, oid(type), typeof value === 'string' ? der(0x0c, Buffer.from(value)) : value)),
    ),
  );
  return der(0x30, ...relatives);
}

/** GeneralizedTime to the second. */
const time = (at: Date): Buffer => der(0x18, Buffer.from(`${at.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`));

export function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const length = content.length < 0x80 ? Buffer.of(content.length) : Buffer.of(0x82, content.length >> 8, content.length & 0xff);
  // As short as can be: two bytes only from 256 on.
  const short = content.length >= 0x80 && content.length < 0x100 ? Buffer.of(0x81, content.length) : length;
  return Buffer.concat([Buffer.of(tag), short, content]);
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const digits = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) digits.unshift((left & 0x7f) | 0x80);
    return digits;
  });
  return der(0x06, Buffer.from(bytes));
}

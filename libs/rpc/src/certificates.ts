import { type webcrypto, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as X509 from '@peculiar/x509';
import type { TlsFiles } from './tls.ts';
import { certificateName, type ServiceName, serviceNames } from './topology.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;
const LIFE_DAYS = 825;
const RENEW_DAYS = 90;

/** Where each service finds its certificate in a folder that `ensureCertificates` filled. */
export function certificateFiles(directory: string, service: ServiceName): TlsFiles {
  return { cert: join(directory, `${service}.crt`), key: join(directory, `${service}.key`), ca: join(directory, 'ca.crt') };
}

/**
 * Makes what the services of one machine need for mutual TLS, once: an authority that signs one certificate a service and
 * is then forgotten (its key is never written), so that nobody can sign another. Renewed as a whole, before it runs out.
 */
export async function ensureCertificates(directory: string, now = Date.now()): Promise<void> {
  if (isCurrent(directory, now)) return;
  // Only whoever makes certificates pays for the library; its decorators want the polyfill first.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const fresh = `${directory}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true, mode: 0o700 });
  const authority = await makeAuthority(x509, now);
  writeFileSync(join(fresh, 'ca.crt'), authority.certificate.toString('pem'));
  for (const service of serviceNames) await writeLeaf(x509, fresh, service, authority, now);
  rmSync(directory, { recursive: true, force: true });
  renameSync(fresh, directory);
}

function isCurrent(directory: string, now: number): boolean {
  const ca = join(directory, 'ca.crt');
  if (!existsSync(ca)) return false;
  if (!serviceNames.every((service) => existsSync(certificateFiles(directory, service).key))) return false;
  return new X509Certificate(readFileSync(ca)).validToDate.getTime() > now + RENEW_DAYS * DAY_MS;
}

interface Authority {
  certificate: X509.X509Certificate;
  keys: webcrypto.CryptoKeyPair;
}

async function makeAuthority(x509: typeof X509, now: number): Promise<Authority> {
  const keys = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Authority internal',
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(now - DAY_MS),
    notAfter: new Date(now + LIFE_DAYS * DAY_MS),
    extensions: [new x509.BasicConstraintsExtension(true, 0, true), new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true)],
  });
  return { certificate, keys };
}

async function writeLeaf(x509: typeof X509, directory: string, service: ServiceName, authority: Authority, now: number): Promise<void> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${service}`,
    issuer: authority.certificate.subject,
    publicKey: keys.publicKey,
    signingKey: authority.keys.privateKey,
    signingAlgorithm: algorithm,
    notBefore: new Date(now - DAY_MS),
    notAfter: new Date(now + LIFE_DAYS * DAY_MS),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'dns', value: certificateName(service) },
        { type: 'dns', value: 'localhost' },
      ]),
    ],
  });
  const { cert, key } = certificateFiles(directory, service);
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  writeFileSync(key, x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'), { mode: 0o600 });
  writeFileSync(cert, certificate.toString('pem'));
}

import { X509Certificate } from 'node:crypto';
import { serverAuthentication, TestCertificate } from '@authority/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isIssuedBy, readAuthorities } from './certificate-chain.ts';
import { readForwardedCertificate } from './forwarded-certificate.ts';

const authority = new TestCertificate({ isAuthority: true, subject: [[['2.5.4.3', 'the authority']]] });
const certificate = new TestCertificate({ issuer: authority });
const encoded = encodeURIComponent(certificate.pem);
const base64 = certificate.der.toString('base64');

test.each([
  ['client-cert', `:${base64}:`],
  ['x-forwarded-client-cert', `Cert="${encoded}"`],
  ['x-forwarded-client-cert', `By=spiffe://a;Hash=abc;Cert="${encoded}";Subject="CN=a\\"b,c";URI=`],
  ['x-ssl-client-cert', encoded],
  ['x-ssl-client-cert', certificate.pem.trimEnd().replaceAll('\n', '%0A').replaceAll(' ', '%20')],
])('RFC 9440 §2: the certificate in %s is read', (header, value) => {
  expect(readForwardedCertificate(header, value).raw.equals(certificate.der)).toBe(true);
});

test.each([
  ['client-cert', base64],
  ['client-cert', '::'],
  ['client-cert', `:${base64}:, :${base64}:`],
  ['client-cert', `:${base64}:;a=1`],
  ['client-cert', ':AAAA:'],
  ['x-forwarded-client-cert', `Cert="${encoded}",Cert="${encoded}"`],
  ['x-forwarded-client-cert', `Cert="${encoded}";Cert="${encoded}"`],
  ['x-forwarded-client-cert', `Subject="Cert=x";Hash=abc`],
  ['x-forwarded-client-cert', `Subject="a";b";Cert="${encoded}"`],
  ['x-ssl-client-cert', `${encoded}${encoded}`],
  ['x-ssl-client-cert', `${encoded}, ${encoded}`],
  ['x-ssl-client-cert', '(null)'],
  ['x-ssl-client-cert', '%zz'],
])('RFC 9440 §2: %s: what is not one certificate is refused', (header, value) => {
  expect(() => readForwardedCertificate(header, value)).toThrow('client_certificate_header_malformed');
});

test('RFC 9440 §2: whatever the header holds, it is a certificate or refused', () => {
  const headers = fc.constantFrom('client-cert', 'x-forwarded-client-cert', 'x-ssl-client-cert');
  fc.assert(
    fc.property(headers, fc.string(), (header, value) => {
      expect(() => readForwardedCertificate(header, value)).toThrow('client_certificate_header_malformed');
    }),
  );
});

const issued = (one: TestCertificate, by: readonly TestCertificate[] = [authority]): boolean =>
  isIssuedBy(new X509Certificate(one.der), readAuthorities(Buffer.from(by.map(({ pem }) => pem).join('\n'))));

test('RFC 8705 §2.1: the chain is verified here, whatever the proxy did', () => {
  expect(issued(certificate)).toBe(true);
  expect(issued(certificate, [new TestCertificate({ isAuthority: true }), authority])).toBe(true);
  expect(issued(new TestCertificate())).toBe(false);
  expect(isIssuedBy(new X509Certificate(certificate.der), [])).toBe(false);
  // An authority of the same name with another key.
  const impostor = new TestCertificate({ isAuthority: true, subject: [[['2.5.4.3', 'the authority']]] });
  expect(issued(new TestCertificate({ issuer: impostor }))).toBe(false);
});

test('RFC 5280 §6.1: expired, not valid yet, for servers, or issued by what is no authority: not verified', () => {
  const hour = 3_600_000;
  expect(issued(new TestCertificate({ issuer: authority, notAfter: new Date(Date.now() - hour) }))).toBe(false);
  expect(issued(new TestCertificate({ issuer: authority, notBefore: new Date(Date.now() + hour) }))).toBe(false);
  expect(issued(new TestCertificate({ issuer: authority, extendedKeyUsage: serverAuthentication }))).toBe(false);
  expect(issued(new TestCertificate({ issuer: certificate }), [certificate])).toBe(false);
});

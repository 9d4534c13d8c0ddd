import { X509Certificate } from 'node:crypto';
import {
  type CertificateOptions,
  client,
  commonName,
  der,
  endpointRequest,
  evidence,
  type ProtocolFakes,
  protocolFakes,
  TestCertificate,
} from '@authority/testing/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createTokenEndpoint } from '../endpoints/token.ts';
import type { Client } from '../model/client.ts';
import { readSubject } from '../primitives/certificate.ts';
import { parseName } from '../primitives/distinguished-name.ts';

const organization = '2.5.4.10';
const subject: CertificateOptions['subject'] = [
  [['2.5.4.6', 'SE']],
  [[organization, 'Ex, Ample "AB" + Söner']],
  [
    [commonName, 'client.example.test'],
    ['0.9.2342.19200300.100.1.1', 'u7'],
  ],
];
const alternativeNames: CertificateOptions['alternativeNames'] = [
  [1, 'client@example.test'],
  [2, 'Client.Example.test'],
  [2, '*.wild.example.test'],
  [6, 'spiffe://example.test/client'],
  [7, Buffer.from([192, 0, 2, 7])],
  [7, Buffer.from('20010db8000000000000000000000007', 'hex')],
];
const certificate = new TestCertificate({ subject, alternativeNames });

function setup(changes: Partial<Client>): ProtocolFakes {
  const fakes = protocolFakes();
  fakes.clients.add(client({ token_endpoint_auth_method: 'tls_client_auth', ...changes }));
  return fakes;
}

function authenticate(fakes: ProtocolFakes, by: Uint8Array = certificate.der, verified = true, client_id = 'app') {
  const request = endpointRequest({ grant_type: 'client_credentials', client_id });
  const seen = evidence({ tls_client_certificate: by, tls_client_certificate_verified: verified });
  return createTokenEndpoint(fakes).exchange({ ...request, evidence: seen }, fakes.clock.now);
}

test('RFC 5280 §4.1: the test’s certificate is one', () => {
  expect(new X509Certificate(certificate.der).subjectAltName).toContain('URI:spiffe://example.test/client');
});

test.each([
  String.raw`CN=client.example.test+UID=u7,O=Ex\, Ample \"AB\" \+ Söner,C=SE`,
  String.raw`UID=u7+CN=client.example.test,O=Ex\2C Ample \22AB\22 \2B S\C3\B6ner,C=SE`,
  String.raw`cn = client.example.test + uid = u7, o = Ex\, Ample \"AB\" \+ Söner, c = SE`,
  String.raw`2.5.4.3=client.example.test+UID=u7,O=Ex\, Ample \"AB\" \+ Söner,2.5.4.6=#0c025345`,
])('RFC 8705 §2.1.2: %s is the subject', async (tls_client_auth_subject_dn) => {
  await expect(authenticate(setup({ tls_client_auth_subject_dn }))).resolves.toMatchObject({ token_type: 'Bearer' });
});

test.each([
  ...['', 'client.example.test', 'CN=client.example.test', 'C=SE', 'CN=client.example.test,C=SE'],
  String.raw`C=SE,O=Ex\, Ample \"AB\" \+ Söner,CN=client.example.test+UID=u7`,
  String.raw`CN=CLIENT.example.test+UID=u7,O=Ex\, Ample \"AB\" \+ Söner,C=SE`,
  String.raw`CN=client.example.test+CN=client.example.test,O=Ex\, Ample \"AB\" \+ Söner,C=SE`,
  String.raw`CN=client.example.test,UID=u7,O=Ex\, Ample \"AB\" \+ Söner,C=SE`,
  'CN=client.example.test+UID=u7,O=Ex, Ample "AB" + Söner,C=SE',
  'CN=client.example.test+UID=u7,O=*,C=SE',
  String.raw`CN=client.example.test+UID=u7,O=Ex\, Ample \"AB\" \+ Söner,C=SE,`,
])('RFC 8705 §2.1.2: %s is another subject', async (tls_client_auth_subject_dn) => {
  const refused = { error: 'invalid_client', reason: 'client_certificate_wrong' };
  await expect(authenticate(setup({ tls_client_auth_subject_dn }))).rejects.toMatchObject(refused);
});

test.each<Partial<Client>>([
  { tls_client_auth_san_dns: 'client.example.test' },
  { tls_client_auth_san_uri: 'spiffe://example.test/client' },
  { tls_client_auth_san_ip: '192.0.2.7' },
  { tls_client_auth_san_ip: '2001:DB8:0::7' },
  { tls_client_auth_san_email: 'client@example.test' },
])('RFC 8705 §2.1.2: %o is an alternative name', async (changes) => {
  await expect(authenticate(setup(changes))).resolves.toMatchObject({ token_type: 'Bearer' });
});

test.each<Partial<Client>>([
  {},
  { tls_client_auth_san_dns: 'a.wild.example.test' },
  { tls_client_auth_san_dns: 'example.test' },
  { tls_client_auth_san_uri: 'client.example.test' },
  { tls_client_auth_san_uri: 'spiffe://example.test/CLIENT' },
  { tls_client_auth_san_ip: '192.0.2.8' },
  { tls_client_auth_san_ip: '192.0.2.07' },
  { tls_client_auth_san_ip: 'x' },
  { tls_client_auth_san_email: 'Client@example.test' },
  { tls_client_auth_san_dns: 'client.example.test', tls_client_auth_san_email: 'client@example.test' },
])('RFC 8705 §2.1.2: %o is none', async (changes) => {
  await expect(authenticate(setup(changes))).rejects.toMatchObject({ error: 'invalid_client', reason: 'client_certificate_wrong' });
});

const dns = { tls_client_auth_san_dns: 'client.example.test' };

test('RFC 8705 §2.1: a certificate whose chain was not verified says nothing, whatever its subject', async () => {
  await expect(authenticate(setup(dns), certificate.der, false)).rejects.toMatchObject({ reason: 'client_certificate_wrong' });
});

test('RFC 8705 §2: without a certificate, or without client_id, nobody is authenticated', async () => {
  await expect(authenticate(setup(dns), Buffer.alloc(0))).rejects.toMatchObject({ reason: 'client_certificate_missing' });
  await expect(authenticate(setup(dns), certificate.der, true, '')).rejects.toMatchObject({
    reason: 'client_authentication_missing',
  });
});

test('RFC 6749 §2.3: beside a certificate no other method is taken, and a certificate replaces no other method', async () => {
  const fakes = setup(dns);
  const request = endpointRequest({ grant_type: 'client_credentials', client_id: 'app', client_secret: 'x' });
  const seen = evidence({ tls_client_certificate: certificate.der, tls_client_certificate_verified: true });
  const refused = createTokenEndpoint(fakes).exchange({ ...request, evidence: seen }, fakes.clock.now);
  await expect(refused).rejects.toMatchObject({ error: 'invalid_client', reason: 'client_authentication_method_wrong' });
  const basic = setup({ ...dns, token_endpoint_auth_method: 'client_secret_basic' });
  await expect(authenticate(basic)).rejects.toMatchObject({ reason: 'client_authentication_method_wrong' });
});

test('RFC 5280 §4.1: a name that holds a line break or a comma imitates no other', async () => {
  const tricks = ['x\nCN=client.example.test', 'x, CN=client.example.test', 'client.example.test\0'];
  for (const value of tricks) {
    const { der: other } = new TestCertificate({ subject: [[[commonName, value]]], alternativeNames: [[2, 'x, DNS:client.example.test']] });
    await expect(authenticate(setup({ tls_client_auth_subject_dn: 'CN=client.example.test' }), other), value).rejects.toMatchObject({
      reason: 'client_certificate_wrong',
    });
    await expect(authenticate(setup(dns), other)).rejects.toMatchObject({ reason: 'client_certificate_wrong' });
  }
});

test('RFC 5280 §4.1: names in other encodings are read, what is no text only by its bytes', () => {
  const bmp = der(0x1e, Buffer.from('Ö', 'utf16le').swap16());
  const { der: odd } = new TestCertificate({ subject: [[[commonName, bmp]], [[organization, der(0x03, Buffer.of(0, 1))]]] });
  expect(readSubject(odd)?.name.map(([attribute]) => attribute?.value)).toEqual(['Ö', '#03020001']);
});

test('RFC 5280 §4.1: whatever the bytes are, they are a certificate or none', () => {
  expect(readSubject(Buffer.concat([certificate.der, Buffer.of(0)]))).toBeUndefined();
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => readSubject(bytes) === undefined));
  const changed = fc.tuple(fc.nat(certificate.der.length - 1), fc.nat(255)).map(([at, byte]) => {
    const bytes = Buffer.from(certificate.der);
    bytes[at] = byte;
    return bytes;
  });
  fc.assert(fc.property(changed, (bytes) => typeof readSubject(bytes) !== 'string'));
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('C', 'N', '=', ',', '+', '\\', '"', '#', '0', 'a', ' ', '\0', 'ö', '\ud800') }),
      (text) => typeof parseName(text) !== 'string',
    ),
  );
});

const selfSigned = (jwks: Client['jwks'], more: Partial<Client> = {}) =>
  setup({ token_endpoint_auth_method: 'self_signed_tls_client_auth', ...(jwks && { jwks }), ...more });

test('RFC 8705 §2.2.2: a certificate for a key of the client’s is enough, signed by whomever', async () => {
  const keys = [new TestCertificate().jwk, certificate.jwk];
  await expect(authenticate(selfSigned({ keys }), certificate.der, false)).resolves.toMatchObject({ token_type: 'Bearer' });
  const x5c = [certificate.der.toString('base64')];
  await expect(authenticate(selfSigned({ keys: [{ ...certificate.jwk, x5c }] }), certificate.der, false)).resolves.toBeDefined();
});

test('RFC 8705 §2.2.2: one for another key is refused, and another one for a key that is registered with its certificate', async () => {
  const refused = { error: 'invalid_client', reason: 'client_certificate_wrong' };
  const other = new TestCertificate({ subject, alternativeNames });
  const keys = [certificate.jwk];
  await expect(authenticate(selfSigned({ keys }), other.der, true)).rejects.toMatchObject(refused);
  const x5c = [other.der.toString('base64')];
  await expect(authenticate(selfSigned({ keys: [{ ...certificate.jwk, x5c }] }))).rejects.toMatchObject(refused);
  await expect(authenticate(selfSigned({ keys: [{ ...certificate.jwk, use: 'enc' }] }))).rejects.toMatchObject(refused);
  await expect(authenticate(selfSigned({ keys }), Buffer.from('no certificate'))).rejects.toMatchObject(refused);
});

test('RFC 8705 §2.2.2: a key that was added to jwks_uri is asked for once more', async () => {
  const jwks_uri = 'https://app.example.test/jwks';
  const fakes = selfSigned(undefined, { jwks_uri });
  fakes.clientKeys.published.set(jwks_uri, { keys: [certificate.jwk] });
  await expect(authenticate(fakes, certificate.der, false)).resolves.toMatchObject({ token_type: 'Bearer' });
  expect(fakes.clientKeys.refreshes).toBe(1);
});

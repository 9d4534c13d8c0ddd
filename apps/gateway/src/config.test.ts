import { ConfigFault } from '@authority/config';
import { expect, test } from 'vitest';
import { gatewayConfig, gatewayProcessConfig } from './config.ts';

const faultsOf = (read: () => unknown): readonly string[] => {
  try {
    read();
  } catch (fault) {
    if (fault instanceof ConfigFault) return fault.faults;
    throw fault;
  }
  return [];
};

test('contract.md: the defaults serve http://localhost:8080', () => {
  const { issuer, httpListen, trustedProxies } = gatewayConfig({});
  expect({ issuer, httpListen, trustedProxies }).toEqual({
    issuer: 'http://localhost:8080',
    httpListen: { host: '127.0.0.1', port: 8080 },
    trustedProxies: [],
  });
});

test('contract.md: all faults are told at once, by name', () => {
  const faults = faultsOf(() =>
    gatewayProcessConfig({ AUTHORITY_ISSUER: 'http://login.example', AUTHORITY_TRUSTED_PROXIES: '10.0.0.0/99' }),
  );
  expect(faults.join('\n')).toMatch(/AUTHORITY_ISSUER.*AUTHORITY_TRUSTED_PROXIES.*AUTHORITY_RPC_CERT_FILE/s);
});

test('contract.md: TLS at the edge needs both its files', () => {
  const file = new URL(import.meta.url).pathname;
  expect(faultsOf(() => gatewayConfig({ AUTHORITY_TLS_CERT_FILE: file }))[0]).toContain('AUTHORITY_TLS_KEY_FILE');
  expect(faultsOf(() => gatewayConfig({ AUTHORITY_TLS_KEY_FILE: file }))[0]).toContain('AUTHORITY_TLS_CERT_FILE');
  expect(faultsOf(() => gatewayConfig({ AUTHORITY_TLS_CLIENT_CA_FILE: file }))[0]).toContain('AUTHORITY_TLS_CERT_FILE');
});

test('RFC 8705: certificates in a header need trusted proxies; the authorities are a PEM file', () => {
  const header = { AUTHORITY_CLIENT_CERTIFICATE_HEADER: 'Client-Cert' };
  expect(faultsOf(() => gatewayConfig(header))[0]).toContain('AUTHORITY_TRUSTED_PROXIES');
  expect(gatewayConfig({ ...header, AUTHORITY_TRUSTED_PROXIES: '10.0.0.0/8' }).clientCertificateHeader).toBe('client-cert');
  for (const name of ['Authorization', 'X Y', '']) {
    const faults = faultsOf(() => gatewayConfig({ AUTHORITY_CLIENT_CERTIFICATE_HEADER: name, AUTHORITY_TRUSTED_PROXIES: '10.0.0.0/8' }));
    expect(faults.join(), name).toBe(name === '' ? '' : faults.find((one) => one.startsWith('AUTHORITY_CLIENT_CERTIFICATE_HEADER')));
  }
  const file = new URL(import.meta.url).pathname;
  const faults = faultsOf(() => gatewayConfig({ ...header, AUTHORITY_TRUSTED_PROXIES: '10.0.0.0/8', AUTHORITY_TLS_CLIENT_CA_FILE: file }));
  expect(faults.join()).toContain('AUTHORITY_TLS_CLIENT_CA_FILE: holds no certificate');
});

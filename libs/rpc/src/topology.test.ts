import { expect, test } from 'vitest';
import { serviceOfCertificate } from './topology.ts';

test('house.md: a service is known by a name of its certificate, whole', () => {
  expect(serviceOfCertificate('DNS:token, DNS:token.authority.internal')).toBe('token');
  expect(serviceOfCertificate('DNS:token.authority.internal.example')).toBeUndefined();
  expect(serviceOfCertificate('URI:token.authority.internal')).toBeUndefined();
  expect(serviceOfCertificate('DNS:"a, DNS:admin.authority.internal, b"')).toBeUndefined();
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigFault } from '@authority/config';
import { afterAll, describe, expect, test } from 'vitest';
import { adminConfig } from './config.ts';

const folder = mkdtempSync(join(tmpdir(), 'admin-config-'));
const path = join(folder, 'a.pem');
writeFileSync(path, 'pem');
afterAll(() => rmSync(folder, { recursive: true }));

const complete = {
  AUTHORITY_ISSUER: 'https://as.example',
  AUTHORITY_DATABASE_URL: 'postgres://admin:secret@db/authority',
  AUTHORITY_TOKEN_ADDRESS: 'token:9000',
  AUTHORITY_SESSION_ADDRESS: 'session:9000',
  AUTHORITY_IDENTITY_ADDRESS: 'identity:9000',
  AUTHORITY_RPC_CERT_FILE: path,
  AUTHORITY_RPC_KEY_FILE: path,
  AUTHORITY_RPC_CA_FILE: path,
};
const mutualTls = { AUTHORITY_ADMIN_CERT_FILE: path, AUTHORITY_ADMIN_KEY_FILE: path, AUTHORITY_ADMIN_CLIENT_CA_FILE: path };

function faults(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    adminConfig(env);
  } catch (error) {
    if (error instanceof ConfigFault) return error.faults;
    throw error;
  }
  return [];
}

describe('contract.md: settings of the admin service', () => {
  test('contract.md: plaintext on loopback by default', () => {
    const { admin } = adminConfig(complete);
    expect(admin.listen).toEqual({ host: '127.0.0.1', port: 9090 });
    expect(admin.tls).toBeUndefined();
  });

  test.each(['0.0.0.0:9090', '[::]:9090', '10.0.0.1:9090', 'admin.example:9090', ':9090'])(
    'contract.md: %s without mutual TLS is refused, with all that is missing',
    (listen) => {
      const found = faults({ ...complete, AUTHORITY_ADMIN_LISTEN: listen });
      expect(found.map((line) => line.split(':')[0])).toEqual(Object.keys(mutualTls));
    },
  );

  test.each(['127.0.0.1:9090', '[::1]:9090', 'localhost:9090', '127.9.9.9:1'])('contract.md: %s needs no certificates', (listen) => {
    expect(faults({ ...complete, AUTHORITY_ADMIN_LISTEN: listen })).toEqual([]);
  });

  test('contract.md: with all three files any address will do; one or two of them are a fault anywhere', () => {
    expect(adminConfig({ ...complete, ...mutualTls, AUTHORITY_ADMIN_LISTEN: '0.0.0.0:9090' }).admin.tls).toBeDefined();
    const { AUTHORITY_ADMIN_CLIENT_CA_FILE: _, ...two } = mutualTls;
    expect(faults({ ...complete, ...two })).toEqual([expect.stringMatching(/^AUTHORITY_ADMIN_CLIENT_CA_FILE: is required/)]);
  });

  test('contract.md: all faults are told at once, by name, and no secret with them', () => {
    const found = faults({ AUTHORITY_DATABASE_URL: 'mysql://u:hunter2@x' });
    expect(found.join('\n')).not.toContain('hunter2');
    expect(faults({})).toContain('AUTHORITY_DATABASE_URL: is required');
    for (const name of ['AUTHORITY_TOKEN_ADDRESS', 'AUTHORITY_RPC_CERT_FILE', 'AUTHORITY_DATABASE_URL']) {
      expect(found.some((line) => line.startsWith(name))).toBe(true);
    }
  });
});

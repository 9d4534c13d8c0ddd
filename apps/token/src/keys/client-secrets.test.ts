import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { ClientSecrets } from './client-secrets.ts';
import { KeyRing } from './key-ring.ts';
import { SecretDigests } from './macs.ts';

function setup(): { secrets: ClientSecrets; ring: KeyRing } {
  const ring = new KeyRing();
  const key = (key_id: string, use: 'mac' | 'sealing', alg: string) => ({ key_id, use, alg, activateAt: 0, secret: randomBytes(32) });
  ring.replace([key('k_mac', 'mac', 'HS256'), key('k_seal', 'sealing', 'A256GCM')], []);
  return { secrets: new ClientSecrets(ring, new SecretDigests(ring)), ring };
}

const signing = { client_id: 'app', token_endpoint_auth_method: 'client_secret_jwt' };
const compared = { client_id: 'app', token_endpoint_auth_method: 'client_secret_basic' };

test('style.md 20: what must be used again is wrapped, what is only compared is a digest', () => {
  const { secrets } = setup();
  const wrapped = secrets.keep(signing, 'the secret');
  expect(wrapped).toMatchObject({ kind: 'wrapped', key_id: 'k_seal' });
  expect(JSON.stringify(wrapped)).not.toContain(Buffer.from('the secret').toString('base64url'));
  expect(secrets.open(wrapped, 'app')).toBe('the secret');
  const digest = secrets.keep(compared, 'the secret');
  expect(digest).toMatchObject({ kind: 'hmac', key_id: 'k_mac' });
  expect(secrets.open(digest, 'app')).toBeUndefined();
  for (const kept of [wrapped, digest]) {
    expect(secrets.isEqual(kept, 'app', 'the secret')).toBe(true);
    for (const other of ['', 'the secre', 'another secret']) expect(secrets.isEqual(kept, 'app', other)).toBe(false);
  }
});

test('style.md 20: a secret that was moved to another client, changed, or whose key is gone does not open', () => {
  const { secrets, ring } = setup();
  const wrapped = secrets.keep(signing, 'the secret');
  expect(secrets.open(wrapped, 'other')).toBeUndefined();
  expect(secrets.isEqual(wrapped, 'other', '')).toBe(false);
  const bytes = Buffer.from(wrapped.digest, 'base64url');
  for (const at of bytes.keys()) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(secrets.open({ ...wrapped, digest: changed.toString('base64url') }, 'app'), String(at)).toBeUndefined();
  }
  expect(secrets.open({ ...wrapped, digest: '' }, 'app')).toBeUndefined();
  expect(secrets.open({ ...wrapped, key_id: 'k_mac' }, 'app')).toBeUndefined();
  ring.replace([], ['k_seal']);
  expect(secrets.open(wrapped, 'app')).toBeUndefined();
});

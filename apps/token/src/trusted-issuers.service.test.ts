import 'reflect-metadata';
import { ListTrustedIssuersRequest, TrustedIssuer, TrustedIssuerServiceService } from '@authority/contracts/admin';
import { exportJWK, generateKeyPair } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { issuer as self, type ServiceBench, serviceBench } from './testing/service.ts';

let service: ServiceBench;
let jwks: string;
const operator = { operator: 'c_op' };
const issuers = () => service.admin.connect('token', TrustedIssuerServiceService);
const create = async (changes: Partial<TrustedIssuer>) =>
  (await issuers().createTrustedIssuer({ trusted_issuer: TrustedIssuer.fromPartial({ jwks, ...changes }) }, operator)).trusted_issuer;

beforeAll(async () => {
  service = await serviceBench();
  const { publicKey } = await generateKeyPair('ES256', { extractable: true });
  jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'one' }] });
});
afterAll(() => service.close());

test('TrustedIssuerService: created, read, listed, changed field by field, deleted; every replica follows', async () => {
  const issuer = 'https://workforce.example';
  const made = await create({ issuer, display_name: 'Workforce', scope: 'orders.read orders.read' });
  expect(made).toMatchObject({
    issuer,
    subjects: 'external',
    scope: 'orders.read',
    assertion_lifetime: 300,
    jwks: expect.stringContaining('one'),
  });
  const trusted_issuer_id = made?.trusted_issuer_id ?? '';
  expect(trusted_issuer_id).toMatch(/^ti_[\w-]{16}$/);
  expect((await issuers().getTrustedIssuer({ trusted_issuer_id })).trusted_issuer).toEqual(made);
  await expect(create({ issuer })).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  await expect.poll(() => service.stores.trustedIssuers.find(issuer), { timeout: 1000 }).toMatchObject({ scopes: ['orders.read'] });

  const list = ListTrustedIssuersRequest.create({ filter: 'issuer = "https://work*"' });
  expect((await issuers().listTrustedIssuers(list)).trusted_issuers).toEqual([made]);

  const stale = TrustedIssuer.fromPartial({ trusted_issuer_id, etag: 'x', scope: 'a' });
  await expect(issuers().updateTrustedIssuer({ trusted_issuer: stale, update_mask: ['scope'] }, operator)).rejects.toMatchObject({
    reason: 'etag_mismatch',
  });
  const change = TrustedIssuer.fromPartial({ trusted_issuer_id, scope: 'orders.write', subjects: 'local' });
  const changed = await issuers().updateTrustedIssuer({ trusted_issuer: change, update_mask: ['scope'] }, operator);
  expect(changed.trusted_issuer).toMatchObject({ scope: 'orders.write', subjects: 'external', display_name: 'Workforce' });
  await expect(issuers().updateTrustedIssuer({ trusted_issuer: change, update_mask: ['issuer'] }, operator)).rejects.toMatchObject({
    reason: 'update_mask_invalid',
  });

  await issuers().deleteTrustedIssuer({ trusted_issuer_id, etag: '' }, operator);
  await expect.poll(() => service.stores.trustedIssuers.find(issuer), { timeout: 1000 }).toBeUndefined();
  const held = { jti: `${trusted_issuer_id}.x`, sub: 's', client_id: 'c', iat: Date.now() / 1000 };
  await expect.poll(() => service.stores.revocations.isRevoked(held), { timeout: 1000 }).toBe(true);
  await expect(issuers().getTrustedIssuer({ trusted_issuer_id })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  const again = await create({ issuer });
  expect(again?.trusted_issuer_id).not.toBe(trusted_issuer_id);
});

test('TrustedIssuerService: one that is disabled ends what its assertions got; enabled again it starts anew', async () => {
  const issuer = 'https://disabled.example';
  const trusted_issuer_id = (await create({ issuer }))?.trusted_issuer_id ?? '';
  const set = (disabled: boolean) => {
    const trusted_issuer = TrustedIssuer.fromPartial({ trusted_issuer_id, disabled });
    return issuers().updateTrustedIssuer({ trusted_issuer, update_mask: ['disabled'] }, operator);
  };
  const got = (family: string) => ({ jti: `${family}.x`, sub: 's', client_id: 'c', iat: Date.now() / 1000 });
  const known = () => service.stores.trustedIssuers.find(issuer);
  expect((await set(true)).trusted_issuer).toMatchObject({ disabled: true });
  await expect.poll(known, { timeout: 1000 }).toMatchObject({ disabled: true });
  await expect.poll(() => service.stores.revocations.isRevoked(got(trusted_issuer_id)), { timeout: 1000 }).toBe(true);
  const family = known()?.tokenFamily ?? '';
  await set(true);
  await set(false);
  await expect.poll(known, { timeout: 1000 }).toMatchObject({ disabled: false, tokenFamily: family });
  expect(service.stores.revocations.isRevoked(got(trusted_issuer_id))).toBe(true);
  expect(service.stores.revocations.isRevoked(got(family))).toBe(false);
  await issuers().deleteTrustedIssuer({ trusted_issuer_id, etag: '' }, operator);
  await expect.poll(() => service.stores.revocations.isRevoked(got(family)), { timeout: 1000 }).toBe(true);
});

test.each<[Partial<TrustedIssuer>, string]>([
  [{ issuer: '' }, 'trusted_issuer.issuer'],
  [{ issuer: self }, 'trusted_issuer.issuer'],
  [{ jwks: '' }, 'trusted_issuer.jwks'],
  [{ jwks_uri: 'https://a.example/jwks' }, 'trusted_issuer.jwks'],
  [{ jwks: '', jwks_uri: 'http://a.example/jwks' }, 'trusted_issuer.jwks_uri'],
  [{ jwks: '{' }, 'trusted_issuer.jwks'],
  [{ jwks: 'null' }, 'trusted_issuer.jwks'],
  [{ jwks: '{"keys":[{"kty":"oct","k":"AAAA"}]}' }, 'trusted_issuer.jwks'],
  [{ subjects: 'everybody' }, 'trusted_issuer.subjects'],
  [{ allowed_subjects: ['a', ''] }, 'trusted_issuer.allowed_subjects[1]'],
  [{ scope: 'authority.admin' }, 'trusted_issuer.scope'],
  [{ scope: 'a"b' }, 'trusted_issuer.scope'],
  [{ assertion_lifetime: 7200 }, 'trusted_issuer.assertion_lifetime'],
])('TrustedIssuerService: %j is refused by its field', async (changes, field) => {
  await expect(create({ issuer: 'https://refused.example', ...changes })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    violations: [{ field }],
  });
});

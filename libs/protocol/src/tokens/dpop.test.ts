import { DpopKey, evidence, hash, type ProofChanges, type ProtocolFakes, protocolFakes, testIssuer } from '@authority/testing/protocol';
import fc from 'fast-check';
import { calculateJwkThumbprint } from 'jose';
import { expect, test } from 'vitest';
import { assertProof, readProof } from './dpop.ts';

const url = `${testIssuer}/oauth2/token`;
const key = new DpopKey();

/** A proof of now, by the fakes' clock, with a nonce of now. */
function proof(fakes: ProtocolFakes, { claims = {}, ...more }: ProofChanges = {}, by = key): string {
  const own = { iat: Math.floor(fakes.clock.now / 1000), nonce: fakes.dpopNonces.make(fakes.clock.now) };
  return by.proof('POST', url, { claims: { ...own, ...claims }, ...more });
}

const verify = (fakes: ProtocolFakes, dpop: string, token?: string) => assertProof(evidence({ url, dpop }), fakes, fakes.clock.now, token);

test.each(['ES256', 'EdDSA', 'RS256'] as const)('RFC 9449 §4.3: a proof by %s answers the thumbprint of its key', async (alg) => {
  const fakes = protocolFakes();
  const own = new DpopKey(alg);
  expect(await verify(fakes, proof(fakes, {}, own))).toBe(await calculateJwkThumbprint({ ...own.jwk }));
});

const shared = new DpopKey();
const { d: _, ...rest } = shared.privateKey.export({ format: 'jwk' });
test.each<[string, ProofChanges]>([
  ['without typ', { header: { typ: undefined } }],
  ['with typ JWT', { header: { typ: 'JWT' } }],
  ['that is an access token', { header: { typ: 'at+jwt' } }],
  ['with alg none', { header: { alg: 'none' } }],
  ['with alg None', { header: { alg: 'None' } }],
  ['with a symmetric alg', { header: { alg: 'HS256' } }],
  ['with a symmetric alg and key', { header: { alg: 'HS256', jwk: { kty: 'oct', k: 'AAAA' } } }],
  ['with a private key in its header', { header: { jwk: shared.privateKey.export({ format: 'jwk' }) } }],
  ['without jwk', { header: { jwk: undefined } }],
  ['with a jwk that is a list', { header: { jwk: [rest] } }],
  ['with crit', { header: { crit: ['b64'], b64: false } }],
  ['without jti', { claims: { jti: undefined } }],
  ['with an empty jti', { claims: { jti: '' } }],
  ['with a long jti', { claims: { jti: 'a'.repeat(257) } }],
  ['with a jti that is a number', { claims: { jti: 1 } }],
  ['without htm', { claims: { htm: undefined } }],
  ['without htu', { claims: { htu: undefined } }],
  ['without iat', { claims: { iat: undefined } }],
  ['with an iat of words', { claims: { iat: '1767225600' } }],
  ['with a nonce that is a list', { claims: { nonce: ['a'] } }],
  ['with an ath that is a number', { claims: { ath: 1 } }],
  ['that is long', { claims: { padding: 'a'.repeat(5000) } }],
])('RFC 9449 §4.3: a proof %s is malformed', async (_what, changes) => {
  const fakes = protocolFakes();
  const refused = { error: 'invalid_dpop_proof', reason: 'dpop_proof_malformed' };
  await expect(verify(fakes, proof(fakes, changes))).rejects.toMatchObject(refused);
  expect(fakes.replayMarks.marks.size).toBe(0);
});

test('RFC 9449 §4.3: two headers are none', async () => {
  const fakes = protocolFakes();
  const joined = `${proof(fakes)}, ${proof(fakes)}`;
  await expect(verify(fakes, joined)).rejects.toMatchObject({ reason: 'dpop_proof_malformed' });
});

test.each<[string, ProofChanges]>([
  ['method', { claims: { htm: 'GET' } }],
  ['spelling of the method', { claims: { htm: 'post' } }],
  ['host', { claims: { htu: 'https://evil.example/oauth2/token' } }],
  ['path', { claims: { htu: `${testIssuer}/oauth2/userinfo` } }],
])('RFC 9449 §4.3: a proof for another %s is refused', async (_what, changes) => {
  const fakes = protocolFakes();
  await expect(verify(fakes, proof(fakes, changes))).rejects.toMatchObject({ reason: 'dpop_proof_of_other_request' });
});

test('RFC 9449 §4.3: the signature is by the key in the header', async () => {
  const fakes = protocolFakes();
  const other = new DpopKey();
  const refused = { error: 'invalid_dpop_proof', reason: 'dpop_proof_signature_wrong' };
  await expect(verify(fakes, proof(fakes, { by: other }))).rejects.toMatchObject(refused);
  await expect(verify(fakes, proof(fakes, { header: { alg: 'ES384' } }))).rejects.toMatchObject(refused);
  await expect(verify(fakes, proof(fakes, { header: { alg: 'RS256' } }))).rejects.toMatchObject(refused);
  const [head, payload] = proof(fakes).split('.');
  await expect(verify(fakes, `${head}.${payload}.AAAA`)).rejects.toMatchObject(refused);
  expect(fakes.replayMarks.marks.size).toBe(0);
});

test('RFC 9449 §11.1: a proof is used once, on all replicas', async () => {
  const fakes = protocolFakes();
  const once = proof(fakes);
  const outcomes = await Promise.allSettled([verify(fakes, once), verify(fakes, once), verify(fakes, once)]);
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  await expect(verify(fakes, once)).rejects.toMatchObject({ error: 'invalid_dpop_proof', reason: 'dpop_proof_replayed' });
  // The mark stays as long as the proof would pass.
  fakes.clock.advance(299_000);
  await expect(verify(fakes, once)).rejects.toMatchObject({ reason: 'dpop_proof_replayed' });
  expect(Math.min(...fakes.replayMarks.marks.values())).toBeGreaterThan(fakes.clock.now);
});

test('RFC 9449 §11.1: the same jti by another key is another proof', async () => {
  const fakes = protocolFakes();
  const changes = { claims: { jti: 'the same' } };
  await verify(fakes, proof(fakes, changes));
  expect(await verify(fakes, proof(fakes, changes, shared))).toBe(shared.jkt);
});

test('RFC 9449 §8: without a nonce the server asks for one, and gives it', async () => {
  const fakes = protocolFakes();
  const asked = { error: 'use_dpop_nonce', dpopNonce: fakes.dpopNonces.make(fakes.clock.now) };
  await expect(verify(fakes, proof(fakes, { claims: { nonce: undefined } }))).rejects.toMatchObject({
    ...asked,
    reason: 'dpop_nonce_missing',
  });
  for (const nonce of ['', 'made up', 'nonce-x', `nonce-${fakes.clock.now - 300_000}`, `nonce-${fakes.clock.now + 31_000}`]) {
    await expect(verify(fakes, proof(fakes, { claims: { nonce } }))).rejects.toMatchObject({ ...asked, reason: 'dpop_nonce_invalid' });
  }
  expect(fakes.replayMarks.marks.size).toBe(0);
});

test('RFC 9449 §4.3: with a nonce the time is the server’s, and a clock that is wrong does not matter', async () => {
  const fakes = protocolFakes();
  expect(await verify(fakes, proof(fakes, { claims: { iat: 0 } }))).toBe(key.jkt);
});

test('RFC 9449 §11.1: where nonces are optional a proof is a minute old at most', async () => {
  const fakes = protocolFakes();
  fakes.policy.nonceRequired = false;
  const aged = (seconds: number) => {
    const iat = Math.floor(fakes.clock.now / 1000) - seconds;
    return verify(fakes, proof(fakes, { claims: { nonce: undefined, iat } }));
  };
  expect(await aged(0)).toBe(key.jkt);
  expect(await aged(59)).toBe(key.jkt);
  expect(await aged(-30)).toBe(key.jkt);
  for (const seconds of [60, 3600, -31, Number.NaN]) {
    await expect(aged(seconds), String(seconds)).rejects.toMatchObject({ error: 'invalid_dpop_proof' });
  }
  await expect(verify(fakes, proof(fakes, { claims: { nonce: 'made up' } }))).rejects.toMatchObject({ error: 'use_dpop_nonce' });
});

test('house.md, epochs: a proof that may have been used before the store was lost needs a new nonce', async () => {
  const fakes = protocolFakes();
  const before = proof(fakes);
  fakes.clock.advance(1000);
  fakes.replayMarks.epoch = fakes.clock.now;
  const refused = { error: 'use_dpop_nonce', reason: 'dpop_proof_before_epoch' };
  await expect(verify(fakes, before)).rejects.toMatchObject(refused);
  expect(await verify(fakes, proof(fakes))).toBe(key.jkt);
  // A client's clock may be fast: its proof of now may be older than it says.
  fakes.policy.nonceRequired = false;
  await expect(verify(fakes, proof(fakes, { claims: { nonce: undefined } }))).rejects.toMatchObject(refused);
  fakes.clock.advance(31_000);
  expect(await verify(fakes, proof(fakes, { claims: { nonce: undefined } }))).toBe(key.jkt);
});

test('house.md, epochs: a store that is lost while the mark is made lets no used proof in', async () => {
  const fakes = protocolFakes();
  fakes.replayMarks.markOnce = async () => {
    fakes.replayMarks.epoch = fakes.clock.now + 1;
    return true;
  };
  await expect(verify(fakes, proof(fakes))).rejects.toMatchObject({ reason: 'dpop_proof_before_epoch' });
});

test('RFC 9449 §7: at a protected resource the proof names the token', async () => {
  const fakes = protocolFakes();
  expect(await verify(fakes, proof(fakes, { claims: { ath: hash('a token') } }), 'a token')).toBe(key.jkt);
  for (const ath of [undefined, '', hash('another token'), 'a token']) {
    const refused = { error: 'invalid_dpop_proof', reason: 'dpop_proof_of_other_token' };
    await expect(verify(fakes, proof(fakes, { claims: { ath } }), 'a token')).rejects.toMatchObject(refused);
  }
});

test('RFC 9449 §4.3: whatever the header holds, it is a proof or none', async () => {
  const part = fc.oneof(fc.json(), fc.string()).map((text) => Buffer.from(text).toString('base64url'));
  const jwts = fc.tuple(part, part, part).map((parts) => parts.join('.'));
  fc.assert(fc.property(fc.oneof(fc.string(), jwts), (text) => readProof(text) === undefined));
  const members = fc.dictionary(fc.constantFrom('typ', 'alg', 'jwk', 'jti', 'htm', 'htu', 'iat', 'nonce', 'ath', 'crit'), fc.jsonValue());
  const fakes = protocolFakes();
  await fc.assert(
    fc.asyncProperty(members, members, async (header, claims) => {
      const outcome = await verify(fakes, proof(fakes, { header, claims })).catch((error: unknown) => error);
      return typeof outcome === 'string' || (outcome instanceof Error && outcome.name === 'OAuthError');
    }),
  );
});

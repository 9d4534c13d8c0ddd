import { OAuthError } from '@authority/errors';
import { client, protocolFakes, testIssuer } from '@authority/testing/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { verifyAssertion } from './assertion.ts';

const iss = 'https://workforce.example.test';
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value) ?? '').toString('base64url');

function attempt(jws: string): Promise<unknown> {
  const fakes = protocolFakes();
  const trusted = {
    trusted_issuer_id: 'ti_one',
    tokenFamily: 'ti_one',
    issuer: iss,
    subjects: 'external',
    allowedSubjects: [],
    scopes: [],
    assertionLifetime: 300,
    disabled: false,
  } as const;
  fakes.trustedIssuers.all.set(iss, { ...trusted, jwks: { keys: [{ kty: 'EC' }, { kty: 'RSA', n: 1 }, {}] } });
  return verifyAssertion(jws, client({ jwtBearerIssuers: [iss] }), fakes, fakes.clock.now);
}

test('RFC 7523 §3.1: whatever is sent as an assertion is refused as one, never a fault', async () => {
  const refuses = async (jws: string): Promise<void> => {
    expect(await attempt(jws).catch((error: unknown) => error)).toBeInstanceOf(OAuthError);
  };
  await fc.assert(fc.asyncProperty(fc.string({ unit: 'binary-ascii', maxLength: 200 }), refuses));
  const dotted = fc.array(fc.base64String(), { maxLength: 6 }).map((parts) => parts.join('.'));
  await fc.assert(fc.asyncProperty(dotted, refuses));
});

test('RFC 7523 §3.1: nor is any header, or any claim', async () => {
  const header = fc.record(
    { alg: fc.oneof(fc.constantFrom('ES256', 'RS256', 'none', 'HS256'), fc.jsonValue()), typ: fc.jsonValue(), kid: fc.jsonValue() },
    { requiredKeys: [] },
  );
  const claims = fc.record(
    {
      iss: fc.oneof(fc.constant(iss), fc.jsonValue()),
      sub: fc.oneof(fc.constant('ada'), fc.string({ unit: 'binary-ascii' }), fc.jsonValue()),
      aud: fc.oneof(fc.constant(testIssuer), fc.jsonValue()),
      jti: fc.oneof(fc.constant('one'), fc.jsonValue()),
      exp: fc.oneof(fc.constant(1_767_225_660), fc.double(), fc.jsonValue()),
      iat: fc.jsonValue(),
      nbf: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(header, claims, async (first, second) => {
      const refused = await attempt(`${encode(first)}.${encode(second)}.AAAA`).catch((error: unknown) => error);
      expect(refused).toMatchObject({ error: 'invalid_grant' });
    }),
    { numRuns: 500 },
  );
});

import { StatusError } from '@authority/errors';
import { describe, expect, test } from 'vitest';
import { authenticate, type AuthenticationPorts, type Credentials } from './authenticate.ts';

const issuer = 'https://as.example/tenant';
const operatorToken = {
  active: true,
  client_id: 'c_operator',
  sub: 'c_operator',
  aud: `${issuer}/admin`,
  scope: 'authority.admin',
  token_type: 'Bearer',
};

function ports(facts: Record<string, unknown>, asked: string[] = []): AuthenticationPorts {
  return {
    issuer,
    introspect: async (token) => {
      asked.push(token);
      return facts;
    },
    isService: ({ subjectAltName }) => subjectAltName.includes('authority.internal'),
  };
}

const withToken: Credentials = { authorization: ['Bearer at.1'] };
const certificate = { commonName: 'alice', subjectAltName: 'email:alice@ops.example' };

async function refused(credentials: Credentials, facts: Record<string, unknown> = operatorToken): Promise<StatusError> {
  const error: unknown = await authenticate(credentials, ports(facts)).catch((caught: unknown) => caught);
  if (error instanceof StatusError) return error;
  throw new Error(`was not refused: ${JSON.stringify(error)}`);
}

describe('RFC 6750 §2.1: operators by token', () => {
  test('RFC 7662 §2.2: an active token of an operator client opens the door under its client id', async () => {
    const asked: string[] = [];
    const operator = await authenticate(withToken, ports({ ...operatorToken, aud: ['x', `${issuer}/admin`] }, asked));
    expect(operator.name).toBe('c_operator');
    expect([...operator.scopes]).toEqual(['authority.admin']);
    expect(asked).toEqual(['at.1']);
  });

  test('RFC 7662 §4: nothing is remembered; a token revoked after its first use is refused at once', async () => {
    const facts: Record<string, unknown> = { ...operatorToken };
    const same = ports(facts);
    await authenticate(withToken, same);
    facts.active = false;
    await expect(authenticate(withToken, same)).rejects.toMatchObject({ code: 'UNAUTHENTICATED', reason: 'token_revoked' });
  });

  test.each<[string, string[], string]>([
    ['no token', [], 'token_missing'],
    ['two tokens', ['Bearer a', 'Bearer b'], 'token_repeated'],
    ['an empty value', [''], 'token_malformed'],
    ['another scheme', ['Basic YTpi'], 'token_malformed'],
    ['the scheme alone', ['Bearer '], 'token_malformed'],
    ['two values in one', ['Bearer a, Bearer b'], 'token_malformed'],
    ['a token with a line break', ['Bearer a\nb'], 'token_malformed'],
    ['an endless token', [`Bearer ${'a'.repeat(20_000)}`], 'token_malformed'],
  ])('RFC 6750 §2.1: %s is UNAUTHENTICATED and asks nobody', async (_, authorization, reason) => {
    const asked: string[] = [];
    await expect(authenticate({ authorization }, ports(operatorToken, asked))).rejects.toMatchObject({ code: 'UNAUTHENTICATED', reason });
    expect(asked).toEqual([]);
  });

  test.each<[string, Record<string, unknown>, string]>([
    ['an expired or revoked token', { active: false }, 'token_revoked'],
    ['a token that is active only in name', { active: 'true' }, 'token_revoked'],
    ['a token for another audience', { aud: issuer }, 'token_audience_wrong'],
    ['a token for an audience that begins alike', { aud: `${issuer}/admin/x` }, 'token_audience_wrong'],
    ['a token without audience', { aud: undefined }, 'token_audience_wrong'],
    ['a token for another server', { aud: 'https://as.example/admin' }, 'token_audience_wrong'],
    ['a refresh token', { token_type: 'refresh_token' }, 'token_kind_wrong'],
    ['a DPoP token sent as Bearer', { token_type: 'DPoP' }, 'token_kind_wrong'],
    ['a token bound to a key', { cnf: { jkt: 'x' } }, 'token_kind_wrong'],
    ["a person's token that carries the scope", { sub: '01890000-0000-7000-8000-000000000000' }, 'operator_not_allowed'],
    ['a token without client', { client_id: undefined, sub: undefined }, 'operator_not_allowed'],
    ['a client whose name would break a log line', { client_id: 'a\nb', sub: 'a\nb' }, 'operator_not_allowed'],
  ])('RFC 7662 §2.2: %s is UNAUTHENTICATED, with one text for all of them', async (_, change, reason) => {
    const error = await refused(withToken, { ...operatorToken, ...change });
    expect(error).toMatchObject({ code: 'UNAUTHENTICATED', reason });
    expect(error.message).toBe('authorization: the token is not accepted here; get a new one for this server');
  });

  test.each<[string, Record<string, unknown>]>([
    ["an ordinary client's token", { client_id: 'c_shop', sub: 'c_shop', scope: 'orders' }],
    ['a token without scope', { scope: undefined }],
    ['a scope that begins alike', { scope: 'authority.administrator xauthority.admin authority.admin,' }],
    ['the scope as a list', { scope: ['authority.admin'] }],
    ["the scope in a person's name only", { scope: 'openid', username: 'authority.admin', name: 'authority.admin' }],
    [
      "the scope in a client's name only",
      { scope: 'openid', client_name: 'authority.admin', client_id: 'authority.admin', sub: 'authority.admin' },
    ],
  ])('RFC 6750 §3.1: %s is PERMISSION_DENIED', async (_, change) => {
    expect(await refused(withToken, { ...operatorToken, ...change })).toMatchObject({
      code: 'PERMISSION_DENIED',
      reason: 'token_scope_insufficient',
    });
  });

  test('RFC 7662 §2.3: when the token service cannot say, nobody gets in', async () => {
    const away = { ...ports(operatorToken), introspect: () => Promise.reject(new StatusError('UNAVAILABLE', 'peer_unavailable')) };
    await expect(authenticate(withToken, away)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});

describe('RFC 8705 §2: operators by certificate', () => {
  test('contract.md: a client certificate opens the door under its common name, with every right', async () => {
    const operator = await authenticate({ authorization: [], certificate }, ports({}));
    expect(operator.name).toBe('certificate:alice');
    expect(operator.scopes.has('authority.admin')).toBe(true);
  });

  test('house.md: the certificate of a service is no operator, even where one authority signs both', async () => {
    const gateway = { commonName: 'gateway', subjectAltName: 'DNS:gateway.authority.internal' };
    expect(await refused({ authorization: [], certificate: gateway })).toMatchObject({ reason: 'operator_not_allowed' });
  });

  test.each(['', 'a b', 'ä', 'x'.repeat(200)])('house.md: a certificate with the common name %j names no operator', async (commonName) => {
    expect(await refused({ authorization: [], certificate: { ...certificate, commonName } })).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('RFC 6750 §2.1: a wrong token is refused although the certificate would do', async () => {
    expect(await refused({ ...withToken, certificate }, { active: false })).toMatchObject({ reason: 'token_revoked' });
  });
});

import { Resource, ResourceServiceService } from '@authority/contracts/admin';
import {
  type CreatedClient,
  Operator,
  Person,
  post,
  RelyingParty,
  request,
  startOneProcess,
  type Suite,
  tokensOf,
} from '@authority/testing/suite';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const api = 'https://api.example';
let suite: Suite;
let operator: Operator;
let machine: CreatedClient;
let party: RelyingParty;
let person: Person;

beforeAll(async () => {
  suite = await startOneProcess();
  operator = new Operator(suite);
  machine = await operator.createClient({ grant_types: ['client_credentials'], scope: 'a b', allowed_resources: [api] });
  await operator.call(ResourceServiceService.createResource, { resource: Resource.fromPartial({ resource: api }) });
  party = new RelyingParty(
    suite.issuer,
    await operator.createClient({ redirect_uris: ['http://127.0.0.1:9/callback'], scope: 'openid email' }),
    'openid email',
  );
  person = new Person(suite.issuer, 'jwt@example.com', 'violet tractor hums 42 lullabies');
  await person.register();
});
afterAll(async () => {
  operator?.close();
  await suite?.stop();
});

async function mint(form: Readonly<Record<string, string>> = {}): Promise<string> {
  return tokensOf(await post(`${suite.issuer}/oauth2/token`, { grant_type: 'client_credentials', ...form }, machine)).access_token;
}

const verify = (token: string, audience: string) =>
  jwtVerify(token, createRemoteJWKSet(new URL(`${suite.issuer}/.well-known/jwks.json`)), { typ: 'at+jwt', issuer: suite.issuer, audience });

const change = (changes: Partial<Resource>) =>
  operator.call(ResourceServiceService.updateResource, {
    resource: Resource.fromPartial({ ...changes, resource: api }),
    update_mask: Object.keys(changes),
  });

test('RFC 9068 §2.1, §2.2: a JWT of type at+jwt with every claim that is demanded; a client is its own subject', async () => {
  const { payload, protectedHeader } = await verify(await mint({ resource: api, scope: 'a' }), api);
  expect(protectedHeader).toMatchObject({ alg: 'ES256', typ: 'at+jwt', kid: expect.any(String) });
  const { client_id } = machine;
  expect(payload).toMatchObject({ iss: suite.issuer, aud: api, sub: client_id, client_id, scope: 'a', jti: expect.any(String) });
  expect(Number(payload.exp) - Number(payload.iat)).toBe(300);
});

test('RFC 9068 §2.2.1, §2.2.3: of a person’s sign-in it says when and how', async () => {
  const { access_token } = await party.tokens(person);
  const claims = decodeJwt(access_token);
  expect(claims).toMatchObject({ scope: 'openid email', auth_time: expect.any(Number), acr: expect.any(String), amr: ['pwd'] });
  expect(claims.sub).not.toBe(party.client.client_id);
});

test('RFC 9068 §3: without a resource the audience is this server', async () => {
  expect(decodeJwt(await mint()).aud).toBe(suite.issuer);
});

test('RFC 9068 §4, RFC 8725 §3.11: an ID Token is no access token here', async () => {
  const { id_token } = await party.tokens(person);
  const answer = await request(`${suite.issuer}/oauth2/userinfo`, { headers: { authorization: `Bearer ${id_token}` } });
  expect(answer.status).toBe(401);
  expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
});

describe('a resource says what its tokens are like', () => {
  test.each(['RS256', 'EdDSA', 'ES256'])('RFC 9068 §2.1: signed by %s', async (alg) => {
    await change({ access_token_signing_alg: alg });
    const token = await mint({ resource: api });
    expect(decodeProtectedHeader(token).alg).toBe(alg);
    await verify(token, api);
  });

  test('house.md: its life, a day at most', async () => {
    await change({ access_token_lifetime: 86_400 });
    const { iat, exp } = decodeJwt(await mint({ resource: api }));
    expect(Number(exp) - Number(iat)).toBe(86_400);
    await expect(change({ access_token_lifetime: 86_401 })).rejects.toThrow('at most 86400');
  });
});

import { type CreatedClient, Operator, Person, RelyingParty, request, startOneProcess, type Suite } from '@authority/testing/suite';
import { createLocalJWKSet, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose';

export const email = 'ada@example.com';
const password = 'violet tractor hums 42 lullabies';
const strangers = 'mallory@example.com';

export const implicitTypes = ['id_token', 'token', 'id_token token'];
export const hybridTypes = ['code id_token', 'code token', 'code id_token token'];

/** A server, two people, and clients as a test wants them. */
export interface World {
  readonly suite: Suite;
  readonly operator: Operator;
  readonly sub: string;
  /** The same person in a browser of their own. */
  ada(): Person;
  mallory(): Person;
  /** A confidential client with every response type; change what it is about. */
  client(changes?: Parameters<Operator['createClient']>[0]): Promise<CreatedClient>;
  party(client: CreatedClient, scope?: string): RelyingParty;
  verify(id_token: string | undefined, client: CreatedClient): Promise<JWTPayload>;
  stop(): Promise<void>;
}

export async function startWorld(env: Readonly<Record<string, string>> = {}): Promise<World> {
  const suite = await startOneProcess({ env });
  const operator = new Operator(suite);
  const { sub } = await operator.createIdentity({ email, password, name: 'Ada Lovelace' });
  await operator.createIdentity({ email: strangers, password });
  const jwks = (await request(`${suite.issuer}/.well-known/jwks.json`)).json() as unknown as JSONWebKeySet; // JWKs by RFC 7517
  const keys = createLocalJWKSet(jwks);
  return {
    ...{ suite, operator, sub },
    ada: () => new Person(suite.issuer, email, password),
    mallory: () => new Person(suite.issuer, strangers, password),
    client: (changes = {}) =>
      operator.createClient({
        redirect_uris: ['https://rp.example/callback'],
        grant_types: ['authorization_code', 'implicit', 'refresh_token'],
        response_types: ['code', ...implicitTypes, ...hybridTypes],
        scope: 'openid profile email address phone offline_access',
        ...changes,
      }),
    party: (client, scope = 'openid email') => new RelyingParty(suite.issuer, client, scope),
    async verify(id_token, client) {
      const options = { issuer: suite.issuer, audience: client.client_id, typ: 'JWT' };
      return (await jwtVerify(id_token ?? '', keys, options)).payload;
    },
    async stop() {
      operator.close();
      await suite.stop();
    },
  };
}

import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { TrustedIssuer, TrustedIssuerServiceService } from '@authority/contracts/admin';
import {
  type Answer,
  bearer,
  type CreatedClient,
  Operator,
  Person,
  post,
  RelyingParty,
  type Suite,
  type Tokens,
} from '@authority/testing/suite';
import { es256, type Forgery, jws } from './forge.ts';
import type { Trap } from './trap.ts';

/** Where this server takes a JWT from somebody. */
export interface Door {
  readonly name: string;
  send(jwt: string): Promise<Answer>;
  /** What would be accepted; made anew each time, as some are good once. */
  good(): string;
  forgery(): Forgery;
  accepted(answer: Answer): boolean;
}

export interface Doors {
  readonly operator: Operator;
  readonly person: Person;
  readonly party: RelyingParty;
  readonly tokens: Tokens;
  /** Those where the right key is the sender's. */
  readonly theirs: readonly Door[];
  /** Those where the right key is this server's. */
  readonly ours: readonly Door[];
}

const urn = 'urn:ietf:params:oauth';
const exchange = `${urn}:grant-type:token-exchange`;
const bearerGrant = `${urn}:grant-type:jwt-bearer`;
const foreign = 'https://workforce.example';

/** A client and an issuer with one key of their own, a person who signed in, and every door to try. */
export async function openDoors(suite: Suite, trap: Trap, attacker: KeyObject): Promise<Doors> {
  const operator = new Operator(suite);
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const jwks = JSON.stringify({ keys: [{ ...publicJwk(key), kid: 'one', use: 'sig' }] });
  const trusted_issuer = TrustedIssuer.fromPartial({ issuer: foreign, jwks, scope: 'orders.read', assertion_lifetime: 3600 });
  await operator.call(TrustedIssuerServiceService.createTrustedIssuer, { trusted_issuer });
  const [signs, brings, pushes] = [
    await operator.createClient({ grant_types: ['client_credentials'], token_endpoint_auth_method: 'private_key_jwt', jwks }),
    await operator.createClient({
      ...{ grant_types: [bearerGrant, exchange, 'client_credentials'], scope: 'orders.read', jwt_bearer_issuers: [foreign] },
      ...{ token_exchange_subjects: 'own', token_exchange_impersonation: true },
    }),
    await operator.createClient({ redirect_uris: ['https://app.example/cb'], grant_types: ['authorization_code'], scope: 'openid', jwks }),
  ];
  const web = await operator.createClient({ redirect_uris: ['https://web.example/cb'], scope: 'openid email', consent_skipped: true });
  const person = new Person(suite.issuer, `${randomUUID()}@example.com`, 'correct horse battery staple');
  await operator.createIdentity({ email: person.email, password: person.password });
  const party = new RelyingParty(suite.issuer, web, 'openid email');
  const tokens = await party.tokens(person);
  const published = await publishedKeys(suite.issuer);
  const common = { published: [createPublicKey(key)], key, attacker, attackerJwk: publicJwk(attacker), trap: `${trap.url}/jwks` };
  const own = { published, key: undefined, attacker, attackerJwk: publicJwk(attacker), trap: `${trap.url}/jwks` };
  const ids = { signs, brings, pushes };
  return {
    operator,
    person,
    party,
    tokens,
    theirs: theirDoors(suite.issuer, ids, common),
    ours: ourDoors(suite.issuer, { web, person, party, tokens }, own),
  };
}

type Clients = Readonly<Record<'signs' | 'brings' | 'pushes', CreatedClient>>;
type Common = Omit<Forgery, 'header' | 'claims'>;

function theirDoors(issuer: string, { signs, brings, pushes }: Clients, common: Common & { key: KeyObject }): Door[] {
  const token = `${issuer}/oauth2/token`;
  const header = { alg: 'ES256', kid: 'one' };
  const times = () => ({ jti: randomUUID(), iat: Math.floor(Date.now() / 1000), exp: Math.floor(Date.now() / 1000) + 60, aud: issuer });
  const door = (name: string, claims: () => Record<string, unknown>, send: Door['send'], member: string): Door => ({
    name,
    send,
    good: () => jws(header, claims(), es256(common.key)),
    forgery: () => ({ ...common, header, claims: claims() }),
    accepted: ({ status, text }) => status < 300 && text.includes(member),
  });
  const assertion = () => ({ ...times(), iss: foreign, sub: 'ada' });
  const { client_id } = pushes;
  const request = {
    response_type: 'code',
    redirect_uri: 'https://app.example/cb',
    scope: 'openid',
    code_challenge: 'x'.repeat(43),
    code_challenge_method: 'S256',
  };
  return [
    door(
      'a client assertion (RFC 7523 §2.2)',
      () => ({ ...times(), iss: signs.client_id, sub: signs.client_id }),
      (client_assertion) =>
        post(token, {
          grant_type: 'client_credentials',
          client_assertion_type: `${urn}:client-assertion-type:jwt-bearer`,
          client_assertion,
        }),
      'access_token',
    ),
    door(
      'an assertion (RFC 7523 §2.1)',
      assertion,
      (jwt) => post(token, { grant_type: bearerGrant, assertion: jwt }, brings),
      'access_token',
    ),
    door(
      'a subject token (RFC 8693)',
      assertion,
      (subject_token) => post(token, { grant_type: exchange, subject_token, subject_token_type: `${urn}:token-type:jwt` }, brings),
      'access_token',
    ),
    door(
      'a request object (RFC 9101)',
      () => ({ ...times(), ...request, iss: client_id, client_id }),
      (jwt) => post(`${issuer}/oauth2/par`, { request: jwt }, pushes),
      'request_uri',
    ),
  ];
}

interface Signed {
  web: CreatedClient;
  person: Person;
  party: RelyingParty;
  tokens: Tokens;
}

function ourDoors(issuer: string, { web, person, party, tokens }: Signed, common: Common): Door[] {
  const door = (name: string, token: string, send: Door['send'], accepted: Door['accepted']): Door => {
    const [header, claims] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString());
    return {
      name,
      send,
      accepted,
      good: () => token,
      forgery: () => ({ ...common, header: JSON.parse(header ?? ''), claims: JSON.parse(claims ?? '') }),
    };
  };
  const hinted = async (id_token_hint: string): Promise<Answer> => {
    const headers = { cookie: person.cookies };
    const response = await fetch(party.begin({ prompt: 'none', id_token_hint }).url, { headers, redirect: 'manual' });
    const text = `${response.headers.get('location') ?? ''}${await response.text()}`;
    return { status: response.status, headers: response.headers, text, json: () => ({}) };
  };
  return [
    door(
      'an access token at UserInfo',
      tokens.access_token,
      (token) => bearer(`${issuer}/oauth2/userinfo`, token),
      ({ status }) => status === 200,
    ),
    door(
      'an access token at introspection',
      tokens.access_token,
      (token) => post(`${issuer}/oauth2/introspect`, { token }, web),
      ({ text }) => text.includes('"active":true'),
    ),
    door('an id_token_hint', tokens.id_token, hinted, ({ text }) => text.includes('code=')),
  ];
}

export function publicJwk(key: KeyObject) {
  return createPublicKey(createPrivateKey(key.export({ format: 'pem', type: 'pkcs8' }))).export({ format: 'jwk' });
}

async function publishedKeys(issuer: string): Promise<KeyObject[]> {
  const response = await fetch(`${issuer}/.well-known/jwks.json`);
  const { keys } = (await response.json()) as { keys: Record<string, string>[] }; // RFC 7517 §5
  return keys.map((jwk) => createPublicKey({ key: jwk, format: 'jwk' }));
}

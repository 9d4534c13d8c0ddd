// The peer to measure against: oidc-provider with ES256 and a Redis adapter in the shape of its published example (one key a
// record, sets for what is revoked together), written for this benchmark. Arguments: port, Redis URL, `rotate` or `keep`.
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { Redis } from 'ioredis';
import Provider, { type Adapter, type AdapterPayload, type Configuration } from 'oidc-provider';

const [port = '', redisUrl = '', rotation = 'rotate'] = process.argv.slice(2);
const issuer = `http://localhost:${port}`;
const redis = new Redis(redisUrl, { keyPrefix: `peer:${rotation}:` });
const grantable = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken', 'DeviceCode', 'BackchannelAuthenticationRequest']);

class RedisAdapter implements Adapter {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  async upsert(id: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
    const key = this.#key(id);
    const multi = redis.multi();
    if (this.#name === 'AuthorizationCode' || this.#name === 'RefreshToken') multi.hset(key, { payload: JSON.stringify(payload) });
    else multi.set(key, JSON.stringify(payload));
    if (expiresIn) multi.expire(key, expiresIn);
    if (grantable.has(this.#name) && payload.grantId) {
      const grant = `grant:${payload.grantId}`;
      multi.rpush(grant, key);
      multi.expire(grant, 1_209_600);
    }
    if (payload.uid) multi.set(`uid:${payload.uid}`, id, 'EX', Math.max(1, expiresIn || 1));
    if (payload.userCode) multi.set(`userCode:${payload.userCode}`, id, 'EX', Math.max(1, expiresIn || 1));
    await multi.exec();
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    const key = this.#key(id);
    if (this.#name === 'AuthorizationCode' || this.#name === 'RefreshToken') {
      const { payload, ...rest } = await redis.hgetall(key);
      return payload === undefined ? undefined : { ...rest, ...JSON.parse(payload) };
    }
    const value = await redis.get(key);
    return value === null ? undefined : JSON.parse(value);
  }

  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    const id = await redis.get(`uid:${uid}`);
    return id === null ? undefined : this.find(id);
  }

  async findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
    const id = await redis.get(`userCode:${userCode}`);
    return id === null ? undefined : this.find(id);
  }

  async consume(id: string): Promise<void> {
    await redis.hset(this.#key(id), 'consumed', Math.floor(Date.now() / 1000));
  }

  async destroy(id: string): Promise<void> {
    await redis.del(this.#key(id));
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    const grant = `grant:${grantId}`;
    const keys = await redis.lrange(grant, 0, -1);
    await redis.del(grant, ...keys);
  }

  #key(id: string): string {
    return `${this.#name}:${id}`;
  }
}

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwk = createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' })).export({ format: 'jwk' });
const secret = 'a-secret-of-the-benchmark-0123456789abcdef';
// In its store, as ours are in ours: a client can be changed while the server runs.
const clients: readonly (AdapterPayload & { client_id: string })[] = [
  {
    client_id: 'machine',
    client_secret: secret,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    id_token_signed_response_alg: 'ES256',
  },
  {
    client_id: 'app',
    client_secret: secret,
    grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    redirect_uris: ['http://127.0.0.1:9/callback'],
    response_types: ['code'],
    id_token_signed_response_alg: 'ES256',
    scope: 'openid profile email offline_access',
  },
];
const configuration: Configuration = {
  adapter: RedisAdapter,
  jwks: { keys: [{ ...jwk, alg: 'ES256', use: 'sig' }] },
  cookies: { keys: ['benchmark-cookie-key'] },
  clientDefaults: { id_token_signed_response_alg: 'ES256' },
  pkce: { required: () => true },
  claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'] },
  rotateRefreshToken: rotation === 'rotate',
  issueRefreshToken: async () => true,
  features: {
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    pushedAuthorizationRequests: { enabled: true },
    deviceFlow: { enabled: true },
    revocation: { enabled: true },
    dPoP: { enabled: true },
    devInteractions: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: async (context) => (context.oidc.params?.['grant_type'] === 'client_credentials' ? 'urn:benchmark' : []),
      getResourceServerInfo: async () => ({
        scope: 'read',
        audience: 'urn:benchmark',
        accessTokenTTL: 300,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
  findAccount: async (_context, id) => ({
    accountId: id,
    claims: async () => ({ sub: id, name: 'Bench Person', email: 'bench@example.com', email_verified: true }),
  }),
  ttl: {
    AccessToken: 300,
    AuthorizationCode: 600,
    IdToken: 3600,
    RefreshToken: 1_209_600,
    Session: 1_209_600,
    Grant: 1_209_600,
    Interaction: 3600,
    ClientCredentials: 300,
    DeviceCode: 600,
  },
};
for (const client of clients) await new RedisAdapter('Client').upsert(client.client_id, client, 0);
const provider = new Provider(issuer, configuration);
provider.on('server_error', (_context, error) => process.stderr.write(`${error.stack}\n`));
provider.listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'));

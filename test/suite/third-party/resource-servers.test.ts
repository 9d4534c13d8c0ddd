import { createPublicKey } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { Resource, ResourceServiceService } from '@authority/contracts/admin';
import { type CreatedClient, freePorts, Operator, post, request, startOneProcess, type Suite, tokensOf } from '@authority/testing/suite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Program } from './program.ts';

const [api, opaqueApi] = ['https://orders.example', 'https://secret.example'];
let suite: Suite;
let operator: Operator;
let machine: CreatedClient;
let introspecting: CreatedClient;

beforeAll(async () => {
  suite = await startOneProcess();
  operator = new Operator(suite);
  for (const resource of [{ resource: api }, { resource: opaqueApi, access_token_format: 'opaque' }]) {
    const described = Resource.fromPartial({ ...resource, allowed_clients: ['*'] });
    await operator.call(ResourceServiceService.createResource, { resource: described });
  }
  machine = await operator.createClient({ grant_types: ['client_credentials'], scope: 'orders.read orders.write' });
  introspecting = await operator.createClient({ grant_types: ['client_credentials'], resource_identifier: opaqueApi });
});
afterAll(async () => {
  operator?.close();
  await suite?.stop();
});

const mint = async (resource: string, scope = 'orders.read'): Promise<string> =>
  tokensOf(await post(`${suite.issuer}/oauth2/token`, { grant_type: 'client_credentials', resource, scope }, machine)).access_token;

/** What must be refused by whoever verifies tokens for `api`. */
const refused: readonly (readonly [string, () => Promise<string>])[] = [
  ['RFC 9068 §4: a token for another resource', () => mint(suite.issuer)],
  ['RFC 6750 §3.1: a token without the scope', () => mint(api, 'orders.write')],
  ['RFC 8725 §3.2: a token with another signature', async () => `${(await mint(api)).slice(0, -10)}AAAAAAAAAA`],
  ['RFC 8725 §3.1: an unsigned token', async () => `${btoa('{"alg":"none","typ":"at+jwt"}')}.${(await mint(api)).split('.')[1]}.`],
  ['RFC 6750 §3.1: no token of anybody', async () => 'x'],
];

const statusOf = async (url: string, token: string): Promise<number> =>
  (await request(url, { headers: { authorization: `Bearer ${token}` } })).status;

describe('Debian’s haproxy with jwt_verify', () => {
  const haproxy = new Program('haproxy');
  let url: string;

  beforeAll(async () => {
    const [port = 0] = await freePorts(1);
    url = `http://127.0.0.1:${port}/`;
    haproxy.write('key.pem', await signingKey());
    const config = haproxy.write('haproxy.cfg', haproxyConfig(port, `${haproxy.folder}/key.pem`));
    await haproxy.start('haproxy', ['-db', '-f', config], url);
  });
  afterAll(() => haproxy.stop());

  /** The key that signs now, as haproxy reads keys: PEM. */
  async function signingKey(): Promise<string> {
    const [encoded = ''] = (await mint(api)).split('.');
    const { kid } = JSON.parse(Buffer.from(encoded, 'base64url').toString());
    const { keys } = (await request(`${suite.issuer}/.well-known/jwks.json`)).json() as {
      keys: (Record<string, unknown> & { kid: string })[];
    };
    const key = keys.find((one) => one.kid === kid) ?? {};
    return createPublicKey({ key, format: 'jwk' }).export({ format: 'pem', type: 'spki' }).toString();
  }

  const haproxyConfig = (port: number, key: string): string => `
global
  log stderr format raw local0 err
defaults
  mode http
  timeout client 5s
  timeout connect 5s
  timeout server 5s
frontend api
  bind 127.0.0.1:${port}
  http-request set-var(txn.token) http_auth_bearer
  http-request set-var(txn.alg) var(txn.token),jwt_header_query('$.alg')
  http-request set-var(txn.exp) var(txn.token),jwt_payload_query('$.exp','int')
  http-request set-var(txn.now) date()
  http-request deny deny_status 401 unless { var(txn.alg) -m str ES256 }
  http-request deny deny_status 401 unless { var(txn.token),jwt_header_query('$.typ') -m str at+jwt }
  http-request deny deny_status 401 unless { var(txn.token),jwt_payload_query('$.iss') -m str ${suite.issuer} }
  http-request deny deny_status 401 unless { var(txn.token),jwt_payload_query('$.aud') -m str ${api} }
  http-request deny deny_status 401 if { var(txn.exp),sub(txn.now) -m int lt 0 }
  http-request deny deny_status 401 unless { var(txn.token),jwt_verify(txn.alg,"${key}") -m int 1 }
  http-request deny deny_status 403 unless { var(txn.token),jwt_payload_query('$.scope') -m reg '(^| )orders[.]read( |$)' }
  http-request return status 200 content-type text/plain string "orders"
`;

  test('RFC 9068 §4: takes a token for its resource', async () => {
    expect(await statusOf(url, await mint(api))).toBe(200);
    expect(await statusOf(url, await mint(api, 'orders.write orders.read'))).toBe(200);
  });

  test.each(refused)('%s is refused', async (_what, make) => {
    expect([401, 403]).toContain(await statusOf(url, await make()));
  });
});

describe('Debian’s libapache2-mod-oauth2', () => {
  const apache = new Program('apache');
  let url: string;

  beforeAll(async () => {
    const [port = 0] = await freePorts(1);
    url = `http://127.0.0.1:${port}`;
    // Its children run as www-data.
    chmodSync(apache.folder, 0o755);
    apache.write('jwt', 'orders');
    apache.write('opaque', 'secrets');
    const config = apache.write('apache.conf', apacheConfig(port));
    await apache.start('apache2', ['-f', config, '-DFOREGROUND'], url);
  });
  afterAll(() => apache.stop());

  const modules = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'oauth2'];

  /** Debian's release matches a scope as a whole: its expressions on claims find nothing. */
  function apacheConfig(port: number): string {
    const { client_id, client_secret } = introspecting;
    return `
ServerRoot ${apache.folder}
PidFile ${apache.folder}/pid
DefaultRuntimeDir ${apache.folder}
ErrorLog ${apache.folder}/error.log
ServerName 127.0.0.1
User www-data
Group www-data
Listen 127.0.0.1:${port}
${modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
DocumentRoot ${apache.folder}
<Location /jwt>
  AuthType oauth2
  OAuth2TokenVerify jwks_uri ${suite.issuer}/.well-known/jwks.json jwks_uri.ssl_verify=false
  <RequireAll>
    Require oauth2_claim iss:${suite.issuer}
    Require oauth2_claim aud:${api}
    Require oauth2_claim scope:orders.read
  </RequireAll>
</Location>
<Location /opaque>
  AuthType oauth2
  OAuth2TokenVerify introspect ${suite.issuer}/oauth2/introspect introspect.ssl_verify=false&introspect.auth=client_secret_basic&client_id=${client_id}&client_secret=${client_secret}&expiry=1
  Require oauth2_claim aud:${opaqueApi}
</Location>
`;
  }

  test('RFC 9068 §4: takes a token for its resource, by the published keys', async () => {
    expect(await statusOf(`${url}/jwt`, await mint(api))).toBe(200);
  });

  test.each(refused)('%s is refused', async (_what, make) => {
    expect([401, 403]).toContain(await statusOf(`${url}/jwt`, await make()));
  });

  test('RFC 7662 §2.2: takes an opaque token for its resource, by introspection, and no other', async () => {
    expect(await statusOf(`${url}/opaque`, await mint(opaqueApi))).toBe(200);
    expect(await statusOf(`${url}/opaque`, 'aa1_AAAA')).toBe(401);
    expect([401, 403]).toContain(await statusOf(`${url}/opaque`, await mint(api)));
  });

  test('RFC 7009 §2.1: an opaque token that is revoked is refused', async () => {
    const token = await mint(opaqueApi);
    await post(`${suite.issuer}/oauth2/revoke`, { token }, machine);
    expect(await statusOf(`${url}/opaque`, token)).toBe(401);
  });
});

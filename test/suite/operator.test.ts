import { join } from 'node:path';
import { AuditServiceService, ClientServiceService, KeyServiceService } from '@authority/contracts/admin';
import {
  authorityctl,
  Operator,
  Person,
  post,
  RelyingParty,
  request,
  root,
  run,
  startFiveProcesses,
  type Suite,
} from '@authority/testing/suite';
import { decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const password = 'violet tractor hums 42 lullabies';
const everything = { page_size: 0, page_token: '', filter: '' };

let suite: Suite;
let operator: Operator;
beforeAll(async () => {
  suite = await startFiveProcesses();
  operator = new Operator(suite);
});
afterAll(async () => {
  operator?.close();
  await suite?.stop();
});

/** Runs a command that must succeed; answers what it printed as JSON. */
async function ctl(args: readonly string[], input?: string): Promise<Record<string, unknown>> {
  const ran = await authorityctl(suite, [...args, '-o', 'json'], input);
  if (ran.code !== 0) throw new Error(`authorityctl ${args.join(' ')} ended with ${ran.code}: ${ran.stderr}`);
  return ran.stdout.trim() === '' ? {} : (JSON.parse(ran.stdout) as Record<string, unknown>);
}

const actions = async (filter = ''): Promise<string[]> => (await operator.audit(filter)).map(({ action }) => action);

describe('contract.md "Operators": who may call', () => {
  test('RFC 6750 §3.1: without a token, with a foreign one and with an ordinary client token every call is refused', async () => {
    const ordinary = await operator.createClient({ grant_types: ['client_credentials'], client_name: 'Ordinary' });
    const answer = await post(`${suite.issuer}/oauth2/token`, { grant_type: 'client_credentials' }, ordinary);
    const token = String(answer.json()['access_token']);
    await expect(operator.call(ClientServiceService.listClients, everything, '')).rejects.toMatchObject({ code: 16 });
    await expect(operator.call(ClientServiceService.listClients, everything, 'e30.e30.e30')).rejects.toMatchObject({ code: 16 });
    await expect(operator.call(ClientServiceService.listClients, everything, token)).rejects.toMatchObject({ code: 16 });

    const asked = { grant_type: 'client_credentials', scope: 'authority.admin' };
    expect((await post(`${suite.issuer}/oauth2/token`, asked, ordinary)).json()['error']).toBe('invalid_scope');
    const target = { grant_type: 'client_credentials', resource: `${suite.issuer}/admin` };
    expect((await post(`${suite.issuer}/oauth2/token`, target, ordinary)).json()['error']).toBe('invalid_target');
  });

  test('contract.md "Operators": a revoked operator token is refused at the next call', async () => {
    const asked = { grant_type: 'client_credentials', scope: 'authority.admin' };
    const token = String((await post(`${suite.issuer}/oauth2/token`, asked, suite.operator)).json()['access_token']);
    await operator.call(ClientServiceService.listClients, everything, token);
    expect((await post(`${suite.issuer}/oauth2/revoke`, { token }, suite.operator)).status).toBe(200);
    await expect(operator.call(ClientServiceService.listClients, everything, token)).rejects.toMatchObject({ code: 16 });
  });

  test('gRPC server reflection: buf curl lists the services and calls one without proto files', async () => {
    const buf = join(root, 'node_modules/.bin/buf');
    const http2 = ['--http2-prior-knowledge', '--protocol', 'grpc', '--reflect'];
    const listed = await run(buf, ['curl', '--list-methods', ...http2, `http://${suite.adminAddress}`]);
    expect(listed.stderr).toBe('');
    for (const method of ['ClientService/CreateClient', 'AuditService/ListAuditEvents', 'KeyService/RotateKey']) {
      expect(listed.stdout).toContain(`authority.admin.v1.${method}`);
    }
    const url = `http://${suite.adminAddress}/authority.admin.v1.ClientService/GetClient`;
    const bearer = `authorization: Bearer ${await operator.token()}`;
    const called = await run(buf, ['curl', ...http2, '-H', bearer, '-d', '{"clientId":"c_operator"}', url]);
    expect(JSON.parse(called.stdout)).toMatchObject({ client: { clientId: 'c_operator', operator: true } });
    const refused = await run(buf, ['curl', ...http2, '-d', '{}', url]);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('unauthenticated');
  });
});

describe('contract.md "Operators": authorityctl as a process', () => {
  test('clients: create, get, list, update, rotate-secret, delete; the secret works at once and is shown once', async () => {
    const created = await ctl(['clients', 'create', '--name', 'Reports', '--grant-type', 'client_credentials']);
    const { client_id, client_secret } = { ...created, ...(created['client'] as object) } as { client_id: string; client_secret: string };
    const grant = { grant_type: 'client_credentials' };
    expect((await post(`${suite.issuer}/oauth2/token`, grant, { client_id, client_secret })).status).toBe(200);
    expect(JSON.stringify(await ctl(['clients', 'get', client_id]))).not.toContain(client_secret);
    expect(JSON.stringify(await ctl(['clients', 'list']))).toContain(client_id);
    await ctl(['clients', 'update', client_id, '--name', 'Renamed']);
    expect(JSON.stringify(await ctl(['clients', 'get', client_id]))).toContain('Renamed');
    const rotated = await ctl(['clients', 'rotate-secret', client_id, '--drop-previous']);
    expect((await post(`${suite.issuer}/oauth2/token`, grant, { client_id, client_secret })).status).toBe(401);
    const next = { client_id, client_secret: String(rotated['client_secret']) };
    expect((await post(`${suite.issuer}/oauth2/token`, grant, next)).status).toBe(200);
    await ctl(['clients', 'delete', client_id]);
    expect((await post(`${suite.issuer}/oauth2/token`, grant, next)).status).toBe(401);

    const acts = await actions(`target = "client:${client_id}"`);
    expect(acts).toEqual(['client.delete', 'client.rotate_secret', 'client.update', 'client.create']);
  });

  test('identities, sessions, grants: what a person has is listed, ended and audited', async () => {
    const email = 'ctl@example.com';
    await ctl(['identities', 'create', '--email', email, '--password-stdin'], password);
    const party = await newParty();
    const person = new Person(suite.issuer, email, password);
    const tokens = await party.tokens(person);
    const found = await ctl(['identities', 'get', email]);
    const sub = String(found['sub'] ?? (found['identity'] as { sub: string }).sub);
    const [session] = await operator.sessionsOf(sub);
    expect(JSON.stringify(await ctl(['sessions', 'list', '--sub', sub]))).toContain(session?.sid);
    await ctl(['sessions', 'delete', session?.sid ?? '']);
    const [grant] = await operator.grants(`sub = "${sub}"`);
    expect(JSON.stringify(await ctl(['grants', 'list', '--sub', sub]))).toContain(grant?.grant_id);
    expect((await party.refresh(tokens.refresh_token)).status).toBe(200); // offline: it outlives the session
    await ctl(['grants', 'delete', grant?.grant_id ?? '']);
    expect((await party.refresh(tokens.refresh_token)).json()['error']).toBe('invalid_grant');
    await ctl(['identities', 'disable', email]);
    expect((await person.signIn()).page?.text).toContain('not right');
    await ctl(['identities', 'enable', email]);
    expect((await person.signIn()).url.pathname).toBe('/account');
    await ctl(['identities', 'delete', email]);

    const acts = await actions();
    for (const act of ['identity.create', 'session.end', 'grant.revoke', 'identity.delete']) expect(acts).toContain(act);
    const [ended] = await operator.audit(`target = "session:${session?.sid}"`);
    expect(ended).toMatchObject({ action: 'session.end', actor: `operator:${suite.operator.client_id}` });
  });

  test('keys: a rotated signing key is published before it signs, and the list shows no private part', async () => {
    const before = JSON.stringify((await request(`${suite.issuer}/.well-known/jwks.json`)).json());
    const rotated = JSON.stringify(await ctl(['keys', 'rotate', '--use', 'signing', '--alg', 'ES256']));
    const { keys } = await operator.call(KeyServiceService.listKeys, { ...everything, filter: 'use = "signing" AND alg = "ES256"' });
    const next = keys.find(({ key_id }) => rotated.includes(key_id))?.key_id ?? 'none';
    expect(before).not.toContain(next);
    await expect.poll(async () => (await request(`${suite.issuer}/.well-known/jwks.json`)).text, { timeout: 3_000 }).toContain(next);
    expect(JSON.stringify(keys)).not.toMatch(/\\"d\\":/);
    const token = await operator.token();
    expect(before).toContain(decodeProtectedHeader(token).kid);
    expect(await actions('action = "key.rotate"')).toHaveLength(1);
  });

  test('settings: a value is set, is in force within a second, goes back to its default, and is audited', async () => {
    await ctl(['settings', 'set', 'token.access_token_lifetime', '600']);
    const asked = { grant_type: 'client_credentials', scope: 'authority.admin' };
    const lifetime = async (): Promise<unknown> => (await post(`${suite.issuer}/oauth2/token`, asked, suite.operator)).json()['expires_in'];
    await expect.poll(lifetime, { timeout: 1_500, interval: 50 }).toBe(600);
    await ctl(['settings', 'delete', 'token.access_token_lifetime']);
    await expect.poll(lifetime, { timeout: 1_500, interval: 50 }).toBe(300);
    const refused = await authorityctl(suite, ['settings', 'set', 'token.access_token_lifetime', '"long"']);
    expect(refused.code).toBe(1);
    expect(await actions('target = "setting:token.access_token_lifetime"')).toEqual(['setting.delete', 'setting.update']);
  });

  test('RFC 7591 §3, RFC 7592 §2: a client registers itself with an initial access token and manages itself', async () => {
    const created = await ctl(['registration-tokens', 'create', '--uses', '1', '--allow-no-pkce']);
    const token = String(created['value']);
    const register = (authorization: string): ReturnType<typeof request> =>
      request(`${suite.issuer}/oauth2/register`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(authorization !== '' && { authorization }) },
        body: JSON.stringify({ redirect_uris: ['https://rp.example/cb'], client_name: 'Dynamic', require_pkce: false }),
      });
    expect((await register('')).status).toBe(401);
    const answer = await register(`Bearer ${token}`);
    expect([answer.status, answer.text]).toEqual([201, expect.stringContaining('client_secret')]);
    expect((await register(`Bearer ${token}`)).status).toBe(401); // used up
    const { client_id, registration_access_token, registration_client_uri } = answer.json() as Record<string, string>;
    const own = { headers: { authorization: `Bearer ${registration_access_token}` } };
    expect((await request(registration_client_uri ?? '', own)).json()).toMatchObject({ client_id, client_name: 'Dynamic' });
    expect((await request(registration_client_uri ?? '', { ...own, method: 'DELETE' })).status).toBe(204);
    expect((await request(registration_client_uri ?? '', own)).status).toBe(401);
    expect(await actions(`target = "client:${client_id}"`)).toEqual(['client.delete', 'client.create']);
  });

  test('authorityctl: status says that all is well; a refused call is one line, exit 1 and audited; wrong usage is exit 2', async () => {
    const status = await authorityctl(suite, ['status']);
    expect([status.code, status.stderr]).toEqual([0, '']);
    const missing = await authorityctl(suite, ['clients', 'get', 'c_nobody']);
    expect(missing.code).toBe(1);
    expect(missing.stderr.trim().split('\n')).toHaveLength(1);
    expect((await authorityctl(suite, ['clients', 'frobnicate'])).code).toBe(2);
    await expect(operator.call(AuditServiceService.listAuditEvents, everything, '')).rejects.toMatchObject({ code: 16 });
    const table = await authorityctl(suite, ['audit', 'list', '--owner', 'admin']);
    await expect.poll(async () => (await authorityctl(suite, ['audit', 'list', '--owner', 'admin'])).stdout).toContain('admin.refuse');
    expect(table.code).toBe(0);
  });
});

async function newParty(): Promise<RelyingParty> {
  const client = await operator.createClient({
    redirect_uris: ['http://127.0.0.1:9/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    scope: 'openid email offline_access',
  });
  return new RelyingParty(suite.issuer, client);
}

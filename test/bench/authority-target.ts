import { storeProcesses } from './cpu.ts';
import { Operator, startFiveProcesses, startOneProcess, type Suite } from '@authority/testing/suite';
import type { Walk } from './browser-walk.ts';
import { deviceGrant, exchangeGrant, redirectUri, type Target } from './target.ts';

export const person = { email: 'bench@example.com', password: 'correct horse battery staple 9', name: 'Bench Person' };
const paths = {
  token: '/oauth2/token',
  introspect: '/oauth2/introspect',
  userinfo: '/oauth2/userinfo',
  authorize: '/oauth2/authorize',
  par: '/oauth2/par',
  device: '/oauth2/device_authorization',
  jwks: '/.well-known/jwks.json',
  discovery: '/.well-known/openid-configuration',
};

/** Authority as it ships: mutual TLS between the services when split, Redis for short-lived state. */
export async function startAuthority(mode: 'split' | 'standalone'): Promise<Target & { suite: Suite }> {
  const options = { redis: true, env: { AUTHORITY_DIRECT_TRANSPORT: 'plain', AUTHORITY_LOG_LEVEL: 'warn' } };
  const suite = mode === 'split' ? await startFiveProcesses(options) : await startOneProcess(options);
  const operator = new Operator(suite);
  try {
    await operator.setSetting('throttle.enabled', false);
    await operator.createIdentity(person);
    const shared = { id_token_signed_response_alg: 'ES256', scope: 'openid profile email offline_access read' };
    const machine = await operator.createClient({
      ...shared,
      client_name: 'Machine',
      grant_types: ['client_credentials'],
      token_endpoint_auth_method: 'client_secret_basic',
      scope: '',
    });
    const code = {
      ...shared,
      grant_types: ['authorization_code', 'refresh_token', deviceGrant, exchangeGrant],
      ...{ token_exchange_subjects: 'own', token_exchange_impersonation: true },
      response_types: ['code'],
      redirect_uris: [redirectUri],
      consent_skipped: true,
      token_endpoint_auth_method: 'client_secret_basic',
      scope: 'openid profile email offline_access',
    };
    const app = await operator.createClient({ ...code, client_name: 'App', refresh_token_rotation: 'never' });
    const rotating = await operator.createClient({ ...code, client_name: 'Rotating', refresh_token_rotation: 'always' });
    const credential = (client: { client_id: string; client_secret?: string }): { client_id: string; client_secret: string } => ({
      client_id: client.client_id,
      client_secret: client.client_secret ?? '',
    });
    return {
      suite,
      name: mode,
      issuer: suite.issuer,
      paths,
      machine: { ...credential(machine), form: {} },
      app: credential(app),
      rotating: credential(rotating),
      redirectUri,
      pids: () => [...suite.processes.values()].map((process) => process.pid),
      storePids: storeProcesses,
      signIn: (walk) => signIn(suite, walk),
      stop: () => suite.stop(),
    };
  } catch (error) {
    await suite.stop();
    throw error;
  } finally {
    operator.close();
  }
}

async function signIn(suite: Suite, walk: Walk): Promise<void> {
  const page = await walk.open(`${suite.issuer}/login`);
  const done = await walk.submit(page, { email: person.email, password: person.password });
  if (done.status !== 200 || /name="password"/.test(done.body))
    throw new Error(`sign-in failed: ${done.status} ${done.body.slice(0, 500)}`);
}

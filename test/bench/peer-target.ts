import { testRedis } from '@authority/testing';
import { freePorts } from '@authority/testing/suite';
import { startBare } from './bare-process.ts';
import { storeProcesses } from './cpu.ts';
import { redirectUri, type Target } from './target.ts';

const secret = 'a-secret-of-the-benchmark-0123456789abcdef';

/** oidc-provider on a Redis of its own, on the same Node. */
export async function startPeer(rotation: 'rotate' | 'keep'): Promise<Target> {
  const redis = await testRedis();
  const [port] = await freePorts(1);
  const { pid, stop } = await startBare('./peer.js', [String(port), redis.url, rotation]);
  const app = { client_id: 'app', client_secret: secret };
  return {
    name: 'peer',
    issuer: `http://localhost:${port}`,
    paths: {
      token: '/token',
      introspect: '/token/introspection',
      userinfo: '/me',
      authorize: '/auth',
      par: '/request',
      device: '/device/auth',
      jwks: '/jwks',
      discovery: '/.well-known/openid-configuration',
    },
    machine: { client_id: 'machine', client_secret: secret, form: {} },
    app,
    rotating: app,
    redirectUri,
    pids: () => [pid],
    storePids: storeProcesses,
    signIn: async (walk) => {
      const query = new URLSearchParams({
        client_id: 'app',
        response_type: 'code',
        redirect_uri: redirectUri,
        scope: 'openid',
        code_challenge: 'a'.repeat(43),
        code_challenge_method: 'S256',
      });
      const login = await walk.open(`http://localhost:${port}/auth?${query}`);
      const consent = await walk.submit(login, { login: 'bench', password: 'bench' });
      await walk.submit(consent, {});
    },
    stop: async () => {
      await stop();
      await redis.stop();
    },
  };
}

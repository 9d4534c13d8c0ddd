import { freePorts } from '@authority/testing/suite';
import { startBare } from './bare-process.ts';
import { redirectUri, type Target } from './target.ts';

const nobody = { client_id: 'machine', client_secret: 'not-checked' };

/** The floor (floor.ts): client credentials only. */
export async function startFloor(): Promise<Target> {
  const [port] = await freePorts(1);
  const { pid, stop } = await startBare('./floor.js', [String(port)]);
  return {
    name: 'floor',
    issuer: `http://localhost:${port}`,
    paths: { token: '/', introspect: '/', userinfo: '/', authorize: '/', par: '/', device: '/', jwks: '/', discovery: '/' },
    machine: { ...nobody, form: {} },
    app: nobody,
    rotating: nobody,
    redirectUri,
    pids: () => [pid],
    storePids: () => [],
    signIn: () => Promise.reject(new Error('the floor knows nobody')),
    stop,
  };
}

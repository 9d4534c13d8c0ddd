import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubernetesObject } from './objects.ts';

/** As much of an API server as helm's `lookup` asks: discovery of secrets, and secrets by name. */
export interface FakeCluster {
  readonly kubeconfig: string;
  secrets: readonly KubernetesObject[];
  stop(): Promise<void>;
}

/** What the chart renders: helm 4 asks for the place of each kind before it shows anything. */
const kinds: Readonly<Record<string, readonly string[]>> = {
  v1: ['Secret', 'Service', 'ServiceAccount'],
  'apps/v1': ['Deployment'],
  'batch/v1': ['Job'],
  'policy/v1': ['PodDisruptionBudget'],
  'networking.k8s.io/v1': ['NetworkPolicy'],
};

const groups = Object.keys(kinds).filter((version) => version !== 'v1');
const discovery: Readonly<Record<string, unknown>> = {
  '/version': { major: '1', minor: '35', gitVersion: 'v1.35.0' },
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(groupOf) },
  ...Object.fromEntries(Object.keys(kinds).map((version) => [version === 'v1' ? '/api/v1' : `/apis/${version}`, resourcesOf(version)])),
};

function groupOf(groupVersion: string): unknown {
  const [name, version] = groupVersion.split('/');
  return { name, versions: [{ groupVersion, version }], preferredVersion: { groupVersion, version } };
}

function resourcesOf(groupVersion: string): unknown {
  const resources = (kinds[groupVersion] ?? []).map((kind) => {
    const singularName = kind.toLowerCase();
    const name = `${singularName.replace(/y$/, 'ie')}s`;
    return { name, singularName, namespaced: true, kind, verbs: ['get', 'list'] };
  });
  return { kind: 'APIResourceList', groupVersion, resources };
}

export async function fakeCluster(): Promise<FakeCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'authority-cluster-'));
  const cluster = { kubeconfig: join(folder, 'kubeconfig'), secrets: [] as readonly KubernetesObject[] };
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://cluster').pathname;
    const found = discovery[path] ?? secretAt(path, cluster.secrets);
    const missing = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 };
    response.writeHead(found ? 200 : 404, { 'Content-Type': 'application/json' }).end(JSON.stringify(found ?? missing));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  writeFileSync(cluster.kubeconfig, kubeconfigOf(server), { mode: 0o600 });
  return Object.assign(cluster, {
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
      rmSync(folder, { recursive: true, force: true });
    },
  });
}

function secretAt(path: string, secrets: readonly KubernetesObject[]): KubernetesObject | undefined {
  const [, namespace, name] = /^\/api\/v1\/namespaces\/([^/]+)\/secrets\/([^/]+)$/.exec(path) ?? [];
  const found = secrets.find((secret) => secret.metadata.name === name && secret.metadata.namespace === namespace);
  if (!found) return undefined;
  // What helm itself adds when it installs: it touches nothing that is not marked as the release's.
  const owner = { 'meta.helm.sh/release-name': 'authority', 'meta.helm.sh/release-namespace': 'login' };
  return { ...found, metadata: { ...found.metadata, annotations: { ...found.metadata.annotations, ...owner } } };
}

function kubeconfigOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the fake cluster has no port');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'fake',
    clusters: [{ name: 'fake', cluster: { server: `http://127.0.0.1:${address.port}` } }],
    contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'fake' } }],
    users: [{ name: 'fake', user: {} }],
  });
}

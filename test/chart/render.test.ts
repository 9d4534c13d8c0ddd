import { describe, expect, it } from 'vitest';
import { faultsOf } from './kubernetes-models.ts';
import { type KubernetesObject, ofKind, ofService, podOf } from './objects.ts';
import { chart, helm, renderSet, valueSets, valuesFile } from './render.ts';
import { helms } from './tools.ts';

const services = ['gateway', 'token', 'session', 'identity', 'admin'];

/** What differs from render to render: keys, certificates, random secrets. */
function withoutSecrets(objects: readonly KubernetesObject[]): unknown[] {
  return objects.map((object) => (object.kind === 'Secret' ? { ...object, data: Object.keys(object.data ?? {}) } : object));
}

describe.each(helms)('helm $major', ({ major }) => {
  describe.each(valueSets)('%s values', (set) => {
    const objects = renderSet(major, set);

    it('pass lint --strict', () => {
      const { status, stdout, stderr } = helm(major, ['lint', '--strict', chart, '--values', valuesFile(set)]);
      expect(`${stdout}${stderr}`).toContain('0 chart(s) failed');
      expect(status).toBe(0);
    });

    it('render only objects that Kubernetes takes, without unknown fields', async () => {
      expect(objects.length).toBeGreaterThan(20);
      expect((await Promise.all(objects.map(faultsOf))).flat()).toEqual([]);
    });

    it('name every object once, all in the namespace of the release', () => {
      const names = objects.map((object) => `${object.kind}/${object.metadata.name}`);
      expect(new Set(names).size).toBe(names.length);
      expect(objects.filter((object) => object.metadata.namespace !== 'login')).toEqual([]);
      expect(names.filter((name) => (name.split('/')[1] ?? '').length > 63)).toEqual([]);
    });

    it('run every container as nobody, on a read-only root, without capabilities or a token', () => {
      const pods = [...ofKind(objects, 'Deployment'), ...ofKind(objects, 'Job')].map(podOf);
      expect(pods).toHaveLength(6);
      for (const pod of pods) {
        expect(pod.automountServiceAccountToken).toBe(false);
        expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
        for (const container of [...(pod.initContainers ?? []), ...pod.containers]) {
          expect(container.securityContext).toMatchObject({
            readOnlyRootFilesystem: true,
            allowPrivilegeEscalation: false,
            runAsNonRoot: true,
            capabilities: { drop: ['ALL'] },
            seccompProfile: { type: 'RuntimeDefault' },
          });
          expect(container.resources.requests).toBeDefined();
          expect(container.resources.limits?.['memory']).toBeDefined();
        }
      }
    });

    it('probe every service over plain HTTP on its metrics port', () => {
      for (const service of services) {
        const [container] = podOf(ofService(objects, 'Deployment', service)).containers;
        expect(container?.ports).toContainEqual({ name: 'metrics', containerPort: 9464 });
        expect(container?.livenessProbe?.httpGet).toEqual({ path: '/health/live', port: 'metrics' });
        expect(container?.startupProbe?.httpGet).toEqual({ path: '/health/live', port: 'metrics' });
        expect(container?.readinessProbe?.httpGet).toEqual({ path: '/health/ready', port: 'metrics' });
      }
    });

    it('give gRPC servers headless services and the others an address', () => {
      const headless = services.filter((service) => ofService(objects, 'Service', service).spec?.['clusterIP'] === 'None');
      expect(headless).toEqual(['token', 'session', 'identity']);
    });

    it('migrate in a plain Job, one owner after the other, with an owner URL that no service has', () => {
      const [job] = ofKind(objects, 'Job');
      expect(job?.metadata.annotations ?? {}).not.toHaveProperty('helm.sh/hook');
      const pod = podOf(ofService(objects, 'Job', 'migrate'));
      const containers = [...(pod.initContainers ?? []), ...pod.containers];
      expect(containers.map((container) => container.name)).toEqual(['token', 'session', 'identity', 'admin']);
      const variable = 'AUTHORITY_MIGRATION_DATABASE_URL_FILE';
      for (const container of containers) {
        expect(container.args).toEqual(['migrate']);
        expect(container.env.map((entry) => entry.name)).toContain(variable);
      }
      for (const service of services) {
        const [container] = podOf(ofService(objects, 'Deployment', service)).containers;
        expect(container?.env.map((entry) => entry.name)).not.toContain(variable);
      }
    });
  });
});

it('helm 3 and helm 4 render the same', () => {
  for (const set of valueSets) {
    expect(withoutSecrets(renderSet(4, set))).toEqual(withoutSecrets(renderSet(3, set)));
  }
});

it('the Job is named by the revision of the release unless a suffix is given', () => {
  expect(ofService(renderSet(4, 'default'), 'Job', 'migrate').metadata.name).toBe('authority-migrate-1');
  expect(ofService(renderSet(4, 'large'), 'Job', 'migrate').metadata.name).toBe('identity-platform-migrate-build-7');
});

it('a budget is made only where more than one pod is', () => {
  expect(ofKind(renderSet(4, 'smallest'), 'PodDisruptionBudget')).toEqual([]);
  const budgets = ofKind(renderSet(4, 'default'), 'PodDisruptionBudget').map((object) => object.metadata.name);
  expect(budgets).toEqual(['authority-gateway', 'authority-token', 'authority-session', 'authority-identity']);
});

it('autoscaling takes the number of pods away from the Deployment', () => {
  const objects = renderSet(4, 'large');
  expect(ofKind(objects, 'HorizontalPodAutoscaler')).toHaveLength(4);
  expect(ofService(objects, 'Deployment', 'token').spec).not.toHaveProperty('replicas');
  expect(ofService(objects, 'Deployment', 'admin').spec).toMatchObject({ replicas: 2 });
});

it('RFC 8414 §3.1: an issuer with a path is routed with the well-known documents at the root of its host', () => {
  const objects = renderSet(4, 'large');
  const [ingress] = ofKind(objects, 'Ingress');
  expect(JSON.stringify(ingress?.spec)).toContain('"path":"/tenant-one"');
  expect(JSON.stringify(ingress?.spec)).toContain('"path":"/.well-known"');
  const [route] = ofKind(objects, 'HTTPRoute');
  expect(route?.spec).toMatchObject({ hostnames: ['login.example.com'] });
});

import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FakeCluster, fakeCluster } from './fake-cluster.ts';
import { find, type KubernetesObject, ofKind, ofService } from './objects.ts';
import { chart, helmAsync, objectsOf, render } from './render.ts';
import { type HelmMajor, helms } from './tools.ts';

let cluster: FakeCluster;
beforeAll(async () => {
  cluster = await fakeCluster();
});
afterAll(() => cluster.stop());

/** What an upgrade would render where `secrets` are in the cluster: `lookup` sees them. */
async function upgrade(major: HelmMajor, secrets: readonly KubernetesObject[], ...args: readonly string[]): Promise<KubernetesObject[]> {
  cluster.secrets = secrets;
  return objectsOf(
    await helmAsync(
      major,
      ['template', 'authority', chart, '--namespace', 'login', '--dry-run=server', '--disable-openapi-validation', ...args],
      cluster.kubeconfig,
    ),
  );
}

function text(objects: readonly KubernetesObject[], name: string, key: string): string {
  return Buffer.from(find(objects, 'Secret', name).data?.[key] ?? '', 'base64').toString();
}

function certificate(objects: readonly KubernetesObject[], name: string, key = 'tls.crt'): X509Certificate {
  return new X509Certificate(text(objects, name, key));
}

/** The same secrets, as if made so many days ago. */
function aged(objects: readonly KubernetesObject[], days: number): KubernetesObject[] {
  const day = (from: string) => new Date(Date.parse(from) - days * 86_400_000).toISOString().slice(0, 10);
  return ofKind(objects, 'Secret').map((secret) => {
    const annotations = Object.entries(secret.metadata.annotations ?? {}).map(([key, value]) => [
      key,
      /^authority\/(issued|renew-after)$/.test(key) ? day(value) : value,
    ]);
    return { ...secret, metadata: { ...secret.metadata, annotations: Object.fromEntries(annotations) } };
  });
}

function checksum(objects: readonly KubernetesObject[], service: string): unknown {
  const { template } = ofService(objects, 'Deployment', service).spec as { template: KubernetesObject };
  return template.metadata.annotations?.['checksum/config'];
}

describe.each(helms)('helm $major', ({ major }) => {
  const first = render(major);

  it('a first install makes a certificate for each service, by one authority, with the name that peers ask for', () => {
    const authority = certificate(first, 'authority-rpc-ca');
    expect(authority.ca).toBe(true);
    for (const service of ['gateway', 'token', 'session', 'identity', 'admin']) {
      const leaf = certificate(first, `authority-${service}-rpc`);
      expect(leaf.verify(authority.publicKey)).toBe(true);
      expect(leaf.checkHost(`${service}.authority.internal`)).toBeDefined();
      expect(leaf.checkHost(`authority-${service}.login.svc`)).toBeDefined();
      expect(leaf.subjectAltName?.match(/authority\.internal/g)).toHaveLength(1);
      expect(leaf.ca).toBe(false);
      expect(text(first, `authority-${service}-rpc`, 'ca.crt')).toBe(authority.toString());
      expect(find(first, 'Secret', `authority-${service}-rpc`).data).not.toHaveProperty(['ca.key']);
    }
  });

  it("the operator's door has an authority of its own", () => {
    const door = certificate(first, 'authority-admin-listener');
    const authority = certificate(first, 'authority-operator-ca');
    expect(door.verify(authority.publicKey)).toBe(true);
    expect(certificate(first, 'authority-operator-client').verify(authority.publicKey)).toBe(true);
    expect(door.verify(certificate(first, 'authority-rpc-ca').publicKey)).toBe(false);
    expect(door.checkHost('localhost')).toBeDefined();
  });

  it('an upgrade keeps every secret, and no pod starts anew for it', async () => {
    const second = await upgrade(major, ofKind(first, 'Secret'));
    expect(ofKind(second, 'Secret')).toEqual(ofKind(first, 'Secret'));
    expect(checksum(second, 'token')).toBe(checksum(first, 'token'));
  });

  it('certificates past two thirds of their life are made anew by the same authority, and the pods start anew', async () => {
    const second = await upgrade(major, aged(first, 731));
    expect(text(second, 'authority-rpc-ca', 'tls.crt')).toBe(text(first, 'authority-rpc-ca', 'tls.crt'));
    const leaf = certificate(second, 'authority-token-rpc');
    expect(leaf.fingerprint256).not.toBe(certificate(first, 'authority-token-rpc').fingerprint256);
    expect(leaf.verify(certificate(first, 'authority-rpc-ca').publicKey)).toBe(true);
    expect(text(second, 'authority-token-system', 'secrets')).toBe(text(first, 'authority-token-system', 'secrets'));

    const old = await upgrade(major, aged(first, 700));
    expect(text(old, 'authority-token-rpc', 'tls.crt')).toBe(text(first, 'authority-token-rpc', 'tls.crt'));
    expect(checksum(second, 'token')).not.toBe(checksum(old, 'token'));
  });

  it('a lost certificate is made anew alone; a new name of the admin listener makes its certificate anew', async () => {
    const left = ofKind(first, 'Secret').filter((secret) => secret.metadata.name !== 'authority-session-rpc');
    const second = await upgrade(major, left, '--set', 'admin.hosts={admin.example.com}');
    expect(certificate(second, 'authority-session-rpc').verify(certificate(first, 'authority-rpc-ca').publicKey)).toBe(true);
    expect(text(second, 'authority-token-rpc', 'tls.key')).toBe(text(first, 'authority-token-rpc', 'tls.key'));
    expect(certificate(second, 'authority-admin-listener').checkHost('admin.example.com')).toBeDefined();
    expect(checksum(second, 'admin')).not.toBe(checksum(first, 'admin'));
  });

  it('a rotation puts a new system secret in front of the old one, once', async () => {
    const old = text(first, 'authority-token-system', 'secrets');
    const second = await upgrade(major, ofKind(first, 'Secret'), '--set', 'systemSecrets.rotation=2');
    const secrets = text(second, 'authority-token-system', 'secrets').split('\n');
    expect(secrets).toHaveLength(2);
    expect(secrets[1]).toBe(old);
    expect(checksum(second, 'token')).not.toBe(checksum(first, 'token'));
    const third = await upgrade(major, ofKind(second, 'Secret'), '--set', 'systemSecrets.rotation=2');
    expect(text(third, 'authority-token-system', 'secrets').split('\n')).toEqual(secrets);
  });
});

it('what is lost with its secret stays when the release goes', () => {
  const kept = ofKind(render(4), 'Secret').filter((secret) => secret.metadata.annotations?.['helm.sh/resource-policy'] === 'keep');
  expect(kept.map((secret) => secret.metadata.name)).toEqual(['authority-token-system', 'authority-identity-system', 'authority-operator']);
});

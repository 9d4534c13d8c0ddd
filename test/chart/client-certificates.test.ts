import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { serverAuthentication, TestCertificate } from '@authority/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { type KubernetesObject, ofService, only, podOf } from './objects.ts';
import { place } from './pods.ts';
import { render } from './render.ts';
import { root } from './tools.ts';

interface Arrangement {
  readonly title: string;
  readonly gateway: unknown;
  /** What the gateway makes of its environment and its files. */
  readonly reads: Readonly<Record<string, unknown>>;
}

const there = expect.objectContaining({ bytes: expect.any(Buffer) });
const header = { clientCertificateHeader: 'Client-Cert', trustedProxies: ['10.2.0.0/16'] };

const arrangements: readonly Arrangement[] = [
  {
    title: 'TLS ends in the pod, authorities beside its certificate',
    gateway: { tls: { existingSecret: 'edge', clientCaKey: 'clients.crt' } },
    reads: { tlsCert: there, tlsKey: there, tlsClientCa: there, tlsClientCertificates: false, clientCertificateHeader: undefined },
  },
  {
    title: 'TLS ends in the pod, clients sign their own',
    gateway: { tls: { existingSecret: 'edge', clientCertificates: true } },
    reads: { tlsCert: there, tlsKey: there, tlsClientCa: undefined, tlsClientCertificates: true },
  },
  {
    title: 'TLS ends at a proxy, authorities in a secret of their own',
    gateway: { ...header, tls: { clientCaSecret: 'authorities', clientCaKey: 'clients.crt' } },
    reads: { tlsCert: undefined, tlsClientCa: there, clientCertificateHeader: 'client-cert', trustedProxies: ['10.2.0.0/16'] },
  },
  {
    title: 'TLS ends at a proxy, clients sign their own',
    gateway: header,
    reads: { tlsCert: undefined, tlsClientCa: undefined, clientCertificateHeader: 'client-cert' },
  },
];

/** Secrets of the operator, which the chart only names. */
function secretsOfYours(): KubernetesObject[] {
  const edge = new TestCertificate({ extendedKeyUsage: serverAuthentication });
  const authorities = new TestCertificate({ isAuthority: true }).pem;
  return [
    secret('edge', { 'tls.crt': edge.pem, 'tls.key': edge.keyPem, 'clients.crt': authorities }),
    secret('authorities', { 'clients.crt': authorities }),
  ];
}

function secret(name: string, files: Readonly<Record<string, string>>): KubernetesObject {
  const data = Object.fromEntries(Object.entries(files).map(([key, text]) => [key, Buffer.from(text).toString('base64')]));
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name }, data };
}

describe('RFC 8705: how a client certificate arrives at a rendered gateway', () => {
  const folder = mkdtempSync(join(tmpdir(), 'authority-chart-certificates-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(arrangements)('$title', async ({ title, gateway, reads }) => {
    const objects = [...render(4, '--set-json', `gateway=${JSON.stringify(gateway)}`), ...secretsOfYours()];
    const pod = podOf(ofService(objects, 'Deployment', 'gateway'));
    const { env } = place(objects, pod, only(pod.containers), new Map(), join(folder, title));
    expect(await configOf(env)).toMatchObject(reads);
  });
});

/** The gateway's own reader, over the environment of its pod: it throws at any fault. */
async function configOf(env: NodeJS.ProcessEnv): Promise<unknown> {
  const module: Record<string, unknown> = await import(pathToFileURL(join(root, 'apps/gateway/src/config.ts')).href);
  const reader = module['gatewayProcessConfig'];
  if (typeof reader !== 'function') throw new Error('apps/gateway/src/config.ts has no gatewayProcessConfig');
  return reader(env);
}

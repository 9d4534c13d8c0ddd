import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type TestPostgres, testPostgres, type TestRedis, testRedis } from '@authority/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KubernetesObject, ofService, only, podOf, type Probe } from './objects.ts';
import { ended, place, portsFor, type PortMap, probe, type Running, start } from './pods.ts';
import { render } from './render.ts';

const services = ['gateway', 'token', 'session', 'identity', 'admin'];
const owners = ['token', 'session', 'identity', 'admin'];

let postgres: TestPostgres;
let redis: TestRedis;
beforeAll(async () => {
  [postgres, redis] = await Promise.all([testPostgres(), testRedis(['maxmemory-policy noeviction'])]);
});
afterAll(() => Promise.all([postgres?.stop(), redis?.stop()]));

describe.each([
  { title: 'with Redis', hasRedis: true },
  { title: 'without Redis', hasRedis: false },
])('the rendered pods, $title', ({ hasRedis }) => {
  const folder = mkdtempSync(join(tmpdir(), 'authority-chart-'));
  const running: Running[] = [];
  let objects: KubernetesObject[];
  let ports: PortMap;

  beforeAll(async () => {
    const database = await postgres.newDatabase();
    const urls = { ...Object.fromEntries(owners.map((owner) => [owner, postgres.serviceUrl(database, owner)])), migration: database };
    const values = { issuer: 'http://localhost:8080', database: { urls }, redis: { url: hasRedis ? redis.url : '' } };
    objects = render(4, ...Object.entries(values).flatMap(([name, value]) => ['--set-json', `${name}=${JSON.stringify(value)}`]));
    ports = await portsFor(objects, services);
  });

  afterAll(async () => {
    for (const pod of running) pod.child.kill('SIGKILL');
    await Promise.all(running.map(ended));
    rmSync(folder, { recursive: true, force: true });
  });

  it('the Job migrates, and once more without harm', async () => {
    const pod = podOf(ofService(objects, 'Job', 'migrate'));
    for (const turn of ['first', 'second']) {
      for (const container of [...(pod.initContainers ?? []), ...pod.containers]) {
        const migration = start(place(objects, pod, container, ports, join(folder, `migrate-${container.name}-${turn}`)), folder);
        const status = await ended(migration);
        expect(status, `${turn} migration of ${container.name}: ${migration.output()}`).toBe(0);
      }
    }
  });

  it('each app starts with the environment and the files of its pod', () => {
    for (const service of services) {
      const pod = podOf(ofService(objects, 'Deployment', service));
      const placed = place(objects, pod, only(pod.containers), ports, join(folder, service));
      running.push(start(placed, folder));
    }
    expect(running).toHaveLength(services.length);
  });

  it.each(['startupProbe', 'livenessProbe', 'readinessProbe'] as const)('each app answers its %s', async (kind) => {
    for (const pod of running) {
      const rendered = pod.placed.container[kind];
      if (!rendered) throw new Error(`${pod.name} has no ${kind}`);
      expect(await untilWell(pod, rendered), `${pod.name} ${kind}: ${pod.output()}`).toBe(200);
    }
  });

  it('OpenID Connect Discovery §4: the gateway serves what the five are together', async () => {
    const port = ports.get('gateway')?.get(8080) ?? 0;
    const response = await fetch(`http://127.0.0.1:${port}/.well-known/openid-configuration`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ issuer: 'http://localhost:8080' });
  });

  it('each app ends well within its grace when the kubelet asks it to', async () => {
    for (const pod of running) pod.child.kill('SIGTERM');
    for (const pod of running) {
      const status = await Promise.race([ended(pod), sleep(25_000, 'still there')]);
      expect(status, `${pod.name}: ${pod.output()}`).toBe(0);
    }
  });
});

/** Polls as the kubelet does, until it is well, the process is gone, or half a minute is over. */
async function untilWell(pod: Running, rendered: Probe): Promise<number | undefined> {
  let status: number | undefined;
  for (const end = Date.now() + 30_000; Date.now() < end; await sleep(100)) {
    status = await probe(pod, rendered);
    if (status === 200 || pod.child.exitCode !== null) return status;
  }
  return status;
}

import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contractVariables } from '@authority/config';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type KubernetesObject, ofService, only, podOf } from './objects.ts';
import { render } from './render.ts';
import { root } from './tools.ts';

interface ComposeService {
  readonly image?: string;
  readonly build?: { readonly args?: { readonly APP?: string }; readonly target?: string };
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly ports?: readonly string[];
  readonly read_only?: boolean;
  readonly user?: string;
  readonly cap_drop?: readonly string[];
  readonly healthcheck?: unknown;
}

const compose: { services: Record<string, ComposeService>; volumes: Record<string, null> } = parse(
  readFileSync(join(root, 'deploy/compose.yaml'), 'utf8'),
  { merge: true },
);
const apps = ['gateway', 'token', 'session', 'identity', 'admin'];
const migrations = ['migrate-token', 'migrate-session', 'migrate-identity', 'migrate-admin'];

let made: string;
beforeAll(() => {
  made = mkdtempSync(join(tmpdir(), 'authority-compose-'));
  execFileSync('sh', [join(root, 'deploy/prepare.sh'), made]);
});
afterAll(() => rmSync(made, { recursive: true, force: true }));

function service(name: string): ComposeService {
  const found = compose.services[name];
  if (!found) throw new Error(`compose.yaml has no service ${name}`);
  return found;
}

/** Where prepare.sh writes what a named volume holds. */
function folderOf(volume: string): string {
  const target = service('prepare').volumes?.find((mount) => mount.startsWith(`${volume}:`));
  if (!target) throw new Error(`prepare does not fill the volume ${volume}`);
  return join(made, target.slice(`${volume}:/out/`.length));
}

describe('deploy/compose.yaml', () => {
  it('waits only for services that are there, and mounts only volumes that are declared', () => {
    for (const [name, { depends_on = {}, volumes = [] }] of Object.entries(compose.services)) {
      expect(
        Object.keys(depends_on).filter((other) => !(other in compose.services)),
        name,
      ).toEqual([]);
      expect(
        volumes.map((mount) => mount.split(':')[0] ?? '').filter((volume) => !(volume in compose.volumes)),
        name,
      ).toEqual([]);
      for (const [other, { condition }] of Object.entries(depends_on)) {
        if (condition === 'service_healthy') expect(service(other).healthcheck, `${name} waits for the health of ${other}`).toBeDefined();
      }
    }
  });

  it.each([...apps, ...migrations])('%s finds every file that its environment names', (name) => {
    const { environment = {}, volumes = [] } = service(name);
    const [volume = ''] = only(volumes).split(':');
    const files = Object.values(environment).filter((value) => value.startsWith('/etc/authority/'));
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) expect(existsSync(join(folderOf(volume), file.slice('/etc/authority/'.length))), file).toBe(true);
    expect(Object.keys(environment).filter((variable) => !contractVariables.includes(variable))).toEqual([]);
    expect(Object.keys(environment).filter((variable) => /(SECRETS?|_URL)$/.test(variable))).toEqual([]);
  });

  it.each([...apps, ...migrations])('%s runs as nobody on a read-only root without capabilities', (name) => {
    expect(service(name)).toMatchObject({ read_only: true, user: '65532:65532', cap_drop: ['ALL'] });
    expect(service(name).image).toBe(`authority-${service(name).build?.args?.APP ?? ''}`);
  });

  it('names only variables of the contract where it leaves them out', () => {
    const left = [...readFileSync(join(root, 'deploy/compose.yaml'), 'utf8').matchAll(/# (AUTHORITY_\w+):/g)].map(([, name]) => name ?? '');
    expect(left.length).toBeGreaterThan(5);
    expect(left.filter((name) => !contractVariables.includes(name))).toEqual([]);
  });

  it('publishes on loopback only', () => {
    const ports = Object.values(compose.services).flatMap((one) => one.ports ?? []);
    expect(ports).toHaveLength(2);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  it('gives each app the variables that the chart gives it', () => {
    const urls = Object.fromEntries(['token', 'session', 'identity', 'admin', 'migration'].map((who) => [who, 'postgres://a@b/c']));
    const objects: KubernetesObject[] = render(
      4,
      '--set-json',
      `database.urls=${JSON.stringify(urls)}`,
      '--set',
      'redis.url=redis://redis',
    );
    for (const app of apps) {
      const { env } = only(podOf(ofService(objects, 'Deployment', app)).containers);
      expect(Object.keys(service(app).environment ?? {}).sort(), app).toEqual(env.map(({ name }) => name).sort());
    }
  });
});

describe('deploy/prepare.sh', () => {
  it.each(apps)('makes a certificate for %s that its peers believe', (app) => {
    const read = (file: string): X509Certificate => new X509Certificate(readFileSync(join(made, app, 'rpc', file)));
    const [leaf, authority] = [read('tls.crt'), read('ca.crt')];
    expect(leaf.verify(authority.publicKey)).toBe(true);
    expect(leaf.checkHost(`${app}.authority.internal`)).toBeDefined();
    expect(leaf.ca).toBe(false);
    expect(authority.ca).toBe(true);
  });

  it("gives the operator's door an authority of its own, and keeps no authority's key", () => {
    const door = new X509Certificate(readFileSync(join(made, 'admin/admin/ca.crt')));
    const peers = new X509Certificate(readFileSync(join(made, 'admin/rpc/ca.crt')));
    expect(door.fingerprint256).not.toBe(peers.fingerprint256);
    expect(execFileSync('find', [made, '-name', 'ca.key'], { encoding: 'utf8' })).toBe('');
  });

  it('leaves everything as it is when it is run again', () => {
    const before = readFileSync(join(made, 'token/secrets'), 'utf8');
    expect(execFileSync('sh', [join(root, 'deploy/prepare.sh'), made], { encoding: 'utf8' })).toContain('everything is there');
    expect(readFileSync(join(made, 'token/secrets'), 'utf8')).toBe(before);
  });

  it('gives token and identity a system secret each, and makes one that an older release had no need of', () => {
    const read = (folder: string): string => readFileSync(join(made, folder, 'secrets'), 'utf8');
    expect(read('identity')).not.toBe(read('token'));
    for (const service of ['identity', 'migrate/identity']) rmSync(join(made, service, 'secrets'));
    execFileSync('sh', [join(root, 'deploy/prepare.sh'), made]);
    expect(read('identity')).toMatch(/^[0-9a-f]{64}\n$/);
    expect(read('migrate/identity')).toBe(read('identity'));
  });
});

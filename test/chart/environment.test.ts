import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ConfigFault, contractVariables } from '@authority/config';
import { type Container, type KubernetesObject, ofKind, ofService, only, podOf, type PodSpec } from './objects.ts';
import { render, renderSet, type ValueSet, valueSets } from './render.ts';
import { root } from './tools.ts';

const services = ['gateway', 'token', 'session', 'identity', 'admin'] as const;
type Service = (typeof services)[number];

/** Every chart value that becomes a variable is set by one of these. */
const renders: readonly { title: string; objects: KubernetesObject[] }[] = valueSets.map((set: ValueSet) => ({
  title: `${set} values`,
  objects: renderSet(4, set),
}));

interface Readers {
  /** What the process reads. */
  readonly process: ReadonlySet<string>;
  /** What it reads or its `migrate` does. */
  readonly all: ReadonlySet<string>;
}

/**
 * The variables that a service asks its environment for: its config readers are run over an environment that writes down
 * the names. They find every fault before they tell any, so every name is asked for, and none is well.
 */
async function readersOf(service: Service): Promise<Readers> {
  const path = join(root, 'apps', service, 'src/config.ts');
  if (!existsSync(path)) throw new Error(`apps/${service}/src/config.ts is not there: what ${service} reads cannot be known`);
  const module: Record<string, unknown> = await import(pathToFileURL(path).href);
  const readers = Object.entries(module).filter(([name, value]) => /Config$/.test(name) && typeof value === 'function');
  const asked = readers.map(([name, reader]) => ({ name, names: askedBy(reader) }));
  return {
    process: new Set(asked.filter(({ name }) => !/migrate/i.test(name)).flatMap(({ names }) => names)),
    all: new Set(asked.flatMap(({ names }) => names)),
  };
}

function askedBy(reader: unknown): string[] {
  const names = new Set<string>();
  const env = new Proxy<NodeJS.ProcessEnv>({}, { get: (_, name) => void (typeof name === 'string' && names.add(name)) });
  try {
    if (typeof reader === 'function') reader(env);
  } catch (error) {
    if (!(error instanceof ConfigFault)) throw error;
  }
  return [...names];
}

function containersOf(pod: PodSpec): readonly Container[] {
  return [...(pod.initContainers ?? []), ...pod.containers];
}

function settingsOf(container: Container): string[] {
  return container.env.map(({ name }) => name).filter((name) => name.startsWith('AUTHORITY_'));
}

describe.each(renders)('$title', ({ objects }) => {
  it.each(services)('%s reads every variable that its pod is given', async (service) => {
    const { process } = await readersOf(service);
    expect(process.size).toBeGreaterThan(3);
    const given = settingsOf(only(podOf(ofService(objects, 'Deployment', service)).containers));
    expect(given.filter((name) => !process.has(name))).toEqual([]);
  });

  it.each(['token', 'session', 'identity', 'admin'] as const)(
    'the migration of %s reads every variable that it is given',
    async (service) => {
      const { all } = await readersOf(service);
      const pod = podOf(ofService(objects, 'Job', 'migrate'));
      const given = settingsOf(only(containersOf(pod).filter(({ name }) => name === service)));
      expect(given.filter((name) => !all.has(name))).toEqual([]);
    },
  );

  it('every variable is one of the contract, and given once', () => {
    for (const object of [...ofKind(objects, 'Deployment'), ...ofKind(objects, 'Job')]) {
      for (const container of containersOf(podOf(object))) {
        const names = container.env.map(({ name }) => name);
        expect(settingsOf(container).filter((name) => !contractVariables.includes(name))).toEqual([]);
        expect(names.filter((name) => !/^(AUTHORITY|OTEL)_|^NODE_(EXTRA_CA_CERTS|OPTIONS)$/.test(name))).toEqual([]);
        expect(new Set(names).size).toBe(names.length);
      }
    }
  });

  it('no secret is a variable: each is a file that a volume brings', () => {
    const secret = /(SECRETS?|DATABASE_URL|REDIS_URL|MAIL_URL)$/;
    for (const object of [...ofKind(objects, 'Deployment'), ...ofKind(objects, 'Job')]) {
      const pod = podOf(object);
      for (const container of containersOf(pod)) {
        expect(settingsOf(container).filter((name) => secret.test(name))).toEqual([]);
        const files = container.env.filter(({ value }) => value.startsWith('/etc/authority/')).map(({ value }) => value);
        expect(files.length).toBeGreaterThan(0);
        expect(files.filter((file) => !mountedFiles(pod, container).has(file))).toEqual([]);
      }
    }
  });
});

it.each(services)('every variable that %s reads is given to its pod or its migration by some of the values', async (service) => {
  const { all } = await readersOf(service);
  const given = new Set(renders.flatMap(({ objects }) => containersFor(objects, service).flatMap(settingsOf)));
  // A secret is read from either; the chart gives one of the two.
  const isGiven = (name: string): boolean => [name, `${name}_FILE`, name.replace(/_FILE$/, '')].some((either) => given.has(either));
  const asked = [...all].filter((name) => name.startsWith('AUTHORITY_'));
  // The gateway serves no peer, and opens no listener for any.
  const left = service === 'gateway' ? ['AUTHORITY_RPC_LISTEN'] : [];
  expect(asked.filter((name) => !isGiven(name))).toEqual(left);
});

function containersFor(objects: readonly KubernetesObject[], service: Service): Container[] {
  const pods = [...ofKind(objects, 'Deployment'), ...ofKind(objects, 'Job')].map(podOf);
  return pods.flatMap(containersOf).filter(({ name }) => name === service);
}

it('every secret that the chart makes has the keys that the pods ask of it', () => {
  const urls = Object.fromEntries(
    ['token', 'session', 'identity', 'admin', 'migration'].map((who) => [who, `postgres://${who}@db/authority`]),
  );
  const objects = render(
    4,
    '--set-json',
    `database.urls=${JSON.stringify(urls)}`,
    '--set',
    'redis.url=redis://redis:6379',
    '--set',
    'mail.url=smtps://mail.example',
  );
  const secrets = new Map(ofKind(objects, 'Secret').map((secret) => [secret.metadata.name, secret.data ?? {}]));
  for (const object of [...ofKind(objects, 'Deployment'), ...ofKind(objects, 'Job')]) {
    for (const source of podOf(object).volumes.flatMap((volume) => volume.projected?.sources ?? [])) {
      for (const { key } of source.secret?.items ?? []) {
        expect(secrets.get(source.secret?.name ?? ''), source.secret?.name).toHaveProperty([key]);
      }
    }
  }
});

/** The paths of the files that a container's projected volumes hold. */
function mountedFiles(pod: PodSpec, container: Container): Set<string> {
  return new Set(
    container.volumeMounts.flatMap(({ name, mountPath }) => {
      const sources = pod.volumes.find((volume) => volume.name === name)?.projected?.sources ?? [];
      const items = sources.flatMap((source) => [...(source.secret?.items ?? []), ...(source.configMap?.items ?? [])]);
      return items.map(({ path }) => `${mountPath}/${path}`);
    }),
  );
}

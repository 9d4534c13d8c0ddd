import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { type Container, find, type KubernetesObject, ofService, only, type PodSpec, podOf, type Probe } from './objects.ts';
import { root } from './tools.ts';

/** A rendered container as a process of this machine: its environment, its files, its ports on loopback. */
export interface Placed {
  readonly container: Container;
  readonly env: NodeJS.ProcessEnv;
  /** Container port to port of this machine. */
  readonly ports: ReadonlyMap<number, number>;
}

/** Where each service's ports are on this machine: `token` -> 9000 -> 41123. */
export type PortMap = ReadonlyMap<string, ReadonlyMap<number, number>>;

export async function portsFor(objects: readonly KubernetesObject[], services: readonly string[]): Promise<PortMap> {
  const map = new Map<string, ReadonlyMap<number, number>>();
  for (const service of services) {
    const { ports = [] } = only(podOf(ofService(objects, 'Deployment', service)).containers);
    const free = await freePorts(ports.length);
    map.set(service, new Map(ports.map(({ containerPort }, index) => [containerPort, free[index] ?? 0])));
  }
  return map;
}

export function place(objects: readonly KubernetesObject[], pod: PodSpec, container: Container, ports: PortMap, folder: string): Placed {
  const own = ports.get(container.name) ?? new Map<number, number>();
  for (const { name, mountPath } of container.volumeMounts) writeVolume(objects, pod, name, join(folder, mountPath));
  const env = Object.fromEntries(container.env.map(({ name, value }) => [name, valueHere(name, value, own, ports, folder)]));
  // Nothing of this process's environment: what the chart gives must be enough.
  return { container, env: { PATH: process.env['PATH'], ...env }, ports: own };
}

function valueHere(name: string, value: string, own: ReadonlyMap<number, number>, ports: PortMap, folder: string): string {
  if (value.startsWith('/etc/authority/')) return join(folder, value);
  const listens = /^AUTHORITY_\w+_LISTEN$/.test(name) ? Number(value.split(':').at(-1)) : undefined;
  if (listens !== undefined) return `127.0.0.1:${own.get(listens) ?? 0}`;
  const [, service = '', port] = /^authority-(\w+):(\d+)$/.exec(value) ?? [];
  const there = ports.get(service)?.get(Number(port));
  return there === undefined ? value : `127.0.0.1:${there}`;
}

function writeVolume(objects: readonly KubernetesObject[], pod: PodSpec, name: string, target: string): void {
  for (const { secret } of pod.volumes.find((volume) => volume.name === name)?.projected?.sources ?? []) {
    if (!secret) continue;
    const { data = {} } = find(objects, 'Secret', secret.name);
    for (const { key, path } of secret.items) {
      const file = join(target, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, Buffer.from(data[key] ?? '', 'base64'), { mode: 0o440 });
    }
  }
}

/** A running container; `output` is all that it said. */
export interface Running {
  readonly name: string;
  readonly child: ChildProcess;
  readonly placed: Placed;
  output(): string;
}

/** Starts what the image's entry point would: node main.js, and the container's arguments behind it. */
export function start(placed: Placed, cwd: string): Running {
  const { name, args = [] } = placed.container;
  const main = join(root, 'dist/apps', name, 'main.js');
  if (!existsSync(main)) throw new Error(`${main} is not there: npm run build comes first`);
  // Not in the checkout: a read-only image has no folder to write to, and no package.json above it.
  const child = spawn(process.execPath, [main, ...args], { env: placed.env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  return { name, child, placed, output: () => said };
}

export async function ended(running: Running): Promise<number | null> {
  if (running.child.exitCode === null && running.child.signalCode === null) await once(running.child, 'close');
  return running.child.exitCode;
}

/** What the kubelet asks: the status of a rendered probe, or undefined when nobody answers. */
export async function probe(running: Running, { httpGet }: Probe): Promise<number | undefined> {
  const port = running.placed.container.ports?.find(({ name }) => name === httpGet.port)?.containerPort ?? 0;
  try {
    const response = await fetch(`http://127.0.0.1:${running.placed.ports.get(port) ?? 0}${httpGet.path}`, {
      signal: AbortSignal.timeout(3000),
    });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return undefined;
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  const ports: number[] = [];
  for (const server of servers) {
    if (!server.listening) await once(server, 'listening');
    const address = server.address();
    if (address !== null && typeof address !== 'string') ports.push(address.port);
  }
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

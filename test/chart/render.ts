import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { parseAllDocuments } from 'yaml';
import type { KubernetesObject } from './objects.ts';
import { type HelmMajor, helmPath, root } from './tools.ts';

export const chart = join(root, 'helm/authority');
export const valueSets = ['default', 'smallest', 'large'] as const;
export type ValueSet = (typeof valueSets)[number];

export function valuesFile(set: ValueSet): string {
  return join(chart, 'ci', `${set}-values.yaml`);
}

/** Helm's own folder: nothing of the user's. */
const home = join(dirname(helmPath(4)), 'home');

export interface HelmResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs helm with nothing of the user's, and no cluster. */
export function helm(major: HelmMajor, args: readonly string[]): HelmResult {
  const { status, stdout, stderr, error } = spawnSync(helmPath(major), args, {
    env: environment('/nonexistent'),
    encoding: 'utf8',
    timeout: 30_000,
  });
  if (error) throw error;
  return { status: status ?? -1, stdout, stderr };
}

/** The same with a cluster, which may be in this process. */
export async function helmAsync(major: HelmMajor, args: readonly string[], kubeconfig: string): Promise<HelmResult> {
  const child = spawn(helmPath(major), args, { env: environment(kubeconfig), stdio: ['ignore', 'pipe', 'pipe'], timeout: 30_000 });
  const [stdout, stderr, [status]] = await Promise.all([readText(child.stdout), readText(child.stderr), once(child, 'close')]);
  return { status: typeof status === 'number' ? status : -1, stdout, stderr };
}

function environment(kubeconfig: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    HOME: home,
    HELM_CACHE_HOME: home,
    HELM_CONFIG_HOME: home,
    HELM_DATA_HOME: home,
    KUBECONFIG: kubeconfig,
  };
}

/** What a release named `authority` in the namespace `login` would be. */
export function render(major: HelmMajor, ...args: readonly string[]): KubernetesObject[] {
  return objectsOf(helm(major, ['template', 'authority', chart, '--namespace', 'login', ...args]));
}

export function objectsOf(result: HelmResult): KubernetesObject[] {
  if (result.status !== 0) throw new Error(`helm: ${result.stderr}`);
  return parseAllDocuments(result.stdout).flatMap((document) => {
    if (document.errors.length > 0) throw new Error(`not YAML: ${document.errors.join('; ')}`);
    const object: KubernetesObject | null = document.toJS();
    return object === null ? [] : [object];
  });
}

export function renderSet(major: HelmMajor, set: ValueSet): KubernetesObject[] {
  return render(major, '--values', valuesFile(set));
}

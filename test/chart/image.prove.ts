import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/**
 * Builds the five images from a clean checkout, without a daemon, on a base that debootstrap makes, and starts them for any
 * user on a read-only root. Root on a Debian is needed; about 4 minutes.
 * Usage: node test/chart/image.prove.ts [--working-tree]   (as it lies here, not as committed)
 */

const root = fileURLToPath(new URL('../..', import.meta.url));
const apps = ['gateway', 'token', 'session', 'identity', 'admin'];
const anyUser = '12345:54321';

const work = mkdtempSync(join(tmpdir(), 'authority-image-'));
const places = ['--root', join(work, 'storage'), '--runroot', join(work, 'run')];
let storage: readonly string[] = ['--storage-driver', 'vfs', ...places];
const results: { passed: number; failed: number } = { passed: 0, failed: 0 };

function check(what: string, isTrue: boolean, detail = ''): void {
  results[isTrue ? 'passed' : 'failed'] += 1;
  process.stdout.write(`${isTrue ? 'ok  ' : 'FAIL'} ${what}${isTrue || detail === '' ? '' : `\n${detail}`}\n`);
}

function step(what: string): void {
  process.stdout.write(`---- ${what}\n`);
}

/** Long steps say what they do only when they fail. */
function quietly(command: string, args: readonly string[]): void {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
    env: buildEnvironment(),
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}\n${stdout.slice(-6000)}\n${stderr.slice(-6000)}`);
}

function buildah(...args: readonly string[]): string {
  return execFileSync('buildah', [...storage, ...args], { encoding: 'utf8', env: buildEnvironment(), maxBuffer: 64 * 1024 * 1024 }).trim();
}

function buildEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, BUILDAH_ISOLATION: 'chroot' };
}

/** Debian's buildah and debootstrap; installed where they may be, else named. */
function needTools(): void {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) throw new Error('building images here needs root on a Linux');
  const missing = ['buildah', 'debootstrap'].filter((tool) => spawnSync(tool, ['--version']).error !== undefined);
  if (missing.length === 0) return;
  if (spawnSync('apt-get', ['--version']).error) throw new Error(`missing: ${missing.join(', ')}`);
  step(`installing ${missing.join(' and ')} (apt-get)`);
  quietly('apt-get', ['update']);
  quietly('apt-get', ['install', '-y', '--no-install-recommends', ...missing]);
}

/** Layers that share files where the kernel lets us (seconds an image), else copies, which any machine can (minutes). */
function chooseStorage(): void {
  const overlay = ['--storage-driver', 'overlay', ...places];
  const probe = spawnSync('buildah', [...overlay, 'from', '--name', 'probe', 'scratch'], { env: buildEnvironment() });
  const mount = spawnSync('buildah', [...overlay, 'mount', 'probe'], { env: buildEnvironment() });
  clearStorage(overlay);
  if (probe.status === 0 && mount.status === 0) storage = overlay;
}

function clearStorage(used: readonly string[]): void {
  for (const command of ['umount', 'rm']) spawnSync('buildah', [...used, command, '--all']);
  spawnSync('umount', [join(work, 'storage/overlay')]);
  for (const folder of ['storage', 'run']) rmSync(join(work, folder), { recursive: true, force: true, maxRetries: 3 });
}

/** What is committed, or with --working-tree what lies here and git would take. */
function checkOut(): string {
  const folder = join(work, 'checkout');
  mkdirSync(folder);
  const source = process.argv.includes('--working-tree')
    ? 'git ls-files -z --cached --others --exclude-standard --deduplicate | tar -c --null --ignore-failed-read -T -'
    : 'git archive HEAD';
  quietly('sh', ['-c', `cd '${root}' && ${source} | tar -x -C '${folder}'`]);
  return folder;
}

/** A Debian as small as it gets, from where this machine takes its packages. */
function makeBase(): void {
  const [mirror = ''] = execFileSync('apt-get', ['indextargets', '--format', '$(SITE)', 'Created-By: Packages'], {
    encoding: 'utf8',
  }).split('\n');
  const rootfs = join(work, 'rootfs');
  quietly('debootstrap', ['--variant=minbase', '--include=ca-certificates', 'bookworm', rootfs, mirror]);
  // Who this machine believes, so that npm reaches its registry from inside as it does outside (a company's proxy).
  for (const believed of ['/etc/ssl/certs/ca-certificates.crt', '/usr/local/share/ca-certificates']) {
    if (existsSync(believed)) cpSync(believed, join(rootfs, believed), { recursive: true });
  }
  const container = buildah('from', 'scratch');
  buildah('copy', '-q', container, rootfs, '/');
  buildah('commit', '-q', container, 'authority-base');
  buildah('rm', container);
  rmSync(rootfs, { recursive: true });
}

/** Runs a command in an image's own files, bound read-only, as a user that the image has never heard of. */
function inImage(folder: string, args: readonly string[], bind = ''): readonly [string, readonly string[]] {
  const library = 'LD_LIBRARY_PATH=/usr/local/lib/authority';
  const more = bind === '' ? '' : `mount --bind '${bind}' '${folder}/mnt' && `;
  const script = `mount --bind '${folder}' '${folder}' && ${more}mount -o remount,ro,bind '${folder}' && exec chroot --userspec=${anyUser} '${folder}' /usr/bin/env -i PATH=/usr/local/bin:/usr/bin:/bin ${library} "$@"`;
  return ['unshare', ['--mount', 'sh', '-c', script, 'sh', ...args]];
}

function runIn(folder: string, ...args: readonly string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(...inImage(folder, args), { encoding: 'utf8', timeout: 60_000 });
  return { status, output: `${stdout}${stderr}` };
}

interface ImageConfig {
  readonly User?: string;
  readonly Entrypoint?: readonly string[];
  readonly Env?: readonly string[];
  readonly Labels?: Readonly<Record<string, string>>;
  readonly Healthcheck?: { readonly Test?: readonly string[] };
}

function configOf(image: string): ImageConfig {
  // What `buildah inspect` prints is an OCI image configuration under this name.
  const inspected = JSON.parse(buildah('inspect', '--type', 'image', image)) as { OCIv1: { config: ImageConfig } };
  return inspected.OCIv1.config;
}

function checkImage(app: string, folder: string, nodeVersion: string): void {
  const config = configOf(`authority-${app}`);
  check(`${app}: runs as nobody in particular`, config.User === '65532:65532', config.User);
  check(`${app}: starts node main.js`, /^\/usr\/local\/bin\/node .*\/app\/main\.js$/.test(config.Entrypoint?.join(' ') ?? ''));
  check(`${app}: says what it is`, config.Labels?.['org.opencontainers.image.title'] === `authority-${app}`);
  check(`${app}: has no health check of its own`, (config.Healthcheck?.Test?.[0] ?? 'NONE') === 'NONE');
  check(
    `${app}: holds neither sources nor npm`,
    !['src', 'image', 'usr/bin/npm', 'app/meta.json'].some((path) => existsSync(join(folder, path))),
  );

  const version = runIn(folder, 'node', '--version');
  check(`${app}: Node is the one of package-lock.json`, version.output.trim() === `v${nodeVersion}`, version.output);
  const bare = runIn(folder, 'node', '/app/main.js');
  check(
    `${app}: without an environment it names what is missing`,
    bare.status === 1 && /AUTHORITY_RPC_CERT_FILE: is required/.test(bare.output),
    bare.output,
  );
  const written = runIn(folder, 'node', '-e', "require('node:fs').writeFileSync('/app/x', '')");
  check(`${app}: its root is read-only`, /EROFS/.test(written.output), written.output);
  const outside = runIn(folder, 'node', '--input-type=module', '-e', importAll(folder));
  check(`${app}: what the bundle left outside is there and loads`, outside.status === 0, outside.output);
}

/** Imports the packages beside the bundle from the bundle's folder; hashes once where argon2 is. */
function importAll(folder: string): string {
  const packages = ['@opentelemetry/sdk-node', '@node-rs/argon2'].filter((name) => existsSync(join(folder, 'app/node_modules', name)));
  const lines = packages.map((name) => `const m = require('${name}'); if (m.hashSync) m.hashSync('x');`);
  return `import { createRequire } from 'node:module'; const require = createRequire('/app/main.js'); ${lines.map((line) => `{ ${line} }`).join(' ')}`;
}

/** The gateway needs no store: it lives with nothing but its certificates. */
async function checkGatewayLives(folder: string): Promise<void> {
  const files = join(work, 'files');
  quietly('sh', [join(root, 'deploy/prepare.sh'), files]);
  quietly('chmod', ['-R', 'a+rX', files]);
  const settings = [
    ...['AUTHORITY_HTTP_LISTEN=127.0.0.1:18080', 'AUTHORITY_METRICS_LISTEN=127.0.0.1:19464'],
    ...['TOKEN', 'SESSION', 'IDENTITY'].map((peer) => `AUTHORITY_${peer}_ADDRESS=127.0.0.1:9`),
    ...[
      ['CERT', 'tls.crt'],
      ['KEY', 'tls.key'],
      ['CA', 'ca.crt'],
    ].map(([name, file]) => `AUTHORITY_RPC_${name}_FILE=/mnt/rpc/${file}`),
  ];
  const child = spawn(...inImage(folder, ['env', ...settings, '/usr/local/bin/node', '/app/main.js'], join(files, 'gateway')), {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  let status = 0;
  for (const end = Date.now() + 15_000; status !== 200 && child.exitCode === null && Date.now() < end; await sleep(200)) {
    status = await fetch('http://127.0.0.1:19464/health/live').then(
      (response) => response.status,
      () => 0,
    );
  }
  check('gateway: lives for any user on a read-only root', status === 200, said);
  const stopped = new Promise<number | null>((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  check('gateway: ends when it is asked to', (await Promise.race([stopped, sleep(20_000, -1)])) === 0, said);
  child.kill('SIGKILL');
}

async function prove(): Promise<void> {
  needTools();
  chooseStorage();
  const lock = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { optionalDependencies: Record<string, string> };
  const nodeVersion = lock.optionalDependencies[`node-linux-${process.arch}`] ?? 'unknown';
  step('a clean checkout, and a base from Debian');
  const checkout = checkOut();
  makeBase();
  const folders = new Map<string, string>();
  for (const app of apps) {
    step(`building authority-${app}`);
    const begun = Date.now();
    const args = ['--build-arg', 'BASE=localhost/authority-base', '--build-arg', `APP=${app}`];
    quietly('buildah', [
      ...storage,
      'bud',
      '--layers',
      '-f',
      join(checkout, 'deploy/Dockerfile'),
      ...args,
      '-t',
      `authority-${app}`,
      checkout,
    ]);
    const container = buildah('from', `localhost/authority-${app}`);
    folders.set(app, buildah('mount', container));
    process.stdout.write(`     ${Math.round((Date.now() - begun) / 1000)} s\n`);
  }
  for (const [app, folder] of folders) checkImage(app, folder, nodeVersion);
  await checkGatewayLives(folders.get('gateway') ?? '');
}

try {
  await prove();
} catch (error) {
  check('the images are built', false, error instanceof Error ? error.message : String(error));
} finally {
  clearStorage(storage);
  rmSync(work, { recursive: true, force: true, maxRetries: 3 });
}
process.stdout.write(`${results.passed} passed, ${results.failed} failed\n`);
process.exitCode = results.failed === 0 ? 0 : 1;

// Lays out what the images hold: <target>/runtime (Node and its libraries) and <target>/apps/<app> (the bundle and the
// packages that it left outside, nothing else). Run by deploy/Dockerfile with the Node that the image gets.
// Usage: node deploy/image-root.mjs <target>
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const apps = ['gateway', 'token', 'session', 'identity', 'admin'];

const [target] = process.argv.slice(2);
if (!target) throw new Error('usage: node deploy/image-root.mjs <target>');

layRuntime(join(target, 'runtime'));
for (const app of apps) layApp(app, join(target, 'apps', app));

/** Node, and those of its libraries that a slim Debian lacks or has too old: glibc's own come from the base. */
function layRuntime(folder) {
  mkdirSync(join(folder, 'usr/local/bin'), { recursive: true });
  mkdirSync(join(folder, 'usr/local/lib/authority'), { recursive: true });
  const node = realpathSync(process.execPath);
  cpSync(node, join(folder, 'usr/local/bin/node'));
  for (const library of librariesOf(node)) {
    cpSync(realpathSync(library), join(folder, 'usr/local/lib/authority', basename(library)));
  }
  makeReadable(folder);
}

function librariesOf(binary) {
  const lines = execFileSync('ldd', [binary], { encoding: 'utf8' });
  if (lines.includes('not found')) throw new Error(`${binary} lacks a library:\n${lines}`);
  return [...lines.matchAll(/=> (\S*\/(?:libatomic|libstdc\+\+|libgcc_s)\.so\.\d+)/g)].map((match) => match[1]);
}

function layApp(app, folder) {
  const dist = join(root, 'dist/apps', app);
  cpSync(dist, folder, { recursive: true, filter: (path) => basename(path) !== 'meta.json' });
  for (const name of closureOf(outsideOf(dist)))
    cpSync(join(modules, name), join(folder, 'node_modules', name), { recursive: true, dereference: true });
  makeReadable(folder);
}

/** What the project and its workspaces depend on at run time. */
function dependenciesOf() {
  const folders = ['libs', 'apps'].flatMap((kind) => readdirSync(join(root, kind)).map((name) => join(root, kind, name)));
  const manifests = [root, ...folders].map((folder) => join(folder, 'package.json')).filter((path) => existsSync(path));
  return new Set(manifests.flatMap((path) => Object.keys(readJson(path).dependencies ?? {})));
}

/** Packages that the bundle imports and does not hold, out of esbuild's own account; only those this project depends on. */
function outsideOf(dist) {
  const dependencies = dependenciesOf();
  const { outputs } = readJson(join(dist, 'meta.json'));
  const paths = Object.values(outputs).flatMap((output) => output.imports.filter((one) => one.external).map((one) => one.path));
  const names = paths.filter((path) => !path.startsWith('node:') && !path.startsWith('.')).map(packageOf);
  // What is no dependency of ours is an optional peer that a library does without (esbuild.config.mjs, `absent`).
  return [...new Set(names)].filter((name) => !builtinModules.includes(name) && dependencies.has(name));
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function packageOf(path) {
  const [scope, name] = path.split('/');
  return path.startsWith('@') ? `${scope}/${name}` : scope;
}

/** The packages of the top folder that `names` need, as far as npm installed them: other platforms' binaries are not there. */
function closureOf(names) {
  const seen = new Set();
  const visit = (name, from, isOptional) => {
    const folder = placeOf(name, from);
    if (folder === undefined && !isOptional) throw new Error(`${name} is needed in the image and is not in node_modules`);
    if (folder === undefined || seen.has(folder)) return;
    seen.add(folder);
    const { dependencies, optionalDependencies = {}, peerDependencies, peerDependenciesMeta = {} } = readJson(join(folder, 'package.json'));
    // What a package expects beside it (OpenTelemetry's API) is no dependency by name, and needed all the same.
    for (const needed of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      visit(needed, folder, needed in optionalDependencies || peerDependenciesMeta[needed]?.optional === true);
    }
  };
  for (const name of names) visit(name, root, false);
  // A package below another's own node_modules comes with that one's folder.
  return [...seen].map((folder) => relative(modules, folder)).filter((path) => !path.includes('node_modules'));
}

/** Where Node would find a package from a folder. */
function placeOf(name, from) {
  for (let folder = from; folder.startsWith(root); folder = dirname(folder)) {
    const place = join(folder, 'node_modules', name);
    if (existsSync(join(place, 'package.json'))) return place;
  }
  return undefined;
}

/** Whatever the umask was: everybody reads, nobody writes. */
function makeReadable(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) chmodSync(path, 0o755);
    else if (entry.isFile()) chmodSync(path, path.endsWith('/bin/node') ? 0o755 : 0o644);
  }
  chmodSync(folder, 0o755);
}

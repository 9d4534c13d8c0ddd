// Completes package-lock.json after `npm install`: a registry mirror that lacks the packages of other platforms makes npm
// leave them out of the lock file, and `npm ci` then refuses it everywhere. Adds what optional dependencies name, with the
// platform that the package's name tells; their integrity is checked by the registry's own answer.
import { readFileSync, writeFileSync } from 'node:fs';

const systems = ['android', 'darwin', 'freebsd', 'linux', 'win32', 'openharmony', 'aix', 'sunos', 'netbsd', 'openbsd'];
const processors = ['arm64', 'x64', 'arm', 'ia32', 'riscv64', 'ppc64', 's390x', 'loong64', 'mips64el', 'wasm32'];

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
let added = 0;
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    const nested = `${path}/node_modules/${name}`;
    const hoisted = `node_modules/${name}`;
    if (lock.packages[nested] || lock.packages[hoisted]) continue;
    const version = /\d+\.\d+\.\d+.*$/.exec(range)?.[0];
    const words = name.split(/[-/@]/);
    const os = systems.find((system) => words.includes(system));
    if (!version || !os) continue;
    const word = words.find((one) => processors.includes(one) || /^(armv7|armv6|gnueabihf|musleabihf|eabi)$/.test(one)) ?? '';
    const cpu = processors.includes(word) ? word : 'arm';
    lock.packages[hoisted] = {
      version,
      ...(entry.dev && { dev: true }),
      optional: true,
      os: [os],
      cpu: [cpu],
      ...(os === 'linux' && { libc: [words.some((one) => one.startsWith('musl')) ? 'musl' : 'glibc'] }),
    };
    added++;
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);
process.stdout.write(`${added} optional packages of other platforms added\n`);

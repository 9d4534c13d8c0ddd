// Bundles the benchmark and runs it on the suite's own Node.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { build } from 'esbuild';
import { nodePath, root } from '../../apps/standalone/launch/prepare.mjs';

const outdir = join(root, 'dist/bench');
const here = join(root, 'test/bench');
await build({
  entryPoints: { main: join(here, 'main.ts'), peer: join(here, 'peer.ts'), floor: join(here, 'floor.ts') },
  outdir,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  plugins: [
    {
      // Our own packages are sources and are bundled; published ones stay outside.
      name: 'published packages stay outside',
      setup: (bundler) =>
        bundler.onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
          kind === 'entry-point' || path.startsWith('@authority/') ? undefined : { path, external: true },
        ),
    },
  ],
  tsconfig: join(root, 'tsconfig.base.json'),
  logLevel: 'warning',
});
const done = spawnSync(nodePath(), ['--enable-source-maps', join(outdir, 'main.js'), ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
process.exit(done.status ?? 1);

// Bundles the benchmark and runs it on the suite's own Node.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { nodePath, root } from '../../apps/standalone/launch/prepare.mjs';
import { bundleOfTests } from '../bundle.mjs';

const outdir = join(root, 'dist/bench');
const here = join(root, 'test/bench');
await bundleOfTests(
  { main: join(here, 'main.ts'), peer: join(here, 'peer.ts'), floor: join(here, 'floor.ts'), argon2: join(here, 'argon2.ts') },
  outdir,
);
const done = spawnSync(nodePath(), ['--enable-source-maps', join(outdir, 'main.js'), ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
process.exit(done.status ?? 1);

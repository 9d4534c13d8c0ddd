// Bundles what runs beside the suite (the benchmark, proofs): our own packages are sources, published ones stay outside.
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from '../apps/standalone/launch/prepare.mjs';

export const bundleOfTests = (entryPoints, outdir) =>
  build({
    entryPoints,
    outdir,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    plugins: [
      {
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

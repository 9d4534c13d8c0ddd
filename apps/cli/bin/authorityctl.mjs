#!/usr/bin/env node
// Finds the bundle of authorityctl that `npm run build` makes; says what to do when it is not there.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const bundle = join(root, 'dist/apps/cli/main.js');
if (existsSync(bundle)) {
  await import(pathToFileURL(bundle).href);
} else {
  process.stderr.write(`authorityctl: it is not built (no ${bundle}); run npm start once, or npm run build in ${root}\n`);
  process.exitCode = 1;
}

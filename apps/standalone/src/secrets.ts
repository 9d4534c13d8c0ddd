import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { parseSystemSecrets } from '@authority/config';
import { type DataFolder, writeWhole } from './data-folder.ts';

/** A secret of 256 bits that is made once and kept in the data folder, readable by its owner only. */
export function keptSecret(folder: DataFolder, name: string): string {
  const file = folder.secret(name);
  if (!existsSync(file)) writeWhole(file, `${randomBytes(32).toString('base64url')}\n`, 0o600);
  return readFileSync(file, 'utf8').trim();
}

/** A service's system secrets: those of the environment, else one of its own that is made once. */
export function systemSecretsOf(folder: DataFolder, service: string, given: readonly Buffer[] | undefined): readonly Buffer[] {
  return given ?? parseSystemSecrets(keptSecret(folder, service));
}

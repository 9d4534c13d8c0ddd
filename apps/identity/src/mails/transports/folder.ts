import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import type { Message, Transport } from '../message.ts';
import { composed } from './composed.ts';

/** The newest are kept: a laptop that is forgotten does not fill up. */
const kept = 500;

/** Writes messages as `.eml` files, which mail programs open, for a machine without a mail server. */
export function folderTransport(folder: string): Transport {
  const transport = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
  return {
    async send(message: Message): Promise<void> {
      const { message: bytes } = await transport.sendMail(composed(message));
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const name = `${message.at.toISOString().replaceAll(':', '-')}-${message.kind}-${message.id}.eml`;
      // Whole or not there, for whoever looks into the folder.
      const partial = join(folder, `.${name}.partial`);
      await writeFile(partial, bytes, { mode: 0o600 });
      await rename(partial, join(folder, name));
      await forgetOldest(folder);
    },
    close: () => transport.close(),
  };
}

async function forgetOldest(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.eml')).sort();
  for (const name of names.slice(0, Math.max(0, names.length - kept))) await rm(join(folder, name), { force: true });
}

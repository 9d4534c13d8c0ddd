import { createServer } from 'node:net';
import type { StandaloneConfig } from './config.ts';
import { Refusal } from './refusal.ts';

/** A port that is taken is told before anything starts, by the name of its setting. */
export async function assertPortsFree(config: StandaloneConfig): Promise<void> {
  const wanted = [
    ['AUTHORITY_HTTP_LISTEN', config.httpListen],
    ['AUTHORITY_ADMIN_LISTEN', config.adminListen],
    ['AUTHORITY_METRICS_LISTEN', config.metricsListen],
  ] as const;
  const faults: string[] = [];
  for (const [name, { host, port }] of wanted) {
    const fault = await tryListen(host, port);
    if (fault) faults.push(`${host}:${port} ${fault}: stop what uses it, or set ${name} to another address`);
  }
  if (faults.length > 0) throw new Refusal(faults.join('\nauthority: '));
}

function tryListen(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve('is in use');
      else if (error.code === 'EACCES') resolve('may not be used by this user');
      else if (error.code === 'EADDRNOTAVAIL') resolve('is no address of this machine');
      else resolve(`cannot be listened on (${error.code ?? error.message})`);
    });
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}

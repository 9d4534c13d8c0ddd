import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A client's own https address, where its request objects and key set lie. */
export interface Host {
  readonly origin: string;
  /** What lies at a path; a number answers with that status and leads elsewhere. */
  readonly files: Map<string, string | number>;
  /** Paths that were asked for. */
  readonly asked: string[];
  /** What makes a process of the suite reach and trust it. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export async function startHost(): Promise<Host> {
  const folder = mkdtempSync(join(tmpdir(), 'authority-host-'));
  const { cert, key } = certificate(folder);
  const files = new Map<string, string | number>();
  const asked: string[] = [];
  const server = createServer({ cert, key }, (request, response) => {
    const path = request.url ?? '/';
    asked.push(path);
    const file = files.get(path) ?? 404;
    if (typeof file === 'string') response.end(file);
    else response.writeHead(file, { location: `https://${request.headers.host}/elsewhere` }).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  const host = `127.0.0.1:${address.port}`;
  return {
    origin: `https://${host}`,
    files,
    asked,
    env: { AUTHORITY_OUTBOUND_ALLOW: host, NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A certificate of its own for 127.0.0.1, made in the folder. */
function certificate(folder: string): { cert: string; key: string } {
  const [cert, key] = [join(folder, 'ca.pem'), join(folder, 'key.pem')];
  const how = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1', '-subj', '/CN=127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', ...how, '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert], {
    stdio: 'pipe',
  });
  return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
}

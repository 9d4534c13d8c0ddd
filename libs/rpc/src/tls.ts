import { readFileSync } from 'node:fs';
import * as grpc from '@grpc/grpc-js';

/** Where a service's certificate, its key and the suite's own authority lie (PEM). */
export interface TlsFiles {
  cert: string;
  key: string;
  ca: string;
}

/** Credentials for calling peers: they must show a certificate of the suite's authority. */
export function clientCredentials(files: TlsFiles): grpc.ChannelCredentials {
  const { cert, key, ca } = read(files);
  return grpc.credentials.createSsl(ca, key, cert);
}

/** Credentials for serving peers: a caller without a certificate of the suite's authority gets no connection. */
export function serverCredentials(files: TlsFiles): grpc.ServerCredentials {
  const { cert, key, ca } = read(files);
  return grpc.ServerCredentials.createSsl(ca, [{ cert_chain: cert, private_key: key }], true);
}

function read(files: TlsFiles): { cert: Buffer; key: Buffer; ca: Buffer } {
  return { cert: readFileSync(files.cert), key: readFileSync(files.key), ca: readFileSync(files.ca) };
}

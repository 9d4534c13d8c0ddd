import { createHash } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import type { GuardRequest } from './request.ts';

/** DER of the certificate that the client showed on this connection. */
function certificateOf({ socket }: GuardRequest): Uint8Array | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const { raw } = socket.getPeerCertificate();
  return raw;
}

/** RFC 8705 §3: the certificate of the connection is the one that the token is bound to. */
export function showsCertificate(
  request: GuardRequest,
  thumbprint: string,
  find: (request: GuardRequest) => Uint8Array | undefined = certificateOf,
): boolean {
  const certificate = find(request);
  return certificate !== undefined && createHash('sha256').update(certificate).digest('base64url') === thumbprint;
}

import { TLSSocket } from 'node:tls';
import { TransportEvidence } from '@authority/contracts/rpc';
import type { EdgeRequest } from './request.ts';
import type { Issuer } from './issuer.ts';
import { peerAddress, type TrustedProxies } from './peer-address.ts';

export type EvidenceOf = (request: EdgeRequest) => TransportEvidence;

const none = Buffer.alloc(0);

/** What the edge saw of a connection: the only facts that it may assert (house.md). */
export function evidenceFrom(issuer: Issuer, trusted: TrustedProxies): EvidenceOf {
  return ({ raw }) => {
    const certificate = clientCertificate(raw.socket);
    return {
      peer_address: peerAddress(raw.socket.remoteAddress, raw.headers, trusted),
      method: raw.method ?? '',
      // As the issuer names it (RFC 9449 §4.3): the Host header is the caller's word.
      url: issuer.origin + pathOf(raw.url ?? '/'),
      user_agent: printable(raw.headers['user-agent'] ?? ''),
      tls_client_certificate: certificate,
      tls_client_certificate_verified: certificate !== none,
      // Node joins several of them by a comma; the token service refuses what is no single proof.
      dpop: raw.headers['dpop']?.toString() ?? '',
    };
  };
}

/** RFC 9449 §4.2: htu has neither query nor fragment. */
function pathOf(target: string): string {
  const mark = target.indexOf('?');
  return mark === -1 ? target : target.slice(0, mark);
}

/** Ends in logs and audit rows. Node gives the header as Latin-1: what a proto string cannot carry becomes `?`. */
const printable = (text: string): string => text.slice(0, 512).replace(/[^\x20-\x7e]/g, '?');

/** RFC 8705: only one that the handshake verified, so that nobody binds a token to a certificate that is not theirs. */
function clientCertificate(socket: unknown): Buffer {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return none;
  const certificate = socket.getPeerX509Certificate();
  return certificate === undefined ? none : certificate.raw;
}

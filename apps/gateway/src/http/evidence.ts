import type { TransportEvidence } from '@authority/contracts/rpc';
import type { clientCertificates } from './client-certificate.ts';
import type { Issuer } from './issuer.ts';
import { peerAddress, type TrustedProxies } from './peer-address.ts';
import type { EdgeRequest } from './request.ts';

export type EvidenceOf = (request: EdgeRequest) => TransportEvidence;

/** What the edge saw of a connection: the only facts that it may assert (house.md). */
export function evidenceFrom(
  { issuer, mtlsOrigin }: { issuer: Issuer; mtlsOrigin: string | undefined },
  trusted: TrustedProxies,
  certificateOf: ReturnType<typeof clientCertificates>,
): EvidenceOf {
  const mtlsHost = mtlsOrigin === undefined ? undefined : new URL(mtlsOrigin).host;
  return ({ raw }) => {
    const { der, verified } = certificateOf(raw);
    return {
      peer_address: peerAddress(raw.socket.remoteAddress, raw.headers, trusted),
      method: raw.method ?? '',
      // As the issuer names it (RFC 9449 §4.3): the Host header is the caller's word. It only chooses between two names of ours.
      url: (mtlsOrigin !== undefined && raw.headers.host === mtlsHost ? mtlsOrigin : issuer.origin) + pathOf(raw.url ?? '/'),
      user_agent: printable(raw.headers['user-agent'] ?? ''),
      tls_client_certificate: der,
      tls_client_certificate_verified: verified,
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

import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { ConfigFile } from '@authority/config';
import { OAuthError } from '@authority/errors';
import { isIssuedBy, readAuthorities } from './certificate-chain.ts';
import { readForwardedCertificate } from './forwarded-certificate.ts';
import { socketAddress, type TrustedProxies } from './peer-address.ts';

/** The certificate of mutual TLS that a request came with (RFC 8705). */
export interface ClientCertificate {
  /** DER; empty when there was none. */
  readonly der: Buffer;
  /** An authority of AUTHORITY_TLS_CLIENT_CA_FILE issued it. A self-signed one only shows that its client has the key. */
  readonly verified: boolean;
}

export interface CertificateSources {
  /** The listener asks for certificates. */
  readonly asked: boolean;
  readonly authorities: ConfigFile | undefined;
  /** The header in which trusted proxies pass certificates on; lower case. */
  readonly header: string | undefined;
  readonly trusted: TrustedProxies;
}

const none: ClientCertificate = { der: Buffer.alloc(0), verified: false };

/**
 * How the certificate of a request is found. A trusted proxy speaks by the header alone: a certificate on its own
 * connection is the proxy's, and would make all of its clients one. From anybody else the header is a forgery, and refused.
 */
export function clientCertificates({ asked, authorities: file, header, trusted }: CertificateSources) {
  const authorities = file === undefined ? [] : readAuthorities(file.bytes);
  const seen = new WeakMap<TLSSocket, ClientCertificate>();

  const fromConnection = ({ socket }: IncomingMessage): ClientCertificate => {
    if (!asked || !(socket instanceof TLSSocket)) return none;
    const known = seen.get(socket) ?? readConnection(socket, authorities.length > 0);
    seen.set(socket, known);
    return known;
  };
  if (header === undefined) {
    // Without TLS here there is nothing to look at.
    if (!asked) return () => none;
    return (raw: IncomingMessage) => (trusted.has(socketAddress(raw)) ? none : fromConnection(raw));
  }
  return (raw: IncomingMessage): ClientCertificate => {
    const value = raw.headers[header]?.toString();
    if (!trusted.has(socketAddress(raw))) {
      if (value !== undefined) throw foreignHeader();
      return fromConnection(raw);
    }
    if (value === undefined || value === '') return none;
    const certificate = readForwardedCertificate(header, value);
    return { der: certificate.raw, verified: isIssuedBy(certificate, authorities) };
  };
}

/** `authorized` alone would also hold for the authorities that Node trusts by itself. */
function readConnection(socket: TLSSocket, hasAuthorities: boolean): ClientCertificate {
  const certificate = socket.getPeerX509Certificate();
  return certificate === undefined ? none : { der: certificate.raw, verified: hasAuthorities && socket.authorized };
}

function foreignHeader(): OAuthError {
  return new OAuthError('invalid_request', 'client_certificate_header_foreign', {
    description: 'A client certificate in a header is taken from trusted proxies only.',
  });
}

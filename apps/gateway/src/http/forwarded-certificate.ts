import { X509Certificate } from 'node:crypto';
import { OAuthError } from '@authority/errors';

/**
 * The client certificate in the header of a trusted proxy, by the header's name: `Client-Cert` as RFC 9440 has it,
 * `X-Forwarded-Client-Cert` as Envoy does, any other as the URL-encoded PEM of nginx and Apache. Whatever is not exactly
 * one certificate is refused: it is a mistake in the proxy's settings, or something that a client smuggled through.
 */
export function readForwardedCertificate(header: string, value: string): X509Certificate {
  try {
    return new X509Certificate(derOf(header, value));
  } catch (cause) {
    throw new OAuthError('invalid_request', 'client_certificate_header_malformed', {
      description: 'The client certificate was not passed on well.',
      cause,
    });
  }
}

function derOf(header: string, value: string): Buffer {
  if (header === 'client-cert') return fromBase64(/^:([A-Za-z0-9+/=]+):$/.exec(value)?.[1]);
  if (header === 'x-forwarded-client-cert') return fromPem(envoyCertificate(value));
  return fromPem(decodeURIComponent(value));
}

/** One element (one proxy) with its `Cert`, quoted and URL-encoded. A comma would begin the element of another proxy. */
function envoyCertificate(value: string): string {
  const pairs = [...value.matchAll(/([A-Za-z]+)=("(?:[^"\\]|\\.)*"|[^",;]*)(;|$)/gy)];
  const length = pairs.reduce((sum, [pair]) => sum + pair.length, 0);
  const certificates = pairs.filter(([, name]) => name?.toLowerCase() === 'cert');
  const [only, ...more] = certificates;
  if (length !== value.length || !only || more.length > 0) throw new Error('not one element with one Cert');
  return decodeURIComponent((only[2] ?? '').replace(/^"|"$/g, ''));
}

function fromPem(text: string): Buffer {
  const [, body] = /^\s*-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*$/.exec(text) ?? [];
  return fromBase64(body?.replace(/\s+/g, ''));
}

function fromBase64(text: string | undefined): Buffer {
  if (text === undefined) throw new Error('no certificate');
  return Buffer.from(text, 'base64');
}

import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { isLoopbackHost } from '@authority/config';
import { type ChannelCredentials, type ChannelOptions, credentials } from '@grpc/grpc-js';
import { failure, usage } from '../fault.ts';

/** How the operator API is reached. */
export interface TransportOptions {
  readonly address: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
}

export interface Transport {
  readonly credentials: ChannelCredentials;
  readonly channel: ChannelOptions;
}

/** Plaintext on loopback only; elsewhere, and wherever a certificate is named, TLS. */
export function transportOf(options: TransportOptions, cwd: string): Transport {
  const { address, ca, cert, key, serverName } = options;
  const target = hostAndPort(address);
  if (!target) throw usage('--address', `${JSON.stringify(address)} is not host:port`, 'write it like 127.0.0.1:9090');
  if ((cert === undefined) !== (key === undefined)) throw usage('--cert', 'a certificate needs its key', 'give --cert and --key together');
  if (isLoopbackHost(target.host) && ca === undefined && cert === undefined && serverName === undefined) {
    return { credentials: credentials.createInsecure(), channel: {} };
  }
  const pem = (option: string, path: string | undefined): Buffer | null =>
    path === undefined ? null : readPem(option, resolve(cwd, path));
  const name = serverName ?? target.host;
  return {
    credentials: credentials.createSsl(pem('--ca', ca), pem('--key', key), pem('--cert', cert), identityCheck(name)),
    channel: { 'grpc.ssl_target_name_override': isIP(name) ? 'address.invalid' : name, 'grpc.default_authority': address },
  };
}

/** TLS has no server name for an address (RFC 6066 §3): the certificate is compared with the address itself. */
function identityCheck(name: string): { checkServerIdentity: (host: string, certificate: PeerCertificate) => Error | undefined } {
  return { checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate) };
}

function readPem(option: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw failure(option, `${path} cannot be read (${why})`, 'give the path of a PEM file');
  }
}

/** Host and port of `host:port` or `[::1]:port`. */
function hostAndPort(address: string): { host: string; port: string } | undefined {
  const match = /^(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]\s/]+)):(\d{1,5})$/.exec(address);
  return match ? { host: match[1] ?? match[2] ?? '', port: match[3] ?? '' } : undefined;
}

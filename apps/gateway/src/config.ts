import {
  custom,
  file,
  flag,
  issuerSetting,
  list,
  listen,
  mtlsOriginSetting,
  processSettings,
  read,
  Refusal,
  rpcSettings,
  type Settings,
  url,
} from '@authority/config';
import { readAuthorities } from './http/certificate-chain.ts';
import { trustedProxies } from './http/peer-address.ts';

/** What the edge reads from the environment. */
export const gatewaySettings = {
  issuer: issuerSetting,
  mtlsOrigin: mtlsOriginSetting,
  httpListen: listen().default('127.0.0.1:8080').doc('Where browsers and clients reach the server.'),
  tlsCert: file().named('AUTHORITY_TLS_CERT_FILE').optional().doc('Certificate chain (PEM) where TLS ends here and not at a proxy.'),
  tlsKey: file().named('AUTHORITY_TLS_KEY_FILE').optional().doc("The certificate's private key (PEM)."),
  tlsClientCa: file()
    .named('AUTHORITY_TLS_CLIENT_CA_FILE')
    .optional()
    .doc('Authorities (PEM) whose client certificates are asked for and verified (RFC 8705).'),
  tlsClientCertificates: flag()
    .default('false')
    .doc(
      'Ask for client certificates also without AUTHORITY_TLS_CLIENT_CA_FILE, for clients that sign their own. Browsers may show a choice.',
    ),
  clientCertificateHeader: custom('header', headerName)
    .optional()
    .doc(
      'The header in which trusted proxies pass the client certificate on: Client-Cert (RFC 9440), X-Forwarded-Client-Cert (Envoy), or another with the URL-encoded PEM.',
    ),
  trustedProxies: list(proxy)
    .default('')
    .doc('Addresses and networks whose Forwarded and X-Forwarded-For headers are believed. None by default.'),
  uiUrl: url().optional().doc("Pages of one's own, on the same site as the issuer."),
} as const;

export type GatewayConfig = Settings<typeof gatewaySettings>;

/** What it needs besides as a process of its own. */
const gatewayProcessSettings = { ...gatewaySettings, ...rpcSettings, ...processSettings } as const;

export type GatewayProcessConfig = Settings<typeof gatewayProcessSettings>;

export const gatewayConfig = (env: NodeJS.ProcessEnv): GatewayConfig => read(gatewaySettings, env, { check: faults });

export const gatewayProcessConfig = (env: NodeJS.ProcessEnv): GatewayProcessConfig =>
  read(gatewayProcessSettings, env, { check: (config) => [...faults(config), ...addressFaults(config)] });

function proxy(entry: string): string {
  try {
    trustedProxies([entry]);
  } catch (error) {
    throw new Refusal(error instanceof Error ? error.message : 'is not an address');
  }
  return entry;
}

const faults = (config: GatewayConfig): string[] => [...tlsFaults(config), ...headerFaults(config), ...authorityFaults(config)];

/** Names are lower case in Node; those that mean something else would be a mistake. */
function headerName(value: string): string {
  const name = value.toLowerCase();
  if (!/^[a-z][a-z0-9-]{1,60}$/.test(name)) throw new Refusal('must be the name of a header, such as Client-Cert');
  if (['authorization', 'cookie', 'host', 'dpop', 'forwarded', 'x-forwarded-for', 'content-type', 'user-agent'].includes(name)) {
    throw new Refusal('names a header that means something else');
  }
  return name;
}

function headerFaults({
  clientCertificateHeader,
  trustedProxies,
}: Pick<GatewayConfig, 'clientCertificateHeader' | 'trustedProxies'>): string[] {
  if (clientCertificateHeader === undefined || trustedProxies.length > 0) return [];
  return ['AUTHORITY_TRUSTED_PROXIES: is required where AUTHORITY_CLIENT_CERTIFICATE_HEADER is set: nobody else is believed'];
}

function authorityFaults({ tlsClientCa }: Pick<GatewayConfig, 'tlsClientCa'>): string[] {
  try {
    if (tlsClientCa !== undefined) readAuthorities(tlsClientCa.bytes);
    return [];
  } catch (error) {
    return [`AUTHORITY_TLS_CLIENT_CA_FILE: ${error instanceof Error ? error.message : 'holds no certificate (PEM)'}`];
  }
}

function tlsFaults(config: GatewayConfig): string[] {
  const { tlsCert, tlsKey, tlsClientCa, tlsClientCertificates, clientCertificateHeader } = config;
  if (tlsCert !== undefined && tlsKey === undefined) return ['AUTHORITY_TLS_KEY_FILE: is required where AUTHORITY_TLS_CERT_FILE is set'];
  if (tlsCert === undefined && tlsKey !== undefined) return ['AUTHORITY_TLS_CERT_FILE: is required where AUTHORITY_TLS_KEY_FILE is set'];
  // A proxy's header needs the authorities as well: the chain is verified here.
  if (tlsCert === undefined && tlsClientCa !== undefined && clientCertificateHeader === undefined)
    return ['AUTHORITY_TLS_CERT_FILE: is required where AUTHORITY_TLS_CLIENT_CA_FILE is set'];
  if (tlsCert === undefined && tlsClientCertificates)
    return ['AUTHORITY_TLS_CERT_FILE: is required where AUTHORITY_TLS_CLIENT_CERTIFICATES is set'];
  return [];
}

function addressFaults(config: GatewayProcessConfig): string[] {
  const peers = [
    ['AUTHORITY_TOKEN_ADDRESS', config.tokenAddress],
    ['AUTHORITY_SESSION_ADDRESS', config.sessionAddress],
    ['AUTHORITY_IDENTITY_ADDRESS', config.identityAddress],
  ] as const;
  return peers.flatMap(([name, address]) => (address === undefined ? [`${name}: is required`] : []));
}

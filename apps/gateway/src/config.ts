import { file, issuerSetting, list, listen, processSettings, read, Refusal, rpcSettings, type Settings, url } from '@authority/config';
import { trustedProxies } from './http/peer-address.ts';

/** What the edge reads from the environment. */
export const gatewaySettings = {
  issuer: issuerSetting,
  httpListen: listen().default('127.0.0.1:8080').doc('Where browsers and clients reach the server.'),
  tlsCert: file().named('AUTHORITY_TLS_CERT_FILE').optional().doc('Certificate chain (PEM) where TLS ends here and not at a proxy.'),
  tlsKey: file().named('AUTHORITY_TLS_KEY_FILE').optional().doc("The certificate's private key (PEM)."),
  tlsClientCa: file()
    .named('AUTHORITY_TLS_CLIENT_CA_FILE')
    .optional()
    .doc('Authorities (PEM) whose client certificates are asked for and verified (RFC 8705).'),
  trustedProxies: list(proxy)
    .default('')
    .doc('Addresses and networks whose Forwarded and X-Forwarded-For headers are believed. None by default.'),
  uiUrl: url().optional().doc("Pages of one's own, on the same site as the issuer."),
} as const;

export type GatewayConfig = Settings<typeof gatewaySettings>;

/** What it needs besides as a process of its own. */
const gatewayProcessSettings = { ...gatewaySettings, ...rpcSettings, ...processSettings } as const;

export type GatewayProcessConfig = Settings<typeof gatewayProcessSettings>;

export const gatewayConfig = (env: NodeJS.ProcessEnv): GatewayConfig => read(gatewaySettings, env, { check: tlsFaults });

export const gatewayProcessConfig = (env: NodeJS.ProcessEnv): GatewayProcessConfig =>
  read(gatewayProcessSettings, env, { check: (config) => [...tlsFaults(config), ...addressFaults(config)] });

function proxy(entry: string): string {
  try {
    trustedProxies([entry]);
  } catch (error) {
    throw new Refusal(error instanceof Error ? error.message : 'is not an address');
  }
  return entry;
}

function tlsFaults(config: Pick<GatewayConfig, 'tlsCert' | 'tlsKey' | 'tlsClientCa'>): string[] {
  const { tlsCert, tlsKey, tlsClientCa } = config;
  if (tlsCert !== undefined && tlsKey === undefined) return ['AUTHORITY_TLS_KEY_FILE: is required where AUTHORITY_TLS_CERT_FILE is set'];
  if (tlsCert === undefined && tlsKey !== undefined) return ['AUTHORITY_TLS_CERT_FILE: is required where AUTHORITY_TLS_KEY_FILE is set'];
  if (tlsCert === undefined && tlsClientCa !== undefined)
    return ['AUTHORITY_TLS_CERT_FILE: is required where AUTHORITY_TLS_CLIENT_CA_FILE is set'];
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

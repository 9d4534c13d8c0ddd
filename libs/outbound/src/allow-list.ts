import { BlockList, isIP } from 'node:net';

/** What the operator let outbound requests reach although it is private (AUTHORITY_OUTBOUND_ALLOW). */
export interface AllowList {
  /** By the name or address in the URL. */
  hasHost(host: string, port: number): boolean;
  /** By where the name leads. */
  hasAddress(address: string, port: number): boolean;
}

/** A URL's host as it is compared: lower case, no brackets, no dot at the end. */
export const bareHost = (host: string): string =>
  host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');

export function parseAllowList(entries: readonly string[]): AllowList {
  const hosts = new Set<string>();
  const networks = new BlockList();
  for (const entry of entries) addEntry(entry.trim(), hosts, networks);
  return {
    hasHost: (host, port) => hosts.has(bareHost(host)) || hosts.has(`${bareHost(host)} ${port}`),
    hasAddress(address, port) {
      const family = isIP(address);
      if (family === 0) return false;
      return inNetworks(networks, address, family) || hosts.has(bareHost(address)) || hosts.has(`${bareHost(address)} ${port}`);
    },
  };
}

/**
 * node's BlockList finds an IPv4-mapped IPv6 address in an IPv4 network. Here a mapped address is a spelling that
 * nobody needs, so only a network written as IPv6 lets it through.
 */
function inNetworks(networks: BlockList, address: string, family: number): boolean {
  if (family === 4) return networks.check(address, 'ipv4');
  const mapped = /^::ffff:/i.test(address);
  return !mapped && networks.check(address, 'ipv6');
}

function addEntry(entry: string, hosts: Set<string>, networks: BlockList): void {
  const network = /^\[?([0-9a-fA-F:.]+)\]?\/(\d{1,3})$/.exec(entry);
  if (network !== null) {
    addNetwork(entry, network[1] ?? '', Number(network[2]), networks);
    return;
  }

  // A bare IPv6 address has colons and no port.
  if (isIP(entry) !== 0) return void hosts.add(bareHost(entry));
  const match = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/.exec(entry);
  const host = match?.[1];
  if (host === undefined || (host.startsWith('[') && isIP(bareHost(host)) !== 6)) throw unreadable(entry);
  const port = match?.[2];
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) throw unreadable(entry);
  hosts.add(port === undefined ? bareHost(host) : `${bareHost(host)} ${Number(port)}`);
}

function addNetwork(entry: string, address: string, prefix: number, networks: BlockList): void {
  const family = isIP(address);
  if (family === 0 || prefix > (family === 4 ? 32 : 128)) throw unreadable(entry);
  networks.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6');
}

const unreadable = (entry: string): Error =>
  new Error(`"${entry.slice(0, 80)}" is neither a host, nor host:port, nor a network such as 10.0.0.0/8`);

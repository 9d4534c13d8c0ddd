import { describe, expect, it } from 'vitest';
import { isPublicAddress, parseAllowList } from './index.ts';

describe('RFC 6890: what is not public', () => {
  it.each([
    ...['0.0.0.0', '10.1.2.3', '100.64.0.1', '100.100.100.200', '127.0.0.1', '127.255.255.254', '169.254.169.254', '172.16.0.1'],
    ...['172.31.255.255', '192.0.0.192', '192.0.2.1', '192.168.1.1', '198.18.0.1', '198.51.100.1', '203.0.113.1', '224.0.0.1'],
    ...['240.0.0.1', '255.255.255.255', '168.63.129.16'],
    ...['::', '::1', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '::ffff:7f00:1', '::8.8.8.8', '64:ff9b::7f00:1', '64:ff9b:1::1', '100::1'],
    ...[
      '2001::1',
      '2001:db8::1',
      '2002:7f00:1::',
      '3fff::1',
      '5f00::1',
      'fc00::1',
      'fd00:ec2::254',
      'fe80::1',
      'fe80::1%eth0',
      'fec0::1',
      'ff02::1',
    ],
    ...['2606:4700:4700::1111%eth0', 'localhost', '', '0x7f.1', '017700000001', '2130706433'],
  ])('%s', (address) => expect(isPublicAddress(address)).toBe(false));

  it.each(['8.8.8.8', '172.15.255.255', '172.32.0.1', '100.128.0.1', '2606:4700:4700::1111', '2a00:1450:4001:800::200e'])(
    '%s is',
    (address) => expect(isPublicAddress(address)).toBe(true),
  );
});

describe('contract.md AUTHORITY_OUTBOUND_ALLOW', () => {
  const list = parseAllowList([
    'Idp.Internal',
    'hooks.internal:8443',
    '10.0.0.0/8',
    '192.168.0.7',
    '192.168.0.8:80',
    '[fd00::1]:443',
    'fd00::2',
    'fd01::/16',
  ]);

  it('hosts and host:port by the name in the URL', () => {
    expect([list.hasHost('idp.internal', 1), list.hasHost('IDP.internal.', 1), list.hasHost('hooks.internal', 8443)]).toEqual([
      true,
      true,
      true,
    ]);
    expect([list.hasHost('hooks.internal', 443), list.hasHost('evil-idp.internal', 1), list.hasHost('a.idp.internal', 1)]).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('networks and addresses by where a name leads', () => {
    for (const [address, port] of [
      ['10.9.8.7', 1],
      ['192.168.0.7', 1],
      ['192.168.0.8', 80],
      ['fd00::1', 443],
      ['fd00::2', 1],
      ['fd01::9', 1],
    ] as const) {
      expect(list.hasAddress(address, port), address).toBe(true);
    }
    for (const [address, port] of [
      ['11.0.0.1', 1],
      ['192.168.0.8', 81],
      ['fd00::1', 80],
      ['::ffff:10.0.0.1', 1],
      ['fd02::1', 1],
      ['x', 1],
    ] as const) {
      expect(list.hasAddress(address, port), address).toBe(false);
    }
  });

  it.each(['', 'http://x', 'x:0', 'x:65536', '10.0.0.0/33', '10.0.0/8', 'a b', '[::1', '*.internal', 'x/8'])('%j is refused', (entry) => {
    expect(() => parseAllowList([entry])).toThrow('neither a host');
  });
});

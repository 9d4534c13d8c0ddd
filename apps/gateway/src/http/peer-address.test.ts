import { expect, test } from 'vitest';
import { peerAddress, trustedProxies } from './peer-address.ts';

const proxies = trustedProxies(['10.0.0.0/8', '::1', 'fd00::/8']);

test('RFC 7239 §8.1: a stranger cannot choose its address', () => {
  expect(peerAddress('203.0.113.9', { 'x-forwarded-for': '1.2.3.4', forwarded: 'for=1.2.3.4' }, proxies)).toBe('203.0.113.9');
  expect(peerAddress('203.0.113.9', { 'x-forwarded-for': '1.2.3.4' }, trustedProxies([]))).toBe('203.0.113.9');
});

test('RFC 7239 §4: the nearest hop that is not trusted is the peer', () => {
  expect(peerAddress('10.0.0.1', { 'x-forwarded-for': '1.2.3.4, 203.0.113.9, 10.0.0.2' }, proxies)).toBe('203.0.113.9');
  expect(peerAddress('::ffff:10.0.0.1', { forwarded: 'for="[2001:db8::1]:4711";proto=https, for=10.1.1.1:80' }, proxies)).toBe(
    '2001:db8::1',
  );
  expect(peerAddress('fd00::1', { 'x-forwarded-for': '198.51.100.7:5000' }, proxies)).toBe('198.51.100.7');
});

test('RFC 7239 §6: a hop without an address ends the chain', () => {
  for (const hop of ['unknown', '_hidden', '', '1.2.3.4.5', 'for=x']) {
    expect(peerAddress('10.0.0.1', { 'x-forwarded-for': `1.2.3.4, ${hop}, 10.0.0.2` }, proxies)).toBe('10.0.0.2');
  }
  expect(peerAddress('10.0.0.1', {}, proxies)).toBe('10.0.0.1');
});

test('what is neither an address nor a network is refused', () => {
  for (const entry of ['proxy.example', '10.0.0.0/33', '10.0.0/8', '::1/129', '1.2.3.4/8/8', '1.2.3.4/']) {
    expect(() => trustedProxies([entry])).toThrow(entry);
  }
});

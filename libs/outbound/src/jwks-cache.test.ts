import { beforeEach, describe, expect, it } from 'vitest';
import { type Answer, freshFor, jwksCache, type Outbound, OutboundError } from './index.ts';

const url = 'https://client.example/jwks.json';
let now: number;
let asked: string[];
let answer: () => Promise<Answer>;

const outbound: Outbound = {
  fetch(address) {
    asked.push(String(address));
    return answer();
  },
};
const keySet =
  (kid: string, headers: Record<string, string> = {}): (() => Promise<Answer>) =>
  async () => ({
    status: 200,
    headers,
    body: Buffer.from(JSON.stringify({ keys: [{ kty: 'EC', kid }] })),
  });
const fails = (): Promise<Answer> => Promise.reject(new OutboundError('timeout', 'client.example', 'took too long'));
const seconds = (count: number): void => {
  now += count * 1000;
};

beforeEach(() => {
  now = 1_000_000;
  asked = [];
  answer = keySet('a');
});
const cache = (options = {}) => jwksCache(outbound, { now: () => now, ...options });
const kidOf = async (set: Promise<{ keys: { kid?: string }[] }>): Promise<string | undefined> => (await set).keys[0]?.kid;

describe('RFC 9111 §4.2.1: freshness, within a minute and an hour', () => {
  it.each([
    [{}, 300],
    [{ 'cache-control': 'public, max-age=600' }, 600],
    [{ 'cache-control': 'max-age=600', age: '500' }, 100],
    [{ 'cache-control': 'max-age=0' }, 60],
    [{ 'cache-control': 'max-age=86400' }, 3600],
    [{ 'cache-control': 'no-store, max-age=600' }, 60],
    [{ 'cache-control': 'max-age=-1' }, 300],
  ])('%j: %d s', (headers, expected) => expect(freshFor(headers as Record<string, string>)).toBe(expected));

  it('a fresh set is not asked for again', async () => {
    const keys = cache();
    await keys.get(url);
    seconds(299);
    await keys.get(url);
    expect(asked).toHaveLength(1);
    seconds(2);
    answer = keySet('b');
    expect(await kidOf(keys.get(url))).toBe('b');
  });
});

describe('RFC 7517 §5: a key set from elsewhere', () => {
  it('many who ask at once make one request', async () => {
    const keys = cache();
    await Promise.all(Array.from({ length: 50 }, () => keys.get(url)));
    expect(asked).toHaveLength(1);
  });

  it('OpenID Connect Core §10.1.1: an unknown key asks again, at most once in 30 s', async () => {
    const keys = cache();
    await keys.get(url);
    answer = keySet('b');
    expect(await kidOf(keys.get(url, { refresh: true }))).toBe('a');
    seconds(30);
    expect(await kidOf(keys.get(url, { refresh: true }))).toBe('b');
    await keys.get(url, { refresh: true });
    expect(asked).toHaveLength(2);
  });

  it('while its host does not answer a stale set is used, asked again every 30 s, up to a bound', async () => {
    const keys = cache({ staleMs: 600_000 });
    await keys.get(url);
    answer = fails;
    seconds(301);
    expect(await kidOf(keys.get(url))).toBe('a');
    expect(await kidOf(keys.get(url))).toBe('a');
    expect(asked).toHaveLength(2);
    seconds(31);
    await keys.get(url);
    expect(asked).toHaveLength(3);
    seconds(600);
    await expect(keys.get(url)).rejects.toMatchObject({ reason: 'timeout' });
  });

  it('a host that never answered is left alone for 5 s', async () => {
    const keys = cache();
    answer = fails;
    await expect(keys.get(url)).rejects.toThrow('took too long');
    await expect(keys.get(url, { refresh: true })).rejects.toThrow('took too long');
    expect(asked).toHaveLength(1);
    seconds(6);
    answer = keySet('b');
    expect(await kidOf(keys.get(url))).toBe('b');
  });

  it.each([
    ['a redirect', 302, '{"keys":[]}'],
    ['no JSON', 200, '<html>'],
    ['no set', 200, '[]'],
    ['no keys', 200, '{"keys":[1]}'],
    ['too many', 200, JSON.stringify({ keys: Array.from({ length: 101 }, () => ({ kty: 'EC' })) })],
  ])('%s is refused', async (_name, status, body) => {
    answer = async () => ({ status, headers: {}, body: Buffer.from(body) });
    await expect(cache().get(url)).rejects.toMatchObject({ reason: 'answer_malformed' });
  });

  it('entries are bounded; the least recently used goes first', async () => {
    const keys = cache({ maxEntries: 2 });
    for (const one of ['a', 'b', 'a', 'c', 'a', 'b']) await keys.get(`https://${one}.example/`);
    expect(asked.map((one) => one[8])).toEqual(['a', 'b', 'c', 'b']);
  });
});

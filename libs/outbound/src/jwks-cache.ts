import type { JSONWebKeySet } from 'jose';
import type { Answer } from './exchange.ts';
import { freshFor } from './freshness.ts';
import type { Outbound } from './outbound.ts';
import { OutboundError } from './outbound-error.ts';

export interface JwksCache {
  /**
   * The key set at a `jwks_uri` (RFC 7517 §5). `refresh` asks again when a key was not found in it (the other side has
   * rotated), at most once in 30 s per URL. Throws an `OutboundError` when there is none to be had.
   */
  get(url: string, options?: { refresh?: boolean }): Promise<JSONWebKeySet>;
}

export interface JwksCacheOptions {
  readonly now?: () => number;
  /** How long a set is used after its time when its host does not answer (1 h): keys withdrawn meanwhile still count. */
  readonly staleMs?: number;
  readonly maxEntries?: number;
}

interface Entry {
  set: JSONWebKeySet | undefined;
  bytes: number;
  freshUntil: number;
  askedAt: number;
  failed: OutboundError | undefined;
  running: Promise<JSONWebKeySet> | undefined;
}

const refreshEveryMs = 30_000;
/** A host that fails is left alone for a moment, or each request of a client would wait for its time-out. */
const failedForMs = 5_000;
const mostKeys = 100;
/** Of all sets together, as they were sent. */
const mostBytes = 8 * 1024 * 1024;

export function jwksCache(outbound: Outbound, options: JwksCacheOptions = {}): JwksCache {
  const { now = Date.now, staleMs = 3_600_000, maxEntries = 1_000 } = options;
  const entries = new Map<string, Entry>();

  async function load(url: string, entry: Entry): Promise<JSONWebKeySet> {
    entry.askedAt = now();
    try {
      const answer = await outbound.fetch(url, { accept: 'application/jwk-set+json, application/json' });
      entry.set = parseKeySet(url, answer);
      entry.bytes = answer.body.length;
      entry.freshUntil = now() + freshFor(answer.headers) * 1000;
      entry.failed = undefined;
      return entry.set;
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error;
      entry.failed = error;
      return staleOr(entry, error);
    } finally {
      entry.running = undefined;
      evict(entries, maxEntries);
    }
  }

  function staleOr(entry: Entry, error: OutboundError): JSONWebKeySet {
    if (entry.set !== undefined && now() < entry.freshUntil + staleMs) return entry.set;
    throw error;
  }

  return {
    async get(url, { refresh = false } = {}) {
      const entry = touch(entries, url);
      const age = now() - entry.askedAt;
      if (entry.set !== undefined && now() < entry.freshUntil && !(refresh && age >= refreshEveryMs)) return entry.set;
      if (entry.running !== undefined) return entry.running;
      const rest = entry.set === undefined ? failedForMs : refreshEveryMs;
      if (entry.failed !== undefined && age < rest) return staleOr(entry, entry.failed);
      entry.running = load(url, entry);
      return entry.running;
    },
  };
}

/** Least recently used first: a Map keeps the order of insertion. */
function touch(entries: Map<string, Entry>, url: string): Entry {
  const entry = entries.get(url) ?? newEntry();
  entries.delete(url);
  entries.set(url, entry);
  return entry;
}

const newEntry = (): Entry => ({
  set: undefined,
  bytes: 0,
  freshUntil: 0,
  askedAt: Number.NEGATIVE_INFINITY,
  failed: undefined,
  running: undefined,
});

/** After each load, the only act that makes the cache larger for good. */
function evict(entries: Map<string, Entry>, maxEntries: number): void {
  let bytes = 0;
  for (const one of entries.values()) bytes += one.bytes;
  for (const [oldest, { bytes: freed }] of entries) {
    if (entries.size <= 1 || (entries.size <= maxEntries && bytes <= mostBytes)) break;
    entries.delete(oldest);
    bytes -= freed;
  }
}

function parseKeySet(url: string, answer: Answer): JSONWebKeySet {
  const malformed = (why: string): OutboundError => new OutboundError('answer_malformed', new URL(url).hostname, why);
  if (answer.status !== 200) throw malformed(`answered ${answer.status}`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(answer.body.toString('utf8'));
  } catch {
    throw malformed('is not JSON');
  }
  if (!isKeySet(parsed)) throw malformed('is not a JWK Set');
  if (parsed.keys.length > mostKeys) throw malformed(`has more than ${mostKeys} keys`);
  return parsed;
}

function isKeySet(value: unknown): value is JSONWebKeySet {
  if (typeof value !== 'object' || value === null || !('keys' in value) || !Array.isArray(value.keys)) return false;
  return value.keys.every((key: unknown) => typeof key === 'object' && key !== null && 'kty' in key && typeof key.kty === 'string');
}

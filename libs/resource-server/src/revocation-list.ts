import { createHash } from 'node:crypto';
import { jwtVerify } from 'jose';
import type { AccessToken } from './access-token.ts';
import type { AuthorizationServer } from './authorization-server.ts';
import { request } from './http-client.ts';
import { isObject, type JsonObject, textOf } from './json.ts';
import type { KeySet } from './key-set.ts';
import type { RevocationOptions, Settled } from './options.ts';

const ended = ['grant', 'token', 'session'] as const;
const before = ['client', 'subject'] as const;
type Kind = (typeof ended)[number] | (typeof before)[number];

/** Longer than any access token lives: what was listed once counts for as long, so that no order of answers matters. */
const keptMs = 25 * 3_600_000;
const mostBytes = 64 * 1_048_576;
/** The recent list covers two minutes: after half of that without an answer the whole one is asked for again. */
const recentCoversMs = 60_000;

interface Entry {
  /** Unix milliseconds. */
  notBefore: number;
  keptUntil: number;
}

/** The server's revocation list, polled: a token that is revoked is refused here a moment later. */
export class RevocationList {
  private readonly entries = new Map<string, Entry>();
  /** What was read last. */
  private last: { uri: string; etag: string | undefined; expiresAt: number } | undefined;
  /** Where the list of what is recent is; absent until the whole list was read. */
  private recentUri: string | undefined;
  private goodAt = 0;
  private stopped = false;
  private timer: NodeJS.Timeout | undefined;
  private readonly first: Promise<void>;

  constructor(
    private readonly server: AuthorizationServer,
    private readonly keys: KeySet,
    private readonly options: Settled,
    private readonly policy: Required<RevocationOptions>,
  ) {
    this.first = this.poll();
  }

  /** Whether the list is young enough to go by. The first request waits for the first list. */
  async isFresh(): Promise<boolean> {
    await this.first;
    return Date.now() - this.goodAt <= this.policy.staleAfterMs;
  }

  isRevoked({ jti, sid, client_id, sub, iat, auth_time, claims }: AccessToken): boolean {
    const grant = grantOf(jti);
    if (beginnings(jti).some((one) => this.has('token', one))) return true;
    if ((grant && this.has('grant', grant.grant_id)) || (sid !== undefined && this.has('session', sid))) return true;
    // A token under a grant is as old as the grant; one without counts by the whole second.
    const began = grant?.authorizedAt ?? iat * 1000;
    const { exchanged_from } = claims;
    const clients = [client_id, ...(Array.isArray(exchanged_from) ? exchanged_from.map(String) : [])];
    const subjectEnd = this.notBefore('subject', sub);
    // Made later of a sign-in before the end, when the server had not heard of it: over as well.
    if (auth_time !== undefined && auth_time < Math.floor(subjectEnd / 1000)) return true;
    return began <= subjectEnd || clients.some((one) => began <= this.notBefore('client', one));
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private has(kind: Kind, target: string): boolean {
    return this.entries.has(`${kind} ${blinded(this.options.issuer, kind, target)}`);
  }

  private notBefore(kind: Kind, target: string): number {
    return this.entries.get(`${kind} ${blinded(this.options.issuer, kind, target)}`)?.notBefore ?? Number.NEGATIVE_INFINITY;
  }

  private async poll(): Promise<void> {
    const startedAt = Date.now();
    try {
      await this.ask(startedAt);
      this.goodAt = startedAt;
    } catch (error) {
      this.options.onError(error);
    }
    if (!this.stopped) this.timer = setTimeout(() => void this.poll(), this.policy.pollMs).unref();
  }

  private async ask(now: number): Promise<void> {
    const { revocation_list_uri } = await this.server.addresses();
    if (revocation_list_uri === undefined) throw new Error('the server publishes no revocation list; say revocation: false');
    if (this.recentUri === undefined || now - this.goodAt > recentCoversMs) {
      const whole = await this.read(revocation_list_uri, now);
      this.recentUri = (whole && textOf(whole, 'recent_uri')) ?? this.recentUri;
    }
    if (this.recentUri !== undefined) await this.read(this.recentUri, now);
  }

  /** The claims of a list that has changed, after its entries were added; undefined for one that has not. */
  private async read(uri: string, now: number): Promise<JsonObject | undefined> {
    // A copy whose time is over is asked for anew: "unchanged" would say nothing about it.
    const known = this.last?.uri === uri && this.last.expiresAt > now ? this.last.etag : undefined;
    const headers = { accept: 'application/jwt', ...(known !== undefined && { 'if-none-match': known }) };
    const { status, text, etag } = await request(uri, { headers }, mostBytes, this.options.fetch);
    if (status === 304 && known !== undefined) return undefined;
    if (status !== 200) throw new Error(`the revocation list answered ${status}`);
    const { payload } = await jwtVerify(text, this.keys.key, {
      typ: 'revocation-list+jwt',
      algorithms: [...this.options.algorithms],
      issuer: this.options.issuer,
      clockTolerance: this.options.clockTolerance,
      requiredClaims: ['exp', 'revoked'],
    });
    // One of what is recent must not pass for a whole one.
    const isWhole = payload['since'] === undefined;
    if (!isObject(payload['revoked']) || (!isWhole && uri !== this.recentUri)) throw new Error('the revocation list is malformed');
    this.add(payload['revoked'], now);
    this.last = { uri, etag, expiresAt: (payload.exp ?? 0) * 1000 };
    return payload;
  }

  private add(revoked: JsonObject, now: number): void {
    for (const [name, { keptUntil }] of this.entries) if (keptUntil < now) this.entries.delete(name);
    const keptUntil = now + keptMs;
    for (const kind of ended) {
      const hashes = revoked[kind];
      if (!Array.isArray(hashes)) throw new Error(`the revocation list has no ${kind}`);
      for (const hash of hashes) this.entries.set(`${kind} ${hash}`, { notBefore: now, keptUntil });
    }
    for (const kind of before) {
      const times = revoked[kind];
      if (!isObject(times)) throw new Error(`the revocation list has no ${kind}`);
      for (const [hash, time] of Object.entries(times)) {
        const notBefore = Math.max(Number(time), this.entries.get(`${kind} ${hash}`)?.notBefore ?? 0);
        this.entries.set(`${kind} ${hash}`, { notBefore, keptUntil });
      }
    }
  }
}

/** How the list names an identifier: half of a SHA-256. */
function blinded(issuer: string, kind: Kind, target: string): string {
  const digest = createHash('sha256').update(`authority revocation 1\0${issuer}\0${kind}\0${target}`).digest();
  return digest.subarray(0, 16).toString('base64url');
}

/** A token that was exchanged for another (RFC 8693) has the whole `jti` of that one before a dot, and ends with it. */
function beginnings(jti: string): readonly string[] {
  const parts = jti.split('.');
  return parts.map((_, at) => parts.slice(0, at + 1).join('.'));
}

/** A `jti` begins with the id of its grant, and that with the time of the grant: 48 bits of Unix milliseconds. */
function grantOf(jti: string): { grant_id: string; authorizedAt: number } | undefined {
  const [, encoded] = /^g_([\w-]{24})(?![\w-])/.exec(jti) ?? [];
  if (encoded === undefined) return undefined;
  return { grant_id: `g_${encoded}`, authorizedAt: Buffer.from(encoded, 'base64url').readUIntBE(0, 6) };
}

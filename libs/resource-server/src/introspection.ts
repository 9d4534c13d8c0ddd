import { createHash } from 'node:crypto';
import { type AccessToken, accessTokenOf } from './access-token.ts';
import type { AuthorizationServer } from './authorization-server.ts';
import { request } from './http-client.ts';
import { parseObject } from './json.ts';
import type { Settled } from './options.ts';

/** Strangers fill it with tokens that are none; the oldest answer goes first. */
const mostAnswers = 10_000;

interface Kept {
  until: number;
  answer: Promise<AccessToken | undefined>;
}

/** Opaque tokens, by asking (RFC 7662); an answer counts for a moment, and many at once ask once. */
export class Introspection {
  private readonly kept = new Map<string, Kept>();

  constructor(
    private readonly server: AuthorizationServer,
    private readonly options: Settled,
  ) {}

  /** Undefined for a token that is not active, or not for this API; throws when the server cannot be asked. */
  async verify(token: string): Promise<AccessToken | undefined> {
    const found = await this.answer(token);
    return found && found.exp > Date.now() / 1000 - this.options.clockTolerance ? found : undefined;
  }

  private answer(token: string): Promise<AccessToken | undefined> {
    // Only the hash is kept: what lies in memory is no credential.
    const key = createHash('sha256').update(token).digest('base64url');
    const known = this.kept.get(key);
    if (known && known.until > Date.now()) return known.answer;
    const answer = this.ask(token);
    this.kept.delete(key);
    this.kept.set(key, { answer, until: Date.now() + this.options.introspectionCacheMs });
    answer.catch(() => this.kept.delete(key));
    const [oldest] = this.kept.keys();
    if (this.kept.size > mostAnswers && oldest !== undefined) this.kept.delete(oldest);
    return answer;
  }

  private async ask(token: string): Promise<AccessToken | undefined> {
    const { client, issuer, audience } = this.options;
    const { introspection_endpoint } = await this.server.addresses();
    if (!client || introspection_endpoint === undefined) return undefined;
    const basic = [client.client_id, client.client_secret].map((part) => encodeURIComponent(part)).join(':');
    const headers = { authorization: `Basic ${Buffer.from(basic).toString('base64')}`, accept: 'application/json' };
    const init = { method: 'POST', headers, body: new URLSearchParams({ token, token_type_hint: 'access_token' }) };
    const { status, text } = await request(introspection_endpoint, init, 65_536, this.options.fetch);
    const answer = status === 200 ? parseObject(text) : undefined;
    if (!answer) throw new Error(`introspection answered ${status}`);
    if (answer['active'] !== true) return undefined;
    const found = accessTokenOf(answer);
    if (!found || found.iss !== issuer || ![found.aud].flat().includes(audience)) return undefined;
    return found;
  }
}

import { createHash } from 'node:crypto';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';

export const issuer = 'https://id.example.test';
export const audience = 'https://api.example.test/orders';

/** An authorization server behind `fetch`, for the tests of the guard. */
export class FakeServer {
  /** Requests by path. */
  readonly asked = new Map<string, number>();
  /** What `/oauth2/introspect` answers. */
  introspection: Record<string, unknown> = { active: false };
  revoked: Record<string, unknown> = { grant: [], token: [], session: [], client: {}, subject: {} };
  away = false;
  listTyp = 'revocation-list+jwt';
  listAge = 0;
  /** What is in the list of what is recent; absent: there is only the whole one. */
  recent: Record<string, unknown> | undefined;
  #kid = 'one';
  #key!: CryptoKey;
  #jwk!: JWK;

  static async start(): Promise<FakeServer> {
    const server = new FakeServer();
    await server.rotate('one');
    return server;
  }

  async rotate(kid: string): Promise<void> {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    this.#kid = kid;
    this.#key = privateKey;
    this.#jwk = { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' };
  }

  /** An access token that is right but for `changes`. */
  async token(changes: JWTPayload = {}, header: Record<string, unknown> = {}, key = this.#key): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      ...{ iss: issuer, aud: audience, sub: 'ann', client_id: 'shop', scope: 'orders.read', jti: `cc.${crypto.randomUUID()}` },
      ...{ iat: now, exp: now + 300 },
    };
    return this.sign({ ...claims, ...changes }, { typ: 'at+jwt', ...header }, key);
  }

  sign(claims: JWTPayload, header: Record<string, unknown>, key = this.#key): Promise<string> {
    return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: this.#kid, ...header }).sign(key);
  }

  revoke(kind: 'grant' | 'token' | 'session', target: string): void {
    this.revoked = { ...this.revoked, [kind]: [blinded(kind, target)] };
  }

  end(kind: 'client' | 'subject', target: string, at: number): void {
    this.revoked = { ...this.revoked, [kind]: { [blinded(kind, target)]: at } };
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const { pathname } = new URL(String(input));
    this.asked.set(pathname, (this.asked.get(pathname) ?? 0) + 1);
    if (this.away) throw new TypeError('fetch failed');
    return this.#answer(pathname, new Headers(init?.headers));
  };

  async #answer(path: string, headers: Headers): Promise<Response> {
    if (path === '/.well-known/oauth-authorization-server') {
      return Response.json({
        issuer,
        jwks_uri: `${issuer}/jwks`,
        introspection_endpoint: `${issuer}/oauth2/introspect`,
        authority_revocation_list_uri: `${issuer}/revocations`,
      });
    }
    if (path === '/jwks') return Response.json({ keys: [this.#jwk] });
    if (path === '/oauth2/introspect') return Response.json(this.introspection);
    const known = headers.get('if-none-match');
    if (path === '/recent') return this.#list(known, this.recent ?? {}, { since: 0 });
    return this.#list(known, this.revoked, this.recent && { recent_uri: `${issuer}/recent` });
  }

  async #list(known: string | null, revoked: object, more: object = {}): Promise<Response> {
    const etag = `"${createHash('sha256').update(JSON.stringify(revoked)).digest('hex')}"`;
    if (known === etag) return new Response(null, { status: 304, headers: { etag } });
    const iat = Math.floor(Date.now() / 1000) - this.listAge;
    const list = await this.sign({ iss: issuer, iat, exp: iat + 60, revoked, ...more }, { typ: this.listTyp });
    return new Response(list, { headers: { etag } });
  }
}

function blinded(kind: string, target: string): string {
  return createHash('sha256')
    .update(`authority revocation 1\0${issuer}\0${kind}\0${target}`)
    .digest()
    .subarray(0, 16)
    .toString('base64url');
}

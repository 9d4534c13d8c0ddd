import { createHash, randomBytes } from 'node:crypto';
import type { Person } from './person.ts';
import { type Answer, bearer, type ClientCredential, post } from './requests.ts';

/** A registered client, as an application knows it. */
export interface Registered extends ClientCredential {
  readonly redirect_uri: string;
}

/** An authorization request that was begun, with what its answer must match. */
export interface Begun {
  readonly url: string;
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

export interface Code extends Begun {
  readonly code: string;
}

/** The tokens of a token response; `''` where there was none. */
export interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly id_token: string;
  readonly scope: string;
}

/** An application written by hand, for what published clients would refuse to send. */
export class RelyingParty {
  constructor(
    readonly issuer: string,
    readonly client: Registered,
    readonly scope = 'openid email offline_access',
  ) {}

  begin(more: Readonly<Record<string, string>> = {}): Begun {
    const [state, nonce, verifier] = [randomText(), randomText(), randomText()];
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: this.client.client_id,
      redirect_uri: this.client.redirect_uri,
      scope: this.scope,
      ...{ state, nonce },
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...more,
    });
    return { url: `${this.issuer}/oauth2/authorize?${query}`, state, nonce, verifier };
  }

  /** A fresh code for this person; they sign in and allow where asked. */
  async code(person: Person, more: Readonly<Record<string, string>> = {}): Promise<Code> {
    const begun = this.begin(more);
    const arrived = await person.authorize(begun.url);
    const code = arrived.searchParams.get('code');
    if (code === null || arrived.searchParams.get('state') !== begun.state) throw new Error(`no code: ${arrived.search}`);
    return { ...begun, code };
  }

  redeem({ code, verifier }: Pick<Code, 'code' | 'verifier'>, more: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const { redirect_uri } = this.client;
    return this.token({ grant_type: 'authorization_code', code, redirect_uri, code_verifier: verifier, ...more });
  }

  refresh(refresh_token: string, more: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.token({ grant_type: 'refresh_token', refresh_token, ...more });
  }

  /** From the request to the tokens. */
  async tokens(person: Person, more: Readonly<Record<string, string>> = {}): Promise<Tokens> {
    return tokensOf(await this.redeem(await this.code(person, more)));
  }

  token(form: Readonly<Record<string, string>>): Promise<Answer> {
    return post(`${this.issuer}/oauth2/token`, form, this.client);
  }

  /** RFC 7662, by a client that authenticates; `by` another one. */
  async isActive(token: string, by: ClientCredential = this.client): Promise<boolean> {
    const answer = await post(`${this.issuer}/oauth2/introspect`, { token }, by);
    if (answer.status !== 200) throw new Error(`introspection: ${answer.status} ${answer.text}`);
    return answer.json()['active'] === true;
  }

  revoke(token: string): Promise<Answer> {
    return post(`${this.issuer}/oauth2/revoke`, { token }, this.client);
  }

  userInfo(access_token: string): Promise<Answer> {
    return bearer(`${this.issuer}/oauth2/userinfo`, access_token);
  }
}

/** The tokens of a successful token response (RFC 6749 §5.1). */
export function tokensOf(answer: Answer): Tokens {
  if (answer.status !== 200) throw new Error(`the token endpoint answered ${answer.status}: ${answer.text}`);
  const body = answer.json();
  const text = (name: string): string => (typeof body[name] === 'string' ? body[name] : '');
  return { access_token: text('access_token'), refresh_token: text('refresh_token'), id_token: text('id_token'), scope: text('scope') };
}

export const randomText = (): string => randomBytes(32).toString('base64url');

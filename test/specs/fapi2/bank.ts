import { randomUUID } from 'node:crypto';
import {
  type Answer,
  DpopKey,
  hash,
  type Operator,
  type Person,
  post,
  type ProofChanges,
  randomText,
  request,
  type Suite,
  TestCertificate,
} from '@authority/testing/suite';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';

export const redirect_uri = 'https://bank.example.com/callback';

export type Alg = 'PS256' | 'ES256' | 'RS256';
/** What is undefined is left out. */
export type Changes = Readonly<Record<string, string | undefined>>;

export interface Got {
  readonly code: string;
  readonly verifier: string;
}

/** How the conformance suite plays the client: by which it authenticates, to what its tokens are bound, how it asks. */
export interface BankVariant {
  readonly authentication: 'private_key_jwt' | 'mtls';
  readonly constraint: 'dpop' | 'mtls';
  readonly request: 'unsigned' | 'signed';
}

export const plainBank: BankVariant = { authentication: 'private_key_jwt', constraint: 'dpop', request: 'unsigned' };

interface Push {
  /** How it authenticates, where it is another way than the usual. */
  readonly by?: Readonly<Record<string, string>>;
  readonly verifier?: string;
  readonly proof?: DpopKey;
  /** Beside the request object. */
  readonly beside?: Readonly<Record<string, string>>;
}

interface Exchange {
  /** Undefined: without a proof. */
  readonly by?: DpopKey | undefined;
  readonly more?: ProofChanges;
  readonly authentication?: Readonly<Record<string, string>>;
  readonly certificate?: TestCertificate | undefined;
}

/** The client of a bank: what it sends comes pushed, and what it gets is bound to a key. */
export class Bank {
  readonly proofKey = new DpopKey();
  #nonce: string | undefined;

  private constructor(
    readonly suite: Suite,
    readonly person: Person,
    readonly client_id: string,
    readonly keys: Record<Alg, CryptoKey>,
    readonly variant: BankVariant,
    readonly certificate: TestCertificate,
  ) {}

  static async register(suite: Suite, operator: Operator, person: Person, changes: object = {}, variant = plainBank): Promise<Bank> {
    const certificate = new TestCertificate();
    const { keys, jwks } = await makeKeys(certificate);
    const all = { ...registration, jwks, ...registrationOf(variant), ...changes };
    const { client_id } = await operator.createClient(all);
    return new Bank(suite, person, client_id, keys, variant, certificate);
  }

  at(path: string): string {
    return `${this.suite.issuer}${path}`;
  }

  /** What shows the bank's certificate, as the trusted proxy passes it on (RFC 9440). */
  shows(certificate: TestCertificate | undefined = this.certificate): Record<string, string> {
    const { authentication, constraint } = this.variant;
    const needed = authentication === 'mtls' || constraint === 'mtls';
    return needed && certificate ? { 'client-cert': `:${certificate.der.toString('base64')}:` } : {};
  }

  /** How it authenticates: by an assertion, or by its name and the certificate beside it. */
  async authentication(): Promise<Record<string, string>> {
    return this.variant.authentication === 'mtls' ? { client_id: this.client_id } : this.assertion();
  }

  async assertion(claims: object = {}, alg: Alg = 'ES256'): Promise<Record<string, string>> {
    const now = Math.floor(Date.now() / 1000);
    const own = { iss: this.client_id, sub: this.client_id, aud: this.suite.issuer };
    const all = { ...own, jti: randomText(), iat: now, exp: now + 60, ...claims };
    return {
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await new SignJWT(all).setProtectedHeader({ alg }).sign(this.keys[alg]),
    };
  }

  request(verifier: string, changes: Changes = {}): Record<string, string> {
    return changed(
      {
        ...{ response_type: 'code', client_id: this.client_id, redirect_uri, scope: 'openid offline_access' },
        ...{ state: 'the state', nonce: randomText(), code_challenge: hash(verifier), code_challenge_method: 'S256' },
      },
      changes,
    );
  }

  /** The request as an object (RFC 9101 §4); `claims` change it, `by` signs it. */
  async requestObject(changes: Changes = {}, claims: object = {}, alg: Alg = 'ES256', by: CryptoKey = this.keys[alg]): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const own = { iss: this.client_id, aud: this.suite.issuer, iat: now, nbf: now, exp: now + 300 };
    const all = { ...this.request(randomText(), changes), ...own, ...claims };
    return new SignJWT(all).setProtectedHeader({ alg, typ: 'oauth-authz-req+jwt' }).sign(by);
  }

  /** POST /oauth2/par, as the variant has it; with a proof again with the server's nonce where it wants one. */
  async push(changes: Changes = {}, { by, verifier = randomText(), proof, beside }: Push = {}): Promise<Answer> {
    const challenge = { code_challenge: hash(verifier), ...changes };
    const asked =
      this.variant.request === 'signed'
        ? { request: await this.requestObject(challenge), client_id: this.client_id, ...beside }
        : this.request(verifier, changes);
    const url = this.at('/oauth2/par');
    const send = async (dpop: Record<string, string>) =>
      post(url, { ...asked, ...(by ?? (await this.authentication())) }, undefined, { ...this.shows(), ...dpop });
    if (!proof) return send({});
    return this.withNonce((nonce) => send({ dpop: proof.proof('POST', url, { claims: { nonce } }) }));
  }

  /** POST /oauth2/par with an object as it is. */
  async pushObject(object: string): Promise<Answer> {
    const form = { client_id: this.client_id, ...(await this.authentication()), request: object };
    return post(this.at('/oauth2/par'), form, undefined, this.shows());
  }

  authorizeUrl(pushed: Answer, more: Readonly<Record<string, string>> = {}): string {
    const query = { client_id: this.client_id, request_uri: String(pushed.json()['request_uri']), ...more };
    return this.at(`/oauth2/authorize?${new URLSearchParams(query)}`);
  }

  /** The address that the person came back at; `beside`: what the browser brings besides. */
  async arrive(changes: Changes = {}, verifier = randomText(), beside: Readonly<Record<string, string>> = {}): Promise<URL> {
    return this.person.authorize(this.authorizeUrl(await this.pushed(changes, verifier), beside));
  }

  /** As push; what is not taken ends the test. */
  async pushed(changes: Changes = {}, verifier = randomText(), proof?: DpopKey): Promise<Answer> {
    const answer = await this.push(changes, { verifier, ...(proof && { proof }) });
    if (answer.status !== 201) throw new Error(`the request was not taken: ${answer.text}`);
    return answer;
  }

  async code(changes: Changes = {}, proof?: DpopKey): Promise<Got> {
    const verifier = randomText();
    const { searchParams } = await this.person.authorize(this.authorizeUrl(await this.pushed(changes, verifier, proof)));
    return { code: searchParams.get('code') ?? '', verifier };
  }

  redeem({ code, verifier }: Got, changes: Changes = {}): Record<string, string> {
    return changed({ grant_type: 'authorization_code', code, redirect_uri, code_verifier: verifier }, changes);
  }

  /** A token request that shows what its tokens are to be bound to; with a proof again with the server's nonce where it wants one. */
  exchange(form: Record<string, string>, options: Exchange = {}): Promise<Answer> {
    const usual = this.variant.constraint === 'dpop' ? this.proofKey : undefined;
    const by = 'by' in options ? options.by : usual;
    const certificate = 'certificate' in options ? options.certificate : this.certificate;
    const { more = {}, authentication } = options;
    const url = this.at('/oauth2/token');
    return this.withNonce(async (nonce) => {
      const dpop = by?.proof('POST', url, { ...more, claims: { nonce, jti: randomUUID(), ...more.claims } });
      const headers = { ...(certificate && this.shows(certificate)), ...(dpop !== undefined && { dpop }) };
      return post(url, { ...form, ...(authentication ?? (await this.authentication())) }, undefined, headers);
    });
  }

  /** UserInfo, which wants the key again. */
  userInfo(access_token: string, scheme = this.variant.constraint === 'dpop' ? 'DPoP' : 'Bearer'): Promise<Answer> {
    const url = this.at('/oauth2/userinfo');
    const authorization = `${scheme} ${access_token}`;
    if (this.variant.constraint === 'mtls') return request(url, { headers: { authorization, ...this.shows() } });
    return this.withNonce((nonce) => {
      const dpop = this.proofKey.proof('GET', url, { claims: { nonce, ath: hash(access_token) } });
      return request(url, { headers: { authorization, dpop } });
    });
  }

  async withNonce(send: (nonce: string | undefined) => Promise<Answer>): Promise<Answer> {
    const first = await send(this.#nonce);
    this.#nonce = first.headers.get('dpop-nonce') ?? this.#nonce;
    const [, challenged] = /error="([^"]*)"/.exec(first.headers.get('www-authenticate') ?? '') ?? [];
    const error = first.status < 300 ? undefined : (challenged ?? first.json()['error']);
    return error === 'use_dpop_nonce' ? send(this.#nonce) : first;
  }
}

/** What such a client registers. */
export const registration = {
  ...{ client_name: 'Bank', profile: 'fapi2-security', redirect_uris: [redirect_uri], scope: 'openid profile email offline_access' },
  ...{ grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'], token_endpoint_auth_method: 'private_key_jwt' },
};

const registrationOf = ({ authentication, constraint, request: asked }: BankVariant) => ({
  ...(authentication === 'mtls' && { token_endpoint_auth_method: 'self_signed_tls_client_auth' }),
  ...(constraint === 'mtls' && { tls_client_certificate_bound_access_tokens: true }),
  ...(asked === 'signed' && { require_signed_request_object: true }),
});

async function makeKeys(certificate: TestCertificate): Promise<{ keys: Record<Alg, CryptoKey>; jwks: string }> {
  const rsa = await generateKeyPair('PS256', { extractable: true });
  const ec = await generateKeyPair('ES256', { extractable: true });
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', rsa.privateKey);
  const RS256 = await crypto.subtle.importKey('pkcs8', pkcs8, { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, false, ['sign']);
  const jwks = JSON.stringify({ keys: [await exportJWK(rsa.publicKey), await exportJWK(ec.publicKey), certificate.jwk] });
  return { keys: { PS256: rsa.privateKey, ES256: ec.privateKey, RS256 }, jwks };
}

function changed(all: Record<string, string>, changes: Changes): Record<string, string> {
  return Object.fromEntries(Object.entries({ ...all, ...changes }).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

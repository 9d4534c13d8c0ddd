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
  type Suite,
} from '@authority/testing/suite';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';

export const redirect_uri = 'https://bank.example.com/callback';

type Alg = 'PS256' | 'ES256' | 'RS256';
/** What is undefined is left out. */
export type Changes = Readonly<Record<string, string | undefined>>;

export interface Got {
  readonly code: string;
  readonly verifier: string;
}

/** The client of a bank, as the conformance suite plays it: private_key_jwt, pushed requests, DPoP. */
export class Bank {
  readonly proofKey = new DpopKey();
  #nonce: string | undefined;

  private constructor(
    readonly suite: Suite,
    readonly person: Person,
    readonly client_id: string,
    readonly keys: Record<Alg, CryptoKey>,
  ) {}

  static async register(suite: Suite, operator: Operator, person: Person, changes: object = {}): Promise<Bank> {
    const { keys, jwks } = await makeKeys();
    const { client_id } = await operator.createClient({ ...registration, jwks, ...changes });
    return new Bank(suite, person, client_id, keys);
  }

  at(path: string): string {
    return `${this.suite.issuer}${path}`;
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

  /** POST /oauth2/par; `by`: how it authenticates. */
  async push(changes: Changes = {}, by?: Record<string, string>, verifier = randomText(), dpop?: string): Promise<Answer> {
    const form = { ...this.request(verifier, changes), ...(by ?? (await this.assertion())) };
    return post(this.at('/oauth2/par'), form, undefined, dpop === undefined ? {} : { dpop });
  }

  /** As push, with a proof, again with the server's nonce where it wants one. */
  pushWithProof(by: DpopKey, changes: Changes, verifier: string): Promise<Answer> {
    return this.withNonce((nonce) =>
      this.push(changes, undefined, verifier, by.proof('POST', this.at('/oauth2/par'), { claims: { nonce } })),
    );
  }

  authorizeUrl(pushed: Answer, client_id = this.client_id): string {
    return this.at(`/oauth2/authorize?${new URLSearchParams({ client_id, request_uri: String(pushed.json()['request_uri']) })}`);
  }

  /** The address that the person came back at. */
  async arrive(changes: Changes = {}, verifier = randomText(), decision: 'allow' | 'deny' = 'allow'): Promise<URL> {
    const pushed = await this.push(changes, undefined, verifier);
    if (pushed.status !== 201) throw new Error(`the request was not taken: ${pushed.text}`);
    return this.person.authorize(this.authorizeUrl(pushed), decision);
  }

  async code(changes: Changes = {}): Promise<Got> {
    const verifier = randomText();
    return { code: (await this.arrive(changes, verifier)).searchParams.get('code') ?? '', verifier };
  }

  redeem({ code, verifier }: Got, changes: Changes = {}): Record<string, string> {
    return changed({ grant_type: 'authorization_code', code, redirect_uri, code_verifier: verifier }, changes);
  }

  /** A token request with a proof, again with the server's nonce where it wants one. */
  exchange(form: Record<string, string>, by = this.proofKey, more: ProofChanges = {}): Promise<Answer> {
    return this.withNonce(async (nonce) => {
      const dpop = by.proof('POST', this.at('/oauth2/token'), { ...more, claims: { nonce, jti: randomUUID(), ...more.claims } });
      return post(this.at('/oauth2/token'), { ...form, ...(await this.assertion()) }, undefined, { dpop });
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

async function makeKeys(): Promise<{ keys: Record<Alg, CryptoKey>; jwks: string }> {
  const rsa = await generateKeyPair('PS256', { extractable: true });
  const ec = await generateKeyPair('ES256', { extractable: true });
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', rsa.privateKey);
  const RS256 = await crypto.subtle.importKey('pkcs8', pkcs8, { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, false, ['sign']);
  const jwks = JSON.stringify({ keys: [await exportJWK(rsa.publicKey), await exportJWK(ec.publicKey)] });
  return { keys: { PS256: rsa.privateKey, ES256: ec.privateKey, RS256 }, jwks };
}

function changed(all: Record<string, string>, changes: Changes): Record<string, string> {
  return Object.fromEntries(Object.entries({ ...all, ...changes }).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { OAuthError } from '@authority/errors';
import type { DecryptionKeys, PushedRequest, PushedRequests, RequestObjects } from '@authority/protocol';
import { testKeys } from './protocol-keys.ts';

export class FakePushedRequests implements PushedRequests {
  readonly all = new Map<string, PushedRequest>();
  #count = 0;

  async store(request: PushedRequest): Promise<string> {
    this.#count += 1;
    this.all.set(`pushed-${this.#count}`, request);
    return `pushed-${this.#count}.secret`;
  }

  async find(reference: string): Promise<{ id: string; request: PushedRequest } | undefined> {
    const [id = '', secret] = reference.split('.');
    const request = this.all.get(id);
    return request && secret === 'secret' ? { id, request } : undefined;
  }

  async keep(id: string): Promise<boolean> {
    return this.all.has(id);
  }

  async take(id: string): Promise<boolean> {
    return this.all.delete(id);
  }
}

/** Request objects by their address. */
export class FakeRequestObjects implements RequestObjects {
  readonly published = new Map<string, string>();
  readonly asked: string[] = [];

  async fetch(uri: string): Promise<string> {
    this.asked.push(uri);
    const found = this.published.get(uri);
    if (found === undefined) throw new OAuthError('invalid_request_uri', 'request_uri_unavailable');
    return found;
  }
}

/** The server's keys for what is encrypted for it: an RSA and an EC one. */
export class FakeDecryptionKeys implements DecryptionKeys {
  readonly kid = { RSA: 'enc-rsa', EC: 'enc-ec' };

  find(alg: string, kid: string | undefined): readonly KeyObject[] {
    const type = alg.startsWith('RSA') ? 'RSA' : 'EC';
    if (kid !== undefined && kid !== this.kid[type]) return [];
    return [createPrivateKey({ key: { ...(type === 'RSA' ? testKeys.RS256 : testKeys.ES256) }, format: 'jwk' })];
  }

  publicKey(type: 'RSA' | 'EC'): KeyObject {
    return createPublicKey(createPrivateKey({ key: { ...(type === 'RSA' ? testKeys.RS256 : testKeys.ES256) }, format: 'jwk' }));
  }
}

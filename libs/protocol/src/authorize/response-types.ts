import type { ResponseMode } from '../model/front-channel.ts';

/** A response type (RFC 6749 §3.1.1, OAuth 2.0 Multiple Response Types §3, §5): what the answer in the browser brings. */
export interface ResponseType {
  /** Its words in the one order that this server compares by; clients send any (RFC 6749 §3.1.1). */
  name: string;
  code: boolean;
  idToken: boolean;
  accessToken: boolean;
}

/** The registry. Discovery lists it, registration allows from it; all but `code` only where a client is allowed them. */
export const responseTypeRegistry: readonly ResponseType[] = [
  'code',
  'id_token',
  'token',
  'id_token token',
  'code id_token',
  'code token',
  'code id_token token',
].map((name) => {
  const words = name.split(' ');
  return { name, code: words.includes('code'), idToken: words.includes('id_token'), accessToken: words.includes('token') };
});

const byName: ReadonlyMap<string, ResponseType> = new Map(responseTypeRegistry.map((type) => [type.name, type]));

export function findResponseType(value: string): ResponseType | undefined {
  return byName.get(canonicalResponseType(value));
}

/** The order of the words does not matter (RFC 6749 §3.1.1). */
export function canonicalResponseType(value: string): string {
  return value.split(' ').sort().join(' ');
}

/** The grant type that a client must have for it (OpenID Connect Registration §2): a code is redeemed, the rest is implicit. */
export function grantTypeOf({ code }: ResponseType): 'authorization_code' | 'implicit' {
  return code ? 'authorization_code' : 'implicit';
}

/** Whether the browser brings tokens: then the answer is never in a query (Multiple Response Types §3, §5). */
export function bringsTokens({ idToken, accessToken }: ResponseType): boolean {
  return idToken || accessToken;
}

/** `grant_types` that stand for no grant of the token endpoint but for response types (OpenID Connect Discovery §3). */
export const frontChannelGrantTypes: readonly string[] = responseTypeRegistry.some(({ code }) => !code) ? ['implicit'] : [];

/** How an answer may travel (Multiple Response Types §2.1, Form Post). A code does not go where scripts of the page read it. */
export function responseModesOf(type: ResponseType): readonly [ResponseMode, ...ResponseMode[]] {
  return bringsTokens(type) ? ['fragment', 'form_post'] : ['query', 'form_post'];
}

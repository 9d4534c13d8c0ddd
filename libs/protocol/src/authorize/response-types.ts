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
  'none',
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

/**
 * The grant type that a client must have for it (OpenID Connect Registration §2): a code is redeemed, tokens of the browser
 * are implicit, and `none` gives nothing (Multiple Response Types §4).
 */
export function grantTypeOf(type: ResponseType): 'authorization_code' | 'implicit' | undefined {
  if (type.code) return 'authorization_code';
  return bringsTokens(type) ? 'implicit' : undefined;
}

/** Whether the browser brings tokens: then the answer is never in a query (Multiple Response Types §3, §5). */
export function bringsTokens({ idToken, accessToken }: ResponseType): boolean {
  return idToken || accessToken;
}

/** `grant_types` that stand for no grant of the token endpoint but for response types (OpenID Connect Discovery §3). */
export const frontChannelGrantTypes: readonly string[] = responseTypeRegistry.some((type) => grantTypeOf(type) === 'implicit')
  ? ['implicit']
  : [];

/** How an answer may travel, the default first (Multiple Response Types §2.1, Form Post). */
export function responseModesOf(type: ResponseType): readonly [ResponseMode, ...ResponseMode[]] {
  return bringsTokens(type) ? ['fragment', 'form_post'] : ['query', 'fragment', 'form_post'];
}

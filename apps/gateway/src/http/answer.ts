/** What an endpoint answers. Endpoints are functions from a request to this; `serve.ts` alone writes to sockets. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
  /** Values of `Set-Cookie`. */
  readonly cookies?: readonly string[];
}

/** RFC 6749 §5.1: nothing that holds a token, or tells that there is none, is kept by a cache. */
export const noStore = { 'cache-control': 'no-store', pragma: 'no-cache' } as const;

export const jsonHeaders = {
  'content-type': 'application/json',
  ...noStore,
  'x-content-type-options': 'nosniff',
} as const;

export const json = (status: number, body: string, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status,
  headers: { ...jsonHeaders, ...headers },
  body,
});

/** RFC 9449 §8.2: the nonce for the client's next proof, where there is one. */
export const dpopNonce = (nonce: string | undefined): Readonly<Record<string, string>> | undefined =>
  nonce === undefined || nonce === '' ? undefined : { 'dpop-nonce': nonce };

/**
 * 303 and never 302: the browser must follow with GET and drop the body of a form, which may hold a password
 * (RFC 9700 §4.12).
 */
export const seeOther = (location: string, cookies: readonly string[] = []): Answer => ({
  status: 303,
  headers: { location: asciiUri(location), ...noStore, 'referrer-policy': 'no-referrer' },
  body: '',
  cookies,
});

/** A header holds ASCII. A control character in a location would be our fault, or an attack: it is not sent. */
function asciiUri(uri: string): string {
  if (/[\x00-\x20\x7f]/.test(uri)) throw new Error('a redirect location holds a control character or a space');
  return uri.replace(/[^\x21-\x7e]+/gu, encodeURI);
}

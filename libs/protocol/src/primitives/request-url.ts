/** Printable ASCII without what URL parsers repair, each in its own way. */
const plain = /^[\x21\x23-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]+$/;

/**
 * Whether a URL that a client wrote names the request that the edge saw (RFC 9449 §4.3): query and fragment apart, after
 * the normalization of RFC 3986 §6.2.2 and §6.2.3. What a parser would have to repair is no match.
 */
export function namesRequest(written: string, url: string): boolean {
  if (written === url) return true;
  if (written.length > 2048 || !plain.test(written) || !/^https?:\/\/[^/?#]/i.test(written)) return false;
  const normal = normalized(written);
  return normal !== undefined && normal === normalized(url);
}

function normalized(text: string): string | undefined {
  const decoded = text.replace(/%[0-9a-f]{2}/gi, unreserved);
  if (!URL.canParse(decoded)) return undefined;
  const url = new URL(decoded);
  // Somebody who names a user means another request, whatever host comes behind.
  if (url.username !== '' || url.password !== '') return undefined;
  return url.origin + url.pathname;
}

/** RFC 3986 §6.2.2.1 and §6.2.2.2: unreserved characters as they are, the rest in upper case. */
function unreserved(encoded: string): string {
  const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16));
  return /[A-Za-z0-9\-._~]/.test(character) ? character : encoded.toUpperCase();
}

/** What `Authorization: Basic` carries for a client (RFC 6749 §2.3.1). */
export interface BasicCredentials {
  client_id: string;
  client_secret: string;
}

/**
 * Reads the header: base64 of `id:secret`, both form-urlencoded before they were joined (RFC 6749 §2.3.1, appendix B).
 * Undefined for anything else. The scheme's case does not matter (RFC 9110 §11.1).
 */
export function parseBasic(header: string): BasicCredentials | undefined {
  const match = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(header);
  if (!match?.[1]) return undefined;
  const joined = Buffer.from(match[1], 'base64').toString('latin1');
  const colon = joined.indexOf(':');
  if (colon < 1) return undefined;
  const client_id = formUrlDecode(joined.slice(0, colon));
  const client_secret = formUrlDecode(joined.slice(colon + 1));
  if (client_id === undefined || client_secret === undefined) return undefined;
  return { client_id, client_secret };
}

/** application/x-www-form-urlencoded, one value (RFC 6749 appendix B). Undefined when it is not well formed. */
export function formUrlDecode(value: string): string | undefined {
  if (isPlain(value)) return value;
  try {
    // Bytes beyond ASCII can't come from the encoding; some clients send raw UTF-8 all the same, and it is taken as such.
    const text = Buffer.from(value.replaceAll('+', ' '), 'latin1');
    const spelled = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(text);
    const decoded = decodeURIComponent(spelled);
    return /[\u0000-\u001f\u007f]/.test(decoded) ? undefined : decoded;
  } catch {
    return undefined;
  }
}

/** What means itself in that encoding. The usual case: secrets that this server makes are base64url. */
function isPlain(value: string): boolean {
  return /^[A-Za-z0-9_.~*:/=-]*$/.test(value);
}

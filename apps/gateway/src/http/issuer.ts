/** The issuer as the edge needs it. Its spelling was settled by libs/config. */
export interface Issuer {
  readonly url: string;
  readonly origin: string;
  /** Host and port, for people. */
  readonly host: string;
  /** Path below which everything lies; `''` for none. */
  readonly path: string;
  readonly secure: boolean;
  readonly port: string;
}

export function issuerOf(url: string): Issuer {
  const parsed = new URL(url);
  const secure = parsed.protocol === 'https:';
  return {
    url,
    origin: parsed.origin,
    host: parsed.host,
    path: parsed.pathname.replace(/\/$/, ''),
    secure,
    port: parsed.port || (secure ? '443' : '80'),
  };
}

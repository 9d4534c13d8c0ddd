/** A client as it presents itself: with a secret by HTTP Basic, without one by its name alone. */
export interface ClientCredential {
  readonly client_id: string;
  readonly client_secret?: string;
}

/** An answer that was read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  json(): Record<string, unknown>;
}

export type Form = Readonly<Record<string, string>> | readonly (readonly [string, string])[] | string;

/** RFC 6749 §2.3.1: both parts form-urlencoded before they are joined. */
export function basic({ client_id, client_secret = '' }: ClientCredential): string {
  const encoded = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1);
  return `Basic ${Buffer.from(`${encoded(client_id)}:${encoded(client_secret)}`).toString('base64')}`;
}

/** A form POST, as clients send it; `client` authenticates it. */
export function post(url: string, form: Form, client?: ClientCredential, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const isPublic = client !== undefined && client.client_secret === undefined;
  const body = isPublic ? `${encode(form)}&client_id=${encodeURIComponent(client.client_id)}` : encode(form);
  const authorization = client && !isPublic ? { authorization: basic(client) } : undefined;
  return request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...authorization, ...headers },
    body,
  });
}

export async function request(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(15_000), ...init });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) as Record<string, unknown> };
}

/** RFC 6750 §2.1. */
export function bearer(url: string, token: string, method: 'GET' | 'POST' = 'GET'): Promise<Answer> {
  return request(url, { method, headers: { authorization: `Bearer ${token}` } });
}

export function encode(form: Form): string {
  if (typeof form === 'string') return form;
  const encoded = new URLSearchParams();
  for (const [name, value] of Symbol.iterator in form ? form : Object.entries(form)) encoded.append(name, value);
  return encoded.toString();
}

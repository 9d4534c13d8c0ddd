import { type JsonObject, parseObject } from './json.ts';

/** Whoever hangs is given up. */
const timeoutMs = 3000;

export interface Fetched {
  status: number;
  etag: string | undefined;
  text: string;
}

/** One bounded request to the authorization server. No redirect is followed: its addresses are the ones that it says. */
export async function request(url: string, init: RequestInit, most: number, via: typeof fetch): Promise<Fetched> {
  const response = await via(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(timeoutMs) });
  const text = await bounded(response, most);
  return { status: response.status, etag: response.headers.get('etag') ?? undefined, text };
}

export async function getJson(url: string, via: typeof fetch): Promise<JsonObject> {
  const { status, text } = await request(url, { headers: { accept: 'application/json' } }, 1_048_576, via);
  const found = status === 200 ? parseObject(text) : undefined;
  if (!found) throw new Error(`${url} answered ${status} without a JSON object`);
  return found;
}

async function bounded({ body }: Response, most: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    if (size > most) throw new Error(`an answer of more than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

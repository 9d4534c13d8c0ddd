import { isLoopbackHost } from '@authority/config';
import { failure, NotAdmitted } from '../fault.ts';
import type { OperatorFile } from './operator-file.ts';

export interface AccessTokenPorts {
  readonly fetch: typeof fetch;
  readonly timeoutMs: number;
}

/**
 * A token of the operator's client (RFC 6749 §4.4), kept in memory only. The client names neither scope nor resource
 * that others may choose: `authority.admin`, and the client's default resource `<issuer>/admin`.
 */
export async function accessToken(operator: OperatorFile, ports: AccessTokenPorts): Promise<string> {
  const response = await ask(operator, ports);
  const answer = await objectOf(response);
  if (response.ok && typeof answer.access_token === 'string' && answer.access_token !== '') return answer.access_token;
  const error = typeof answer.error === 'string' ? answer.error : `HTTP ${response.status}`;
  const description = typeof answer.error_description === 'string' ? ` (${answer.error_description})` : '';
  const line = `token: ${operator.issuer} gave none, ${error}${description}`;
  if (response.status >= 500) throw new NotAdmitted(`${line}; try again in a moment`);
  throw new NotAdmitted(`${line}; the operator file may be of another server or out of date, give --operator-file`);
}

async function ask(operator: OperatorFile, { fetch, timeoutMs }: AccessTokenPorts): Promise<Response> {
  const endpoint = tokenEndpoint(operator.issuer);
  try {
    return await fetch(endpoint, {
      method: 'POST',
      headers: {
        // RFC 6749 §2.3.1: both parts form-urlencoded before they are joined.
        authorization: `Basic ${Buffer.from(`${formEncoded(operator.client_id)}:${formEncoded(operator.client_secret)}`).toString('base64')}`,
        accept: 'application/json',
      },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'authority.admin' }),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch {
    throw new NotAdmitted(`issuer: ${operator.issuer} does not answer; is the server running? start it with npm start`);
  }
}

function tokenEndpoint(issuer: string): URL {
  if (!URL.canParse(issuer))
    throw failure('operator', `the issuer ${JSON.stringify(issuer)} is no URL`, 'give another file with --operator-file');
  const url = new URL(`${issuer}/oauth2/token`);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopbackHost(url.hostname))) {
    throw failure('issuer', `${issuer} is not https, and the secret would travel in the open`, 'use an https issuer');
  }
  return url;
}

const formEncoded = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1);

async function objectOf(response: Response): Promise<Readonly<Record<string, unknown>>> {
  const value: unknown = await response.json().catch(() => undefined);
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

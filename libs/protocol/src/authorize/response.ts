import { OAuthError } from '@authority/errors';
import type { ClientResponse, ResponseMode } from '../model/front-channel.ts';

/** What an answer needs to find its way (RFC 6749 §4.1.2). */
export interface AnswerTo {
  redirect_uri: string;
  response_mode: ResponseMode;
  state?: string;
}

/** A refusal that the client is told. Carries where to; the wrapped error has the reason for the log. */
export class RedirectedError extends Error {
  readonly to: AnswerTo;
  readonly refusal: OAuthError;

  constructor(to: AnswerTo, refusal: OAuthError) {
    super(refusal.message, { cause: refusal });
    this.name = 'RedirectedError';
    this.to = to;
    this.refusal = refusal;
  }
}

/** What is wrong from here on is told to the client. */
export function redirecting<T>(to: AnswerTo, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof OAuthError ? new RedirectedError(to, error) : error;
  }
}

/** A successful answer. `iss` is in every answer, so that a client sees a mix-up (RFC 9207 §2). */
export function successResponse(to: AnswerTo, pairs: readonly (readonly [string, string])[], issuer: string): ClientResponse {
  return respond(to, pairs, issuer);
}

/** An error for the client (RFC 6749 §4.1.2.1). */
export function errorResponse({ to, refusal }: RedirectedError, issuer: string): ClientResponse {
  const { error, description } = refusal;
  const pairs: [string, string][] = [['error', error]];
  if (description !== undefined) pairs.push(['error_description', description]);
  return { ...respond(to, pairs, issuer), reason: refusal.reason };
}

function respond(to: AnswerTo, pairs: readonly (readonly [string, string])[], issuer: string): ClientResponse {
  const all: (readonly [string, string])[] = [...pairs];
  if (to.state !== undefined) all.push(['state', to.state]);
  all.push(['iss', issuer]);
  return {
    redirect_uri: to.redirect_uri,
    response_mode: to.response_mode,
    parameters: all.map(([name, value]) => ({ name, value })),
  };
}

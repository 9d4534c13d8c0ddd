/** Why a request did not end in an answer. `refused` ones never left the process. */
export const outboundReasons = [
  'url_refused',
  'address_refused',
  'name_unknown',
  'overloaded',
  'timeout',
  'cancelled',
  'unreachable',
  'tls_failed',
  'proxy_failed',
  'answer_too_large',
  'encoding_refused',
  'answer_malformed',
] as const;

export type OutboundReason = (typeof outboundReasons)[number];

/** The host is named, path and query are not: they may carry what belongs to a user. */
export class OutboundError extends Error {
  readonly reason: OutboundReason;
  readonly host: string;

  constructor(reason: OutboundReason, host: string, detail: string, cause?: unknown) {
    super(`${host}: ${detail}`, cause === undefined ? undefined : { cause });
    this.name = 'OutboundError';
    this.reason = reason;
    this.host = host;
  }
}

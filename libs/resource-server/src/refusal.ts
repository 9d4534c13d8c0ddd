/** A refused request: what to answer (RFC 6750 §3). */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly status: 400 | 401 | 403 | 503,
    /** A code of RFC 6750, RFC 9449 or RFC 9470; absent for a request without a token (RFC 6750 §3.1). */
    readonly error: string | undefined,
    readonly description: string,
    readonly headers: Readonly<Record<string, string | readonly string[]>>,
  ) {
    super(description);
  }

  /** JSON, for people with a terminal; the challenge says the same. */
  get body(): string {
    return JSON.stringify(this.error === undefined ? {} : { error: this.error, error_description: this.description });
  }
}

/** Attributes of a challenge, in order; undefined ones are left out. */
export type Attributes = Readonly<Record<string, string | undefined>>;

/** RFC 9110 §11.6.1. Everything in it is ours: quotes are taken out rather than escaped. */
export function challenge(scheme: 'Bearer' | 'DPoP', attributes: Attributes): string {
  const pairs = Object.entries(attributes).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}="${value.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, '')}"`],
  );
  return pairs.length === 0 ? scheme : `${scheme} ${pairs.join(', ')}`;
}

/** The server cannot be asked, so that nobody can know whether the token counts. */
export function unavailable(description: string): Refusal {
  return new Refusal(503, 'temporarily_unavailable', description, { 'retry-after': '1' });
}

/** Another issuer whose JWTs this server takes as grants, as an operator describes it (RFC 7523 §2.1). */
export interface TrustedIssuer {
  /** Public id. */
  trusted_issuer_id: string;
  /**
   * The beginning of the `jti` of every token that its assertions get, so that its end ends them. Another one after it was
   * disabled: what ended stays ended when it is trusted again.
   */
  tokenFamily: string;
  /** `iss` of its assertions; compared whole. Never this server. */
  issuer: string;
  jwks?: { keys: readonly Record<string, unknown>[] };
  jwks_uri?: string;
  /**
   * Whom its `sub` names. `external`: somebody of that issuer, whom no person and no client here can be mistaken for.
   * `local`: a person here, by the subject that this server gave them; whoever has that issuer's key is everybody here.
   */
  subjects: 'external' | 'local';
  /** The only ones that it may speak for, exactly; empty: all. */
  allowedSubjects: readonly string[];
  /** The most that its assertions can get. */
  scopes: readonly string[];
  /** The longest life of an assertion, in seconds. */
  assertionLifetime: number;
  /** Its assertions are refused, and the tokens that they got have ended. */
  disabled: boolean;
}

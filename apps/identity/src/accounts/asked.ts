/** Who asked for a change, as the edge saw it: for the notice that the person gets of it. */
export interface Asked {
  /** `user:<sub>`, `operator:<client_id>`, for the audit log. */
  readonly actor: string;
  /** Unix milliseconds. */
  readonly at: number;
  readonly address: string;
  readonly userAgent: string;
  /** Of the page (BCP 47); empty for the server's. */
  readonly locale: string;
}

import type { Completion, FlowMessage } from './state.ts';

/** What a person submitted. */
export interface Submission {
  readonly values: Readonly<Record<string, string>>;
  readonly browser: string;
  readonly address: string;
  readonly now: number;
}

/** What became of a step. */
export type Outcome =
  | { readonly done: true; readonly completion: Completion }
  | {
      readonly done: false;
      /** By field; of the flow as a whole under the empty name. */
      readonly messages: Readonly<Record<string, readonly FlowMessage[]>>;
      readonly retryAt?: number;
    };

export type Step = (submission: Submission) => Promise<Outcome>;

export const refused = (messages: Readonly<Record<string, readonly FlowMessage[]>>, retryAt?: number): Outcome => ({
  done: false,
  messages,
  ...(retryAt === undefined ? {} : { retryAt }),
});

/** The one class that a password reaches; `acr` values are this server's own (OpenID Connect Core §2). */
export const passwordAcr = 'urn:authority:acr:password';

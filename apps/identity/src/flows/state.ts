/** The kinds of flows, as they are stored. */
export type Kind = 'login' | 'registration';

/** A message with a stable id; its text lives with the user interface. */
export interface FlowMessage {
  readonly id: string;
  readonly severity: 'error' | 'info';
  readonly parameters: Readonly<Record<string, string>>;
}

/** What a flow remembers between two requests. Never a secret. */
export interface FlowState {
  readonly kind: Kind;
  /** SHA-256 of the browser cookie's value: nobody else may go on with the flow. */
  readonly browser: string;
  readonly expiresAt: number;
  /** What was typed, secrets excepted, by field. */
  readonly values: Readonly<Record<string, string>>;
  /** By field; of the flow as a whole under the empty name. */
  readonly messages: Readonly<Record<string, readonly FlowMessage[]>>;
  readonly retryAt: number;
}

/** A flow in the store. `stored` is what an atomic change compares with. */
export interface StoredFlow {
  readonly handle: string;
  readonly id: string;
  readonly stored: string;
  readonly state: FlowState;
}

/** Where flows are kept. */
export interface Flows {
  start(state: FlowState): Promise<StoredFlow>;
  find(handle: string): Promise<StoredFlow | undefined>;
  /** Atomic: keeps the new state unless somebody else has changed or finished the flow. */
  change(flow: StoredFlow, state: FlowState): Promise<void>;
  /** Atomic: of many that finish a flow one is answered true. */
  finish(flow: StoredFlow): Promise<boolean>;
}

/** The facts of a finished sign-in, until session redeems them. */
export interface Completion {
  readonly sub: string;
  readonly amr: readonly string[];
  readonly acr: string;
  readonly authTime: number;
  readonly browser: string;
  /** Of the account at the sign-in: a credential that changed since ends this completion too. */
  readonly security: number;
}

/** Where completions are kept. */
export interface Completions {
  /** Answers the handle. */
  put(completion: Completion): Promise<string>;
  /** Atomic: one taker gets it. */
  take(handle: string): Promise<Completion | undefined>;
}

export const errorMessage = (id: string, parameters: Readonly<Record<string, string>> = {}): FlowMessage => ({
  id,
  severity: 'error',
  parameters,
});

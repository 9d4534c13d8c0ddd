import type { Factor } from './assurance.ts';

/** The kinds of flows, as they are stored. */
export type Kind = 'login' | 'registration' | 'recovery' | 'verification' | 'settings';

/** A message with a stable id; its text lives with the user interface. */
export interface FlowMessage {
  readonly id: string;
  readonly severity: 'error' | 'info';
  readonly parameters: Readonly<Record<string, string>>;
}

/** By field; of the form as a whole under the empty name. */
export type Messages = Readonly<Record<string, readonly FlowMessage[]>>;

/** What a method keeps in a flow: a challenge, the id of a code. Never a secret in clear. */
export type Memory = Readonly<Record<string, unknown>>;

/** Somebody who is known to the flow: a factor proved it, or session's word. */
export interface Person {
  readonly sub: string;
  /** Of the account when it was proved: a credential that changed since ends the flow. */
  readonly security: number;
}

/** session's word on who is signed in in this browser. */
export interface Attestation {
  readonly sub: string;
  readonly sid: string;
  readonly browser: string;
  readonly amr: readonly string[];
  readonly acr: string;
  readonly authTime: number;
}

/** The form that was submitted last: it is shown again with what was typed, secrets excepted, and what was wrong. */
export interface LastForm {
  readonly method: string;
  readonly values: Readonly<Record<string, string>>;
  readonly messages: Messages;
  readonly retryAt: number;
}

/** What a flow remembers between two requests. Never a secret. */
export interface FlowState {
  readonly kind: Kind;
  /** SHA-256 of the browser cookie's value: nobody else may go on with the flow. */
  readonly browser: string;
  readonly expiresAt: number;
  /** What the edge wanted to have in the identifier field. */
  readonly hint: string;
  /** The language of the page (BCP 47); empty for the server's. */
  readonly locale: string;
  /** What the flow is for, at the edge; no meaning here. */
  readonly interaction: string;
  /** Classes that were asked for. */
  readonly acrValues: readonly string[];
  /** Who goes on to another place is to prove there, too, who they are. */
  readonly isAgain?: boolean;
  readonly person?: Person;
  readonly factors: readonly Factor[];
  /** Of a settings flow, and of a login flow that goes on from a session. */
  readonly attested?: Attestation;
  readonly last?: LastForm;
  /** By method. */
  readonly memory: Readonly<Record<string, Memory>>;
  /** Set when a flow that ends in no sign-in has reached its end. */
  readonly isDone?: boolean;
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
  /** Atomic: keeps the new state, and answers false, unless somebody else has changed or finished the flow since it was found. */
  change(flow: StoredFlow, state: FlowState): Promise<boolean>;
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

/** What may be taken once: completions, and session's attestations. */
export interface Once<T> {
  /** Answers the handle. */
  put(value: T): Promise<string>;
  /** Atomic: one taker gets it. */
  take(handle: string): Promise<T | undefined>;
}

export type Completions = Once<Completion>;
export type Attestations = Once<Attestation>;

export const errorMessage = (id: string, parameters: Readonly<Record<string, string>> = {}): FlowMessage => ({
  id,
  severity: 'error',
  parameters,
});

export const infoMessage = (id: string, parameters: Readonly<Record<string, string>> = {}): FlowMessage => ({
  id,
  severity: 'info',
  parameters,
});

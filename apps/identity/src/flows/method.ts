import type { Action, Field, Item } from '@authority/contracts/identity';
import type { Factor } from './assurance.ts';
import type { FlowMessage, FlowState, Memory, Messages, Person } from './state.ts';

/**
 * One way to prove who one is, or one section of the account. A method says what it offers at a stage and judges what
 * was submitted there; it never decides whether that is enough (stages.ts), and never makes a completion.
 */
export interface Method {
  /** As in forms, and the name of its memory in a flow: `password`, `passkey`, `totp`, `recovery_code`, `email_code`, ... */
  readonly name: string;
  /** Proves who somebody is. Its offer is the same for everybody: nobody is known yet. */
  readonly first?: Part;
  /** Proves more about a person who is known. No offer where the person has none of it. */
  readonly second?: SecondPart;
  /** Gives a person without a second factor one, within the sign-in, where the server requires it. */
  readonly enrol?: Part;
  /** Makes an account; what proves it from then on is the factor. */
  readonly registration?: Part;
  /** Proves control of an address that is used for recovery. */
  readonly recovery?: Part;
  /** A new password at the end of a recovery. */
  readonly newPassword?: Part;
  /** Proves control of an address. */
  readonly verification?: Part;
  /** A section of the account. */
  readonly settings?: SettingsPart;
  /** Called when a sign-in is complete, for a method that the flow remembers something of. */
  readonly finish?: (view: View, person: Person) => Promise<void>;
}

export interface Part {
  /** What can be done now. */
  offer(view: View): Promise<Form | undefined>;
  /** Only called when there is an offer. */
  submit(submission: Submission): Promise<Result>;
}

export interface SecondPart extends Part {
  /** A way out for who has lost another factor: alone it makes nobody need a second factor. */
  readonly isBackup?: boolean;
}

export interface SettingsPart extends Part {
  /** Whether a submission needs a sign-in that is not long ago; where not said, it does. */
  readonly isHarmless?: (values: Readonly<Record<string, string>>) => boolean;
}

/** What a part may see of a flow. */
export interface View {
  readonly flow: FlowState;
  /** Of the method; empty at first. */
  readonly memory: Memory;
  /** Known at every stage but the first ones. */
  readonly person: Person | undefined;
  /** What was submitted to this form last, secrets excepted. */
  readonly values: Readonly<Record<string, string>>;
  readonly messages: Messages;
  readonly now: number;
}

/** What a person submitted. */
export interface Submission extends View {
  /** The fields of the form, secrets included. */
  readonly values: Readonly<Record<string, string>>;
  readonly address: string;
  readonly userAgent: string;
  /** The flow's handle: what leaves for another place and comes back is bound to it. */
  readonly handle: string;
}

/** A button; `parameters` are for the placeholders of its text. */
export type FormAction = Pick<Action, 'value' | 'id'> & Partial<Action>;

/** A way to go on, as a user interface sees it; values and messages of fields are filled in by view.ts. */
export interface Form {
  readonly fields: readonly (Pick<Field, 'name' | 'type' | 'autocomplete' | 'required'> & Partial<Field>)[];
  readonly messages?: readonly FlowMessage[];
  /** For a script. */
  readonly options?: Readonly<Record<string, unknown>>;
  readonly items?: readonly (Omit<Item, 'actions'> & { readonly actions: readonly FormAction[] })[];
  readonly actions?: readonly FormAction[];
}

/** What became of a submission. `memory` replaces the method's; left out, it stays. */
export type Result =
  /** Not accepted: the form again. */
  | { readonly kind: 'ask'; readonly messages: Messages; readonly retryAt?: number; readonly memory?: Memory }
  /** Accepted, and the method asks for something else now: a code was sent. */
  | { readonly kind: 'next'; readonly messages?: Messages; readonly memory?: Memory }
  /** A factor. `account` as it was when it was proved. */
  | { readonly kind: 'proved'; readonly person: Person; readonly factor: Omit<Factor, 'method'>; readonly memory?: Memory }
  /** On at another place; the flow waits. */
  | { readonly kind: 'redirect'; readonly url: string; readonly memory: Memory }
  /** Something of the account was changed. `renewed`: all sessions have ended with it, and this browser gets a new one. */
  | {
      readonly kind: 'changed';
      readonly messages: Messages;
      readonly memory?: Memory;
      readonly renewed?: { readonly security: number; readonly at: number };
    }
  /** The flow is at its end, and nobody is signed in by it. */
  | { readonly kind: 'done'; readonly messages: Messages };

/** Not accepted, because of these. */
export const ask = (messages: Messages, retryAt?: number, memory?: Memory): Result => ({
  kind: 'ask',
  messages,
  ...(retryAt === undefined ? {} : { retryAt }),
  ...(memory === undefined ? {} : { memory }),
});

import type { Flow } from '@authority/contracts/identity';
import type { OwnSession } from '@authority/contracts/session';
import type { Parameter } from '@authority/contracts/rpc';
import type { Application, ClientResponse, ClientSummary, DeviceVerification, InteractionDetails } from '@authority/contracts/token';

/** What a step ends in. The two faces (pages.ts, json.ts) make HTML or JSON of it; a step knows neither. */
export type Outcome =
  /** `at`: where the same is shown by a GET, so that a page is never the answer to a form that was accepted. */
  | { readonly kind: 'show'; readonly screen: Screen; readonly status: number; readonly retryAtMs?: number; readonly at?: string }
  /** On to a place of ours, below the issuer. */
  | { readonly kind: 'go'; readonly path: string }
  /** The answer for the client. */
  | { readonly kind: 'respond'; readonly response: ClientResponse }
  /** Out to an address that the owner has proved (after a sign-out). */
  | { readonly kind: 'leave'; readonly uri: string; readonly parameters: readonly Parameter[] };

/** What a person sees, without a word of text or a tag. */
export type Screen =
  | FlowScreen
  | { readonly name: 'consent'; readonly interaction: string; readonly details: InteractionDetails }
  | { readonly name: 'select_account'; readonly interaction: string; readonly details: InteractionDetails }
  /** `missing`: the form was sent without a code. */
  | { readonly name: 'device'; readonly verification: DeviceVerification; readonly missing: boolean }
  | { readonly name: 'sign_out'; readonly parameters: readonly Parameter[]; readonly client: ClientSummary | undefined }
  | SignedOutScreen
  | { readonly name: 'sessions'; readonly sessions: readonly OwnSession[]; readonly notice?: SessionNotice }
  | { readonly name: 'applications'; readonly applications: readonly Application[]; readonly notice?: 'revoked' }
  | { readonly name: 'signed_in_only' };

export type SessionNotice = 'ended' | 'ended_none';

export interface SignedOutScreen {
  readonly name: 'signed_out';
  /** Pages of clients that are loaded in frames (OpenID Connect Front-Channel Logout 1.0). */
  readonly frames: readonly string[];
  /** Where the browser goes after them; without it the person stays here. */
  readonly next?: { readonly uri: string; readonly parameters: readonly Parameter[] };
}

export interface FlowScreen {
  readonly name: 'login' | 'registration' | 'recovery' | 'verification' | 'settings';
  readonly flow: Flow;
  /** Empty when nobody but the person asked. */
  readonly interaction: string;
  readonly details: InteractionDetails | undefined;
  /** Id of a text that tells what happened before. */
  readonly notice?: FlowNotice;
}

export type FlowNotice = 'flow_expired' | 'reauthenticate';

export const show = (screen: Screen, status = 200): Outcome => ({ kind: 'show', screen, status });

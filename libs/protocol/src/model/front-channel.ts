import type { Reason } from '@authority/errors';
import type { DeviceVerificationState } from './device.ts';
import type { Parameters } from './request.ts';

/** One step of an authorization: a new request, or an interaction that goes on. Empty strings stand for absent. */
export interface AuthorizeStep {
  /** A new request's parameters; empty when an interaction goes on. */
  parameters: Parameters;
  /** The handle of the interaction that goes on; empty for a new request. */
  interaction: string;
  /** The session cookie's value. */
  session: string;
  /** SHA-256 (base64url) of the browser cookie's value. */
  browser: string;
  /** What the person decided on the page. `continue`: go on with the account that is signed in. */
  decision?: 'allow' | 'deny' | 'continue';
  /** The request came by a POST from another site, which carries no cookies. */
  cross_site: boolean;
}

/** What the browser does next; in the shape of the message's oneof. */
export type AuthorizeOutcome =
  | { $case: 'respond'; value: ClientResponse }
  | { $case: 'interaction'; value: Interaction }
  | { $case: 'resume'; value: string };

/** An answer for the client, success or error (RFC 6749 §4.1.2, RFC 9207). */
export interface ClientResponse {
  redirect_uri: string;
  response_mode: ResponseMode;
  parameters: Parameters;
  /** What the browser keeps for the check_session_iframe (OpenID Connect Session Management 1.0); absent: nothing. */
  browser_state?: string;
  /** Why it is an error; for the log only. */
  reason?: Reason;
}

export type ResponseMode = 'query' | 'fragment' | 'form_post';

/** `none`: no page is needed any more; ask authorize again. */
export type InteractionKind = 'none' | 'login' | 'consent' | 'select_account' | 'registration';

export interface Interaction {
  handle: string;
  kind: InteractionKind;
  details: InteractionDetails;
}

/** What a page may show of a request. Nothing in it is trusted when it comes back. */
export interface InteractionDetails {
  client: ClientSummary;
  scopes: ScopeSummary[];
  resources: string[];
  login_hint: string;
  ui_locales: string[];
  acr_values: string[];
  sub: string;
  redirect_origin: string;
  reauthenticate: boolean;
  signed_in_as: string;
}

export interface ClientSummary {
  client_id: string;
  client_name: string;
  client_uri: string;
  logo_uri: string;
  policy_uri: string;
  tos_uri: string;
}

export interface ScopeSummary {
  name: string;
  description: string;
  granted_before: boolean;
}

/** OpenID Connect RP-Initiated Logout §2. */
export interface EndSessionRequest {
  parameters: Parameters;
  /** The session cookie's value; empty when there is none. */
  session: string;
  /** The person confirmed on the page. */
  confirmed: boolean;
}

export interface EndSessionResponse {
  /** Ask the person first. */
  confirm: boolean;
  /** Where to go when the session has ended; empty: our own page. */
  redirect_uri: string;
  parameters: Parameters;
  /** The client that asked, for the page. */
  client?: ClientSummary;
  /** There is a session to end. */
  signed_in: boolean;
  /** Pages to load in frames once it has ended (OpenID Connect Front-Channel Logout 1.0). */
  frontchannel_logout_uris: string[];
}

/** What happens next on the device pages (RFC 8628 §3.3); in the shape of the message's oneof. */
export type DeviceOutcome = { $case: 'interaction'; value: DeviceInteraction } | { $case: 'verification'; value: DeviceVerification };

/** Which page a verification belongs to. No client has asked, so that there is nothing more to say. */
export interface DeviceInteraction {
  handle: string;
  kind: 'login' | 'device';
}

export interface DeviceVerification {
  interaction: string;
  state: DeviceVerificationState;
  /** For the field, or to compare with the device. */
  user_code: string;
  /** What is asked and where it came from; only to confirm, and after the decision. */
  client?: ClientSummary;
  scopes: ScopeSummary[];
  resources: string[];
  origin?: DeviceOrigin;
  signed_in_as: string;
}

/** Where a device asked from (RFC 8628 §5.4). */
export interface DeviceOrigin {
  peer_address: string;
  user_agent: string;
  /** Unix milliseconds. */
  requested_at_ms: number;
  /** It is the address that the person's browser has. */
  same_address: boolean;
}

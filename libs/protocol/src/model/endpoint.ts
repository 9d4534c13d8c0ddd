import type { RegisterRequest, ManageRegistrationRequest, UpdateRegistrationRequest } from './registration.ts';
import type { DeviceStep } from './device.ts';
import type {
  AuthorizeOutcome,
  AuthorizeStep,
  DeviceInteraction,
  DeviceOutcome,
  EndSessionRequest,
  EndSessionResponse,
  Interaction,
} from './front-channel.ts';
import type {
  DeviceAuthorizationResponse,
  EndpointRequest,
  PushedAuthorizationResponse,
  TokenResponse,
  UserInfoResponse,
} from './request.ts';

/*
 * The faces of the endpoints: what a controller calls. `now` is Unix milliseconds. All of them throw OAuthError for an
 * expected refusal and StatusError when a store is away. Each is made by `create…Endpoint(ports)`, ports being the
 * members of ProtocolPorts that it names.
 */

/** Which batch a request may travel in: `cpu` needs memory and CPU alone (performance.md). */
export type Lane = 'cpu' | 'store';

/** POST /oauth2/token (RFC 6749 §3.2). */
export interface TokenEndpoint {
  lane(request: EndpointRequest): Lane;
  exchange(request: EndpointRequest, now: number): Promise<TokenResponse>;
}

/** A peer of the mesh that asks without client authentication, for one resource server. */
export interface TrustedCaller {
  resourceServer: string;
}

/** POST /oauth2/introspect (RFC 7662 §2). */
export interface IntrospectionEndpoint {
  lane(request: EndpointRequest): Lane;
  introspect(request: EndpointRequest, now: number, caller?: TrustedCaller): Promise<Record<string, unknown>>;
  /** The same as a JWT for the client that asks (RFC 9701). */
  introspectAsJwt(request: EndpointRequest, now: number): Promise<string>;
}

/** POST /oauth2/revoke (RFC 7009 §2). */
export interface RevocationEndpoint {
  revoke(request: EndpointRequest, now: number): Promise<void>;
}

/** GET and POST /oauth2/userinfo (OpenID Connect Core §5.3). */
export interface UserInfoEndpoint {
  userInfo(request: EndpointRequest, now: number): Promise<UserInfoResponse>;
}

/** POST /oauth2/par (RFC 9126 §2). */
export interface PushedAuthorizationEndpoint {
  push(request: EndpointRequest, now: number): Promise<PushedAuthorizationResponse>;
}

/** Cross-origin requests of browsers (Fetch §3.2): whether a page of an origin may read the answer of a request. */
export interface AllowedOriginEndpoint {
  isAllowed(origin: string, request: Pick<EndpointRequest, 'parameters' | 'authorization'>): Promise<boolean>;
}

/** POST /oauth2/device_authorization (RFC 8628 §3.1). */
export interface DeviceAuthorizationEndpoint {
  authorizeDevice(request: EndpointRequest, now: number): Promise<DeviceAuthorizationResponse>;
}

/** The device pages (RFC 8628 §3.3). */
export interface DeviceVerificationEndpoint {
  decideDevice(step: DeviceStep, now: number): Promise<DeviceOutcome>;
  /** Where the browser belongs that holds the handle of a verification: to sign in first, or to the device page. */
  interaction(handle: string, browser: string, now: number, session: string): Promise<DeviceInteraction>;
}

/** GET and POST /oauth2/authorize (RFC 6749 §3.1), and every browser step that follows. */
export interface AuthorizeEndpoint {
  authorize(step: AuthorizeStep, now: number): Promise<AuthorizeOutcome>;
  /** What a page may show. Without the session the answer is always as for somebody who is signed out. */
  interaction(handle: string, browser: string, now: number, session?: string): Promise<Interaction>;
}

/** GET and POST /oauth2/logout (OpenID Connect RP-Initiated Logout §2). */
export interface EndSessionEndpoint {
  endSession(request: EndSessionRequest, now: number): Promise<EndSessionResponse>;
}

/** /oauth2/register (RFC 7591, RFC 7592). Answers are JSON objects. */
export interface RegistrationEndpoint {
  register(request: RegisterRequest, now: number): Promise<Record<string, unknown>>;
  read(request: ManageRegistrationRequest, now: number): Promise<Record<string, unknown>>;
  update(request: UpdateRegistrationRequest, now: number): Promise<Record<string, unknown>>;
  delete(request: ManageRegistrationRequest, now: number): Promise<void>;
}

/** What the environment says about registration (contract.md, AUTHORITY_REGISTRATION). */
export type RegistrationMode = 'token' | 'open' | 'off';

/** Where the endpoints are, below the issuer (contract.md, "HTTP"). */
export const endpointPaths = {
  authorize: '/oauth2/authorize',
  par: '/oauth2/par',
  token: '/oauth2/token',
  introspect: '/oauth2/introspect',
  revoke: '/oauth2/revoke',
  userinfo: '/oauth2/userinfo',
  register: '/oauth2/register',
  logout: '/oauth2/logout',
  device_authorization: '/oauth2/device_authorization',
  checkSession: '/oauth2/check-session',
  jwks: '/.well-known/jwks.json',
  revocations: '/.well-known/revocations',
  recentRevocations: '/.well-known/revocations/recent',
} as const;

export function endpointUrl(issuer: string, endpoint: keyof typeof endpointPaths): string {
  return issuer + endpointPaths[endpoint];
}

/** Where people type user codes (RFC 8628 §3.2, verification_uri). */
export function deviceVerificationUri(issuer: string): string {
  return `${issuer}/device`;
}

/** The resource identifier of the operators' API. */
export function adminResource(issuer: string): string {
  return `${issuer}/admin`;
}

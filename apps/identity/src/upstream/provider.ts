/** How we show who we are at a token endpoint. */
export const authenticationMethods = ['client_secret_basic', 'client_secret_post', 'apple'] as const;
export type UpstreamAuthentication = (typeof authenticationMethods)[number];

/** A provider that people may sign in with. */
export interface UpstreamProvider {
  readonly providerId: string;
  readonly displayName: string;
  readonly kind: 'oidc' | 'oauth2';
  /** Of an OpenID provider. `{tenantid}` stands for the claim `tid`. */
  readonly issuer: string;
  readonly client_id: string;
  readonly scopes: readonly string[];
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
  readonly userinfo_endpoint: string;
  readonly emailsEndpoint: string;
  readonly authentication: UpstreamAuthentication;
  readonly appleTeamId: string;
  readonly appleKeyId: string;
  readonly formPost: boolean;
  readonly subjectClaim: string;
  /** Trait -> claim. */
  readonly traitClaims: Readonly<Record<string, string>>;
  readonly trustsEmail: boolean;
  readonly registration: boolean;
  readonly disabled: boolean;
}

/** Each provider has a redirect URI of its own, so that no provider's answer is taken for another's (RFC 9700 §4.4.2.2). */
export const redirectUriOf = (issuer: string, providerId: string): string => `${issuer}/upstream/${providerId}/callback`;

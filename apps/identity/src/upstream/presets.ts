import type { UpstreamProvider } from './provider.ts';

type Preset = Partial<Omit<UpstreamProvider, 'providerId'>>;

const names = { name: 'name', given_name: 'given_name', family_name: 'family_name' };

/** What is the same for everybody. The endpoints of OpenID providers are discovered. */
export const presets: Readonly<Record<string, Preset>> = {
  google: {
    ...{ displayName: 'Google', kind: 'oidc', issuer: 'https://accounts.google.com', scopes: ['openid', 'email', 'profile'] },
    traitClaims: { email: 'email', ...names },
  },
  microsoft: {
    ...{ displayName: 'Microsoft', kind: 'oidc', scopes: ['openid', 'email', 'profile'] },
    // Work accounts of every tenant; the ID Token names the tenant. Addresses are not verified there (`xms_edov` may say so).
    issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0',
    traitClaims: { email: 'email', ...names },
  },
  apple: {
    ...{ displayName: 'Apple', kind: 'oidc', issuer: 'https://appleid.apple.com', scopes: ['openid', 'email', 'name'] },
    // With a scope, Apple answers by a POST from its site only.
    ...{ formPost: true, authentication: 'apple', traitClaims: { email: 'email', name: 'name' } },
  },
  github: {
    ...{ displayName: 'GitHub', kind: 'oauth2', scopes: ['read:user', 'user:email'], subjectClaim: 'id' },
    authorization_endpoint: 'https://github.com/login/oauth/authorize',
    token_endpoint: 'https://github.com/login/oauth/access_token',
    userinfo_endpoint: 'https://api.github.com/user',
    emailsEndpoint: 'https://api.github.com/user/emails',
    ...{ authentication: 'client_secret_post', traitClaims: { email: 'email', name: 'name' } },
  },
};

import { createHash, randomBytes } from 'node:crypto';
import type { Endpoints } from './discovery.ts';
import type { UpstreamProvider } from './provider.ts';

/** What a flow keeps until the provider has answered. The verifier is worth nothing without the code and our secret. */
export interface Asked {
  readonly providerId: string;
  readonly nonce: string;
  readonly verifier: string;
}

export const newAsked = (providerId: string): Asked => ({
  providerId,
  nonce: randomBytes(16).toString('base64url'),
  verifier: randomBytes(32).toString('base64url'),
});

/** Where the person goes (OpenID Connect Core §3.1.2.1, RFC 7636 §4.3). `state` is the flow's handle, bound to the browser. */
export function authorizationUrl(
  provider: UpstreamProvider,
  endpoints: Endpoints,
  asked: Asked,
  { state, redirect_uri, fresh, locale }: { state: string; redirect_uri: string; fresh: boolean; locale: string },
): string {
  const url = new URL(endpoints.authorization_endpoint);
  const parameters: Record<string, string> = {
    ...{ response_type: 'code', client_id: provider.client_id, redirect_uri, scope: provider.scopes.join(' '), state },
    code_challenge: createHash('sha256').update(asked.verifier).digest('base64url'),
    code_challenge_method: 'S256',
  };
  if (provider.kind === 'oidc') parameters['nonce'] = asked.nonce;
  if (provider.formPost) parameters['response_mode'] = 'form_post';
  // Whoever must prove again who they are must do it there, too.
  if (fresh && provider.kind === 'oidc') parameters['prompt'] = 'login';
  if (locale !== '') parameters['ui_locales'] = locale;
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}

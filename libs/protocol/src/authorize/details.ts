import { StatusError } from '@authority/errors';
import type { Client } from '../model/client.ts';
import type { ClientSummary, InteractionDetails } from '../model/front-channel.ts';
import { lookupLanguage } from '../primitives/language-tag.ts';
import { originOf } from '../primitives/redirect-uri.ts';
import { consentScopes } from './checks/claims.ts';
import { allowedBefore } from './checks/consent.ts';
import type { AuthorizationRequest, AuthorizePorts } from './request.ts';
import type { Situation } from './situation.ts';

/** What a page may show of a client, in the first of the languages that it has (RFC 7591 §2.2). */
export function summaryOf(client: Client, languages: readonly string[] = []): ClientSummary {
  const inLanguage = (name: 'client_name' | 'client_uri' | 'logo_uri' | 'policy_uri' | 'tos_uri'): string => {
    const tags = Object.keys(client.localized ?? {}).flatMap((member) =>
      member.startsWith(`${name}#`) ? [member.slice(name.length + 1)] : [],
    );
    const tag = lookupLanguage(tags, languages);
    return (tag === undefined ? undefined : client.localized?.[`${name}#${tag}`]) ?? client[name] ?? '';
  };
  return {
    client_id: client.client_id,
    client_name: inLanguage('client_name'),
    client_uri: inLanguage('client_uri'),
    logo_uri: inLanguage('logo_uri'),
    policy_uri: inLanguage('policy_uri'),
    tos_uri: inLanguage('tos_uri'),
  };
}

/** What a page may show of a request: who asks, and what for, in words. */
export function detailsOf(
  request: AuthorizationRequest,
  situation: Situation,
  reauthenticate: boolean,
  ports: Pick<AuthorizePorts, 'scopes' | 'resources'>,
): InteractionDetails {
  return {
    client: summaryOf(request.client, request.ui_locales),
    scopes: consentScopes(request).map((name) => ({
      name,
      description: wordsOf(name, request, ports),
      granted_before: allowedBefore(request, situation.consents, name),
    })),
    resources: [...request.resources],
    login_hint: request.login_hint ?? '',
    ui_locales: [...request.ui_locales],
    acr_values: [...request.acr.values],
    sub: situation.session?.sub ?? '',
    redirect_origin: originOf(request.redirect_uri),
    reauthenticate,
    signed_in_as: '',
  };
}

/** A resource that the request is for may have words of its own for a scope; of several the first that has. */
function wordsOf(name: string, request: AuthorizationRequest, ports: Pick<AuthorizePorts, 'scopes' | 'resources'>): string {
  const byDefault = request.client.defaultResource === undefined ? [] : [request.client.defaultResource];
  const scopes = (request.resources.length > 0 ? request.resources : byDefault).flatMap((one) => ports.resources.find(one)?.scopes ?? []);
  return scopes.find((scope) => scope.name === name && scope.description)?.description || ports.scopes.description(name);
}

/** A name that the person knows themselves by. A courtesy: without identity the page is shown all the same. */
export async function nameOf(sub: string, { identities }: Pick<AuthorizePorts, 'identities'>): Promise<string> {
  if (sub === '') return '';
  try {
    const claims = await identities.claims(sub, ['profile', 'email'], []);
    const names = [claims?.['name'], claims?.['preferred_username'], claims?.['email']];
    return names.find((name) => typeof name === 'string') ?? '';
  } catch (error) {
    if (error instanceof StatusError) return '';
    throw error;
  }
}

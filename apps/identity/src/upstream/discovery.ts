import type { Outbound } from '@authority/outbound';
import { UpstreamFault } from './fault.ts';
import type { UpstreamProvider } from './provider.ts';

/** What we need of a provider to sign somebody in. */
export interface Endpoints {
  readonly issuer: string;
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
  readonly userinfo_endpoint: string | undefined;
  readonly jwks_uri: string | undefined;
  /** RFC 9207 §3: the answer must name its issuer. */
  readonly namesIssuer: boolean;
}

export type Discover = (provider: UpstreamProvider) => Promise<Endpoints>;

const keptMs = 3_600_000;

/** The metadata of OpenID providers (OpenID Connect Discovery 1.0 §4), kept for an hour. */
export function discovery(outbound: Outbound, now: () => number): Discover {
  const known = new Map<string, { endpoints: Endpoints; until: number }>();
  return async (provider) => {
    if (provider.kind === 'oauth2') return { ...endpointsOf(provider), issuer: '', jwks_uri: undefined, namesIssuer: false };
    const kept = known.get(provider.issuer);
    if (kept && kept.until > now()) return kept.endpoints;
    const endpoints = await discover(outbound, provider);
    known.set(provider.issuer, { endpoints, until: now() + keptMs });
    return endpoints;
  };
}

const endpointsOf = ({ authorization_endpoint, token_endpoint, userinfo_endpoint }: UpstreamProvider) => ({
  authorization_endpoint,
  token_endpoint,
  userinfo_endpoint: userinfo_endpoint === '' ? undefined : userinfo_endpoint,
});

async function discover(outbound: Outbound, { issuer, userinfo_endpoint }: UpstreamProvider): Promise<Endpoints> {
  // Microsoft's common metadata is for every tenant, and names none.
  const at = issuer.replace('{tenantid}', 'organizations').replace(/\/$/, '');
  const metadata = await fetchJson(outbound, `${at}/.well-known/openid-configuration`);
  // §4.3: what answers for another issuer is not this one.
  if (metadata['issuer'] !== issuer) throw new UpstreamFault('metadata_of_other_issuer');
  return {
    issuer,
    authorization_endpoint: httpsUrl(metadata, 'authorization_endpoint', at),
    token_endpoint: httpsUrl(metadata, 'token_endpoint', at),
    jwks_uri: httpsUrl(metadata, 'jwks_uri', at),
    userinfo_endpoint:
      userinfo_endpoint !== ''
        ? userinfo_endpoint
        : metadata['userinfo_endpoint'] === undefined
          ? undefined
          : httpsUrl(metadata, 'userinfo_endpoint', at),
    namesIssuer: metadata['authorization_response_iss_parameter_supported'] === true,
  };
}

async function fetchJson(outbound: Outbound, url: string): Promise<Record<string, unknown>> {
  const answer = await outbound.fetch(url, { accept: 'application/json', timeoutMs: 3_000 });
  if (answer.status !== 200) throw new UpstreamFault('metadata_unavailable');
  return jsonObjectOf(answer.body);
}

/** A JSON object; anything else is a fault of the provider's. */
export function jsonObjectOf(body: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // As below.
  }
  throw new UpstreamFault('answer_malformed');
}

export const textOf = (from: Readonly<Record<string, unknown>>, name: string): string | undefined => {
  const value = from[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

/** An endpoint may be http only where its issuer is: on a laptop. */
function httpsUrl(metadata: Readonly<Record<string, unknown>>, name: string, issuer: string): string {
  const value = textOf(metadata, name);
  const isHttp = issuer.startsWith('http://');
  if (value === undefined || !URL.canParse(value) || !(value.startsWith('https://') || (isHttp && value.startsWith('http://')))) {
    throw new UpstreamFault('metadata_malformed');
  }
  return value;
}

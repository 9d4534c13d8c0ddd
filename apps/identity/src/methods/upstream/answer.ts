import type { JwksCache, Outbound } from '@authority/outbound';
import { OutboundError } from '@authority/outbound';
import { log } from '@authority/telemetry';
import type { View } from '../../flows/method.ts';
import { type UpstreamAccount, accountOf } from '../../upstream/account.ts';
import { type Asked, authorizationUrl, newAsked } from '../../upstream/authorization.ts';
import type { Discover } from '../../upstream/discovery.ts';
import { claimsOfAnswer } from '../../upstream/exchange.ts';
import { UpstreamFault } from '../../upstream/fault.ts';
import type { UpstreamProviders } from '../../upstream/ports.ts';
import { redirectUriOf, type UpstreamProvider } from '../../upstream/provider.ts';

export interface AnswerPorts {
  readonly issuer: string;
  readonly providers: UpstreamProviders;
  readonly discover: Discover;
  readonly outbound: Outbound;
  readonly jwks: JwksCache;
}

/** What a person may be told when it did not work: nothing that helps an attacker. */
export type Failure = 'upstream_denied' | 'upstream_failed' | 'upstream_gone';

/** Out: the address, and what the flow keeps until the answer comes. */
export async function goOut(
  providerId: string,
  { flow }: View,
  handle: string,
  fresh: boolean,
  ports: AnswerPorts,
): Promise<{ url: string; asked: Asked } | Failure> {
  const provider = await ports.providers.find(providerId);
  if (!provider) return 'upstream_gone';
  return guarded(providerId, async () => {
    const asked = newAsked(providerId);
    const redirect_uri = redirectUriOf(ports.issuer, providerId);
    const where = { state: handle, redirect_uri, fresh, locale: flow.locale };
    return { url: authorizationUrl(provider, await ports.discover(provider), asked, where), asked };
  });
}

/** Back: who that is there. The answer is taken once, because the flow forgets what it asked. */
export async function comeBack(
  answered: string,
  asked: Asked,
  now: number,
  ports: AnswerPorts,
): Promise<{ provider: UpstreamProvider; account: UpstreamAccount } | Failure> {
  const provider = await ports.providers.find(asked.providerId);
  if (!provider) return 'upstream_gone';
  return guarded(asked.providerId, async () => {
    const secret = await ports.providers.secretOf(asked.providerId);
    if (secret === undefined) throw new UpstreamFault('secret_missing');
    const endpoints = await ports.discover(provider);
    const exchange = { provider, endpoints, asked, answer: new URLSearchParams(answered), secret, now };
    const redirect_uri = redirectUriOf(ports.issuer, asked.providerId);
    const claims = await claimsOfAnswer({ ...exchange, redirect_uri }, ports.outbound, ports.jwks);
    return { provider, account: accountOf(provider, claims) };
  });
}

async function guarded<T>(provider_id: string, act: () => Promise<T>): Promise<T | Failure> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof UpstreamFault) && !(error instanceof OutboundError)) throw error;
    log.warn('upstream.refused', { provider_id, reason: error.reason, error });
    return error.reason === 'denied' ? 'upstream_denied' : 'upstream_failed';
  }
}

/** What was asked, from the flow's memory. */
export function askedOf(memory: Readonly<Record<string, unknown>>): Asked | undefined {
  const { providerId, nonce, verifier } = memory;
  if (typeof providerId !== 'string' || typeof nonce !== 'string' || typeof verifier !== 'string') return undefined;
  return { providerId, nonce, verifier };
}

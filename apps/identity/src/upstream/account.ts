import { normalizeEmail } from '../accounts/email.ts';
import type { UpstreamClaims } from './exchange.ts';
import { UpstreamFault } from './fault.ts';
import type { UpstreamProvider } from './provider.ts';

/** Who somebody is at a provider. */
export interface UpstreamAccount {
  readonly subject: string;
  /** What they are known by there. */
  readonly name: string;
  /** An address that the provider vouches for; without one no account is made or looked for. */
  readonly verifiedEmail: string | undefined;
  /** By trait: what a new account takes over. */
  readonly values: Readonly<Record<string, string>>;
}

const longestSubject = 255;

export function accountOf(provider: UpstreamProvider, claims: UpstreamClaims): UpstreamAccount {
  const named = claims[provider.subjectClaim === '' ? 'sub' : provider.subjectClaim];
  const subject = typeof named === 'number' ? String(named) : named;
  if (typeof subject !== 'string' || subject === '' || subject.length > longestSubject) throw new UpstreamFault('subject_missing');
  const { email } = claims;
  // Apple sends "true" as text.
  const isVerified = provider.trustsEmail || claims['email_verified'] === true || claims['email_verified'] === 'true';
  const verifiedEmail = typeof email === 'string' && isVerified && normalizeEmail(email) !== undefined ? email : undefined;
  const taken = Object.entries(provider.traitClaims).flatMap(([trait, claim]) => {
    const value = claims[claim];
    if (claim === 'email') return verifiedEmail === undefined ? [] : [[trait, verifiedEmail]];
    return typeof value === 'string' && value !== '' ? [[trait, value.slice(0, 512)]] : [];
  });
  const name = [email, claims['preferred_username'], claims['login'], claims['name']].find((one) => typeof one === 'string' && one !== '');
  return { subject, name: String(name ?? subject).slice(0, 200), verifiedEmail, values: Object.fromEntries(taken) };
}

import type { ImportedTotp } from '@authority/contracts/admin';
import { type Seeds, totpPlace } from '../methods/totp/totps.ts';
import type { Refuse } from './person.ts';

/** An authenticator app of an import, checked. */
export interface NewTotp {
  readonly seed: Buffer;
  readonly algorithm: 'SHA1' | 'SHA256' | 'SHA512';
  readonly digits: number;
  /** Seconds. */
  readonly period: number;
  /** Codes up to this time step are used up: the old system may have taken them. */
  readonly step: number;
}

/** One that is stored: its seed is sealed for its person. */
export type SealedTotp = Omit<NewTotp, 'seed'> & { readonly sealed: string };

const algorithms = ['SHA1', 'SHA256', 'SHA512'] as const;

export function readTotp(asked: ImportedTotp | undefined, now: number, refuse: Refuse): NewTotp | undefined {
  if (!asked) return undefined;
  const { secret } = asked;
  const [digits, period] = [asked.digits || 6, asked.period || 30];
  const algorithm = algorithms.find((one) => one === (asked.algorithm || 'SHA1'));
  // RFC 4226 §4 R6 wants 128 bits; widespread systems have 80, and their people would have to enrol anew.
  if (secret.length < 10 || secret.length > 128) refuse('totp.secret', 'must be 10 to 128 bytes');
  if (digits !== 6 && digits !== 8) refuse('totp.digits', 'must be 6 or 8');
  if (period < 15 || period > 120) refuse('totp.period', 'must be 15 to 120 seconds');
  if (algorithm === undefined) return refuse('totp.algorithm', `must be one of ${algorithms.join(', ')}`);
  return { seed: Buffer.from(secret), algorithm, digits, period, step: Math.floor(now / 1000 / period) };
}

export async function sealTotp({ seed, ...totp }: NewTotp, sub: string, seeds: Pick<Seeds, 'seal'>): Promise<SealedTotp> {
  return { ...totp, sealed: await seeds.seal(seed, totpPlace(sub)) };
}

import { Secret, TOTP } from 'otpauth';

/** What an authenticator app knows of itself (its key URI); the same for all that are made here, imported ones differ. */
export interface TotpParameters {
  readonly algorithm: 'SHA1' | 'SHA256' | 'SHA512';
  readonly digits: number;
  /** Seconds. */
  readonly period: number;
}

/** What every app takes: many ignore other values without a word, and then show codes that are never right. */
export const usualParameters: TotpParameters = { algorithm: 'SHA1', digits: 6, period: 30 };

/** RFC 4226 §4 R6: 160 bits. */
const seedLength = 20;
/** RFC 6238 §5.2: the step before for a slow typist, the one after for a clock that is ahead. */
const window = 1;

/** As long as a name can be in a key URI before its QR code gets too fine for a camera. */
const longestLabel = 64;

export const newSeed = (): Buffer => Buffer.from(new Secret({ size: seedLength }).bytes);

/** The seed as a person types it into an app: base32 in groups of four. */
export const shownSeed = (seed: Uint8Array): string => secretOf(seed).base32.replace(/.{4}(?=.)/g, '$& ');

/** What a QR code holds (the key URI format of authenticator apps). */
export function keyUri(seed: Uint8Array, issuer: string, account: string): string {
  const [short, name] = [issuer, account].map((text) => [...text.replaceAll(':', ' ')].slice(0, longestLabel).join(''));
  return new TOTP({ issuer: short ?? '', label: name ?? '', secret: secretOf(seed), ...usualParameters }).toString();
}

/** Digits as people type them: in groups, in full width. Undefined when it cannot be a code. */
export function normalizeCode(text: string, { digits }: TotpParameters): string | undefined {
  const code = text.normalize('NFKC').replace(/[\s\-\u2010-\u2015]/g, '');
  return /^[0-9]+$/.test(code) && code.length === digits ? code : undefined;
}

/** RFC 6238 §4.2: the time step that a code is of; undefined when it is of none that is near enough. */
export function stepOf(code: string, seed: Uint8Array, parameters: TotpParameters, now: number): number | undefined {
  const totp = new TOTP({ secret: secretOf(seed), ...parameters });
  const delta = totp.validate({ token: code, timestamp: now, window });
  return delta === null ? undefined : totp.counter({ timestamp: now }) + delta;
}

/** The bytes alone: the library would keep a view of a larger, shared buffer. */
const secretOf = (seed: Uint8Array): Secret => new Secret({ buffer: Uint8Array.from(seed).buffer });

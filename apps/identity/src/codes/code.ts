import { createHash, createHmac, randomBytes, randomInt } from 'node:crypto';
import { newHandle, readHandle } from '@authority/ephemeral';
import { partitionNumber } from '@authority/postgres';

/** What a code proves control of an address for. */
export type Purpose = 'verification' | 'recovery' | 'login' | 'registration' | 'change';

/** What is kept of a code (`one_time_codes`): nothing that could be typed or opened. */
export interface NewCode {
  /** The partition: the hour in which it expires. */
  readonly hour: number;
  readonly id: string;
  readonly purpose: Purpose;
  /** What was asked for, normalised; stored as its digest. Whom it leads to makes no difference to what counts. */
  readonly address: string;
  /** Where the mail goes: another one where somebody is known by a user name. */
  readonly to: string;
  /** None: nobody has the address, and the code is never right. */
  readonly sub: string | undefined;
  /** SHA-256 of the cookie of the browser that asked; empty where no browser did. */
  readonly browser: string;
  readonly codeDigest: string;
  readonly linkDigest: string;
  readonly madeAt: number;
  readonly expiresAt: number;
}

/** A code on its way to the person. */
export interface MadeCode {
  readonly stored: NewCode;
  /** For the mail. */
  readonly digits: string;
  /** For the mail: `<id>.<secret>`. */
  readonly link: string;
  /** For the flow that asked, and nobody else: without it no digits are right. */
  readonly key: string;
}

export interface CodeFor {
  readonly purpose: Purpose;
  readonly address: string;
  readonly to: string;
  readonly sub: string | undefined;
  readonly browser: string;
  readonly digits: number;
  readonly lifetimeMs: number;
  readonly now: number;
}

/** A new code; its id names its partition. */
export function newCode({ digits: length, lifetimeMs, now, ...of }: CodeFor): MadeCode {
  const expiresAt = now + lifetimeMs;
  const hour = partitionNumber(new Date(expiresAt), 'hour');
  const { handle: link, id, digest: linkDigest } = newHandle(`${hour.toString(36)}~${randomBytes(16).toString('base64url')}`);
  const key = randomBytes(16).toString('base64url');
  const digits = randomInt(10 ** length)
    .toString()
    .padStart(length, '0');
  const codeDigest = digestOfDigits(key, id, digits);
  return { stored: { ...of, hour, id, codeDigest, linkDigest, madeAt: now, expiresAt }, digits, link, key };
}

/**
 * Digits are few: whoever reads the database could try them all against a hash. So it is a MAC, and its key is with the
 * flow, in the other store and only while the flow lives. It is bound to the id, so that no code stands for another.
 */
export const digestOfDigits = (key: string, id: string, digits: string): string =>
  createHmac('sha256', key).update(`${id}.${digits}`).digest('base64url');

/** The store has no use for addresses that strangers type. */
export const digestOfAddress = (address: string): string => createHash('sha256').update(address).digest('base64url');

/** The partition that an id names; undefined when it cannot be the id of a code. */
export function hourOf(id: string): number | undefined {
  const hour = Number.parseInt(/^([0-9a-z]{1,6})~[\w-]{22}$/.exec(id)?.[1] ?? '', 36);
  return Number.isSafeInteger(hour) && hour <= 0x7fff_ffff ? hour : undefined;
}

/** What the link of a mail says: which code, and the digest of its secret. */
export function readLink(link: string): { readonly id: string; readonly digest: string } | undefined {
  const handle = readHandle(link);
  return handle && hourOf(handle.id) !== undefined ? handle : undefined;
}

/** Digits as people type them: in groups, in full width. Undefined when it cannot be a code. */
export function normalizeDigits(text: string): string | undefined {
  const digits = text.normalize('NFKC').replace(/[\s\-\u2010-\u2015]/g, '');
  return /^[0-9]{6,8}$/.test(digits) ? digits : undefined;
}

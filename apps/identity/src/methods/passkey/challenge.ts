import { randomBytes } from 'node:crypto';
import type { Macs } from '@authority/sealing';
import type { FlowState } from '../../flows/state.ts';

/** What a challenge is for; an answer to one is none to another. */
export type Purpose = 'sign_in' | 'second_factor' | 'add' | 'register';

/** The flow that a challenge belongs to, and what it asks for there. */
export interface Binding {
  readonly purpose: Purpose;
  readonly flow: Pick<FlowState, 'browser' | 'expiresAt' | 'person'>;
}

/**
 * What the browser has to sign (WebAuthn §13.4.3). It carries the proof that it was made here for this flow, so that showing a page
 * writes nothing, and two tabs do not take away each other's.
 */
export interface Challenges {
  /** base64url, with 128 random bits. */
  make(binding: Binding): Promise<string>;
  /** Atomic: true for the first answer only, right or wrong, to a challenge that was made for this. */
  spend(challenge: string, binding: Binding): Promise<boolean>;
}

/** Where answered challenges are marked. */
export interface SpentChallenges {
  /** Atomic: true for the first caller only, and not after `expiresAt`, or when the marks of `issuedAt` may be lost. */
  mark(challenge: string, expiresAt: number, issuedAt: number): Promise<boolean>;
}

const shape = /^([\w-]{22})\.(\d{13})\.(k_[\w-]{1,40})\.([\w-]{43})$/;

/** Challenges with a MAC of this server. */
export class MacChallenges implements Challenges {
  readonly #macs: Pick<Macs, 'make' | 'isEqual'>;
  readonly #spent: SpentChallenges;
  readonly #now: () => number;

  constructor(macs: Pick<Macs, 'make' | 'isEqual'>, spent: SpentChallenges, now: () => number) {
    this.#macs = macs;
    this.#spent = spent;
    this.#now = now;
  }

  async make(binding: Binding): Promise<string> {
    const value = `${randomBytes(16).toString('base64url')}.${this.#now()}`;
    const { key_id, mac } = await this.#macs.make(value, placeOf(binding));
    return Buffer.from(`${value}.${key_id}.${mac}`).toString('base64url');
  }

  async spend(challenge: string, binding: Binding): Promise<boolean> {
    const [, random = '', issuedAt = '', key_id = '', mac = ''] = shape.exec(Buffer.from(challenge, 'base64url').toString()) ?? [];
    if (mac === '' || !(await this.#macs.isEqual({ key_id, mac }, `${random}.${issuedAt}`, placeOf(binding)))) return false;
    // It lives as long as its flow: a sign-in page may stand open for long before a passkey is chosen from the autofill.
    return this.#spent.mark(random, binding.flow.expiresAt, Number(issuedAt));
  }
}

const placeOf = ({ purpose, flow: { browser, expiresAt, person } }: Binding) => ({
  purpose: 'passkey_challenge',
  row: JSON.stringify([purpose, browser, expiresAt, person?.sub ?? '']),
});

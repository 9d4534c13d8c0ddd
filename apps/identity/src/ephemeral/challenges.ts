import type { Ephemeral } from '@authority/ephemeral';
import type { SpentChallenges } from '../methods/passkey/challenge.ts';

const space = 'passkey_challenge';

/** Marks of answered challenges in the ephemeral store (KEYS.md). Challenges of before a lost store are refused. */
export class EphemeralChallenges implements SpentChallenges {
  readonly #store: Pick<Ephemeral, 'markOnce'>;

  constructor(store: Pick<Ephemeral, 'markOnce'>) {
    this.#store = store;
  }

  mark(challenge: string, expiresAt: number, issuedAt: number): Promise<boolean> {
    return this.#store.markOnce(space, challenge, expiresAt, issuedAt);
  }
}

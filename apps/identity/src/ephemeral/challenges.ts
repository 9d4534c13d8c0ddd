import type { Ephemeral } from '@authority/ephemeral';
import { type Challenge, type Challenges, challengeKey, challengeLifetimeMs } from '../methods/passkey/challenge.ts';

const space = 'passkey_challenge';

/** Marks of answered challenges in the ephemeral store (KEYS.md). Challenges of before a lost store are refused. */
export class EphemeralChallenges implements Challenges {
  readonly #store: Pick<Ephemeral, 'markOnce'>;

  constructor(store: Pick<Ephemeral, 'markOnce'>) {
    this.#store = store;
  }

  spend(challenge: Challenge): Promise<boolean> {
    return this.#store.markOnce(space, challengeKey(challenge), challenge.issuedAt + challengeLifetimeMs, challenge.issuedAt);
  }
}

import { StatusError } from '@authority/errors';
import { hash, verify } from '@node-rs/argon2';

/** A hash takes some 10 ms of a core: more at a time would only make each wait longer. */
const mostAtOnce = 2;
const mostWaiting = 32;
/** RFC 9106; the parameters of performance.md 5. argon2id is the library's default. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Secrets that somebody chose, and that may be weak: argon2id, bounded so that guessing cannot take the process. */
export class ChosenSecrets {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  async verify(hashes: readonly string[], secret: string): Promise<boolean> {
    if (this.waiting.length >= mostWaiting) {
      throw new StatusError('UNAVAILABLE', 'overloaded', { retryAfterMs: 1000 });
    }
    if (this.running >= mostAtOnce) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.running += 1;
    try {
      const answers = await Promise.all(hashes.map((one) => verify(one, secret).catch(() => false)));
      return answers.includes(true);
    } finally {
      this.running -= 1;
      this.waiting.shift()?.();
    }
  }
}

/** The row of a secret that somebody chose. */
export async function hashChosenSecret(secret: string): Promise<{ kind: 'argon2id'; key_id: string; digest: string }> {
  return { kind: 'argon2id', key_id: '', digest: await hash(secret, cost) };
}

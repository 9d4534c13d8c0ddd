import { randomUUID } from 'node:crypto';
import type { Asked } from '../../accounts/asked.ts';
import type { Binding, Challenges } from './challenge.ts';
import { type Added, type Assertion, type FoundPasskey, mostPasskeys, type NamedPasskey, type Passkey } from './passkeys.ts';
import type { Passkeys, Removed, Use } from './passkeys.ts';

type Kept = NamedPasskey & { sub: string; lastUsedAt: number | undefined };

/** Passkeys in memory; `auditRows` has what would be in the audit log. */
export class FakePasskeys implements Passkeys {
  readonly auditRows: string[] = [];
  readonly disabled = new Set<string>();
  readonly withPassword = new Set<string>();
  at = 1000;
  readonly #kept = new Map<string, Kept>();

  find = async (id: string): Promise<FoundPasskey | undefined> => {
    const kept = this.#kept.get(id);
    return kept && { ...kept, userHandle: await this.userHandle(kept.sub) };
  };

  use = async (id: string, { counter }: Assertion): Promise<Use> => {
    const kept = this.#kept.get(id);
    if (!kept) return { kind: 'gone' };
    if (counter <= kept.counter && kept.counter > 0) {
      this.auditRows.push(`passkey.counter_regressed ${kept.sub}`);
      return { kind: 'counter_regressed' };
    }
    this.#kept.set(id, { ...kept, counter, lastUsedAt: this.at });
    return { kind: 'used', disabled: this.disabled.has(kept.sub), security: 1, at: this.at };
  };

  list = async (sub: string): Promise<Passkey[]> =>
    [...this.#kept.values()].filter((kept) => kept.sub === sub).map((kept) => ({ ...kept, createdAt: 1 }));

  userHandle = async (sub: string): Promise<string> => Buffer.from(`handle of ${sub}`).toString('base64url');

  add = async (sub: string, passkey: NamedPasskey): Promise<Added> => {
    if (this.#kept.has(passkey.id)) return 'exists';
    if ((await this.list(sub)).length >= mostPasskeys) return 'too_many';
    this.#kept.set(passkey.id, { ...passkey, sub, lastUsedAt: undefined });
    this.auditRows.push(`passkey.add ${sub}`);
    return 'added';
  };

  rename = async (sub: string, id: string, name: string): Promise<boolean> => {
    const kept = this.#kept.get(id);
    if (kept?.sub !== sub) return false;
    this.#kept.set(id, { ...kept, name });
    return true;
  };

  remove = async (sub: string, id: string, _: Asked): Promise<Removed> => {
    if (this.#kept.get(id)?.sub !== sub) return 'gone';
    if (!this.withPassword.has(sub) && (await this.list(sub)).length === 1) return 'last_way_in';
    this.#kept.delete(id);
    return 'removed';
  };
}

/** Challenges in memory. */
export class FakeChallenges implements Challenges {
  readonly #made = new Map<string, string>();

  make = async (binding: Binding): Promise<string> => {
    const challenge = Buffer.from(randomUUID()).toString('base64url');
    this.#made.set(challenge, keyOf(binding));
    return challenge;
  };

  spend = async (challenge: string, binding: Binding): Promise<boolean> => {
    const isRight = this.#made.get(challenge) === keyOf(binding);
    if (isRight) this.#made.delete(challenge);
    return isRight;
  };
}

const keyOf = ({ purpose, flow: { browser, expiresAt, person } }: Binding): string => [purpose, browser, expiresAt, person?.sub].join();

import type { Asked } from '../../accounts/asked.ts';
import type { KeptCodes, NewCodes, RecoveryCodes } from './recovery-codes.ts';

/** Recovery codes in memory. */
export class FakeRecoveryCodes implements RecoveryCodes {
  readonly bySub = new Map<string, NewCodes>();
  readonly actors: string[] = [];
  backsUp = true;
  at = 1000;

  find = async (sub: string): Promise<KeptCodes | undefined> => {
    const kept = this.bySub.get(sub);
    return kept && { key_id: kept.key_id, left: kept.macs.length, createdAt: 1 };
  };

  isBackup = async (): Promise<boolean> => this.backsUp;

  replace = async (sub: string, codes: NewCodes, asked: Asked): Promise<boolean> => {
    if (!this.backsUp) return false;
    this.actors.push(asked.actor);
    this.bySub.set(sub, codes);
    return true;
  };

  use = async (sub: string, { key_id, mac }: { key_id: string; mac: string }): Promise<{ at: number; left: number } | undefined> => {
    const kept = this.bySub.get(sub);
    if (kept?.key_id !== key_id || !kept.macs.includes(mac)) return undefined;
    const macs = kept.macs.filter((one) => one !== mac);
    this.bySub.set(sub, { key_id, macs });
    return { at: this.at, left: macs.length };
  };
}
